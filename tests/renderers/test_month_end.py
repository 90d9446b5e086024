"""The month's pack: what does not tie out is seen at once, and no name breaks page or table."""

import csv
import datetime as dt
import io
from decimal import Decimal

from renderers import month_end
from renderers.month_end import Pack, Section, TieOut

HOSTILE = '<script>alert(1)</script>{{ 7*7 }}"&'


def pack(*tie_outs: TieOut) -> Pack:
    rows = [
        {"name": HOSTILE, "amount": Decimal("-1234567.80"), "note": "=1+1"},
        {"name": "-2", "amount": None, "note": "\tx"},
    ]
    columns = {"name": "Name", "amount": "Amount", "note": "Note"}
    section = Section("things", "Things", "About.", columns, rows, tie_outs)
    month = dt.date(2026, 9, 1)
    return Pack("Mobilis", month, month, "EUR", [("Billed", "1.00", "2 documents")], [section])


def test_a_tie_out_that_does_not_hold_leads_the_page() -> None:
    sound, broken = TieOut("a = b", "1.00", "1.00"), TieOut("c = d", "1.00", "1.01")
    assert pack(sound).faults == []
    assert "All 1 tie-outs hold" in month_end.page(pack(sound))
    assert pack(sound, broken).faults == ["Things: c = d: 1.00 is not 1.01"]
    page = month_end.page(pack(sound, broken))
    assert "1 of 2 tie-outs do not hold" in page
    assert page.index("Things: c = d: 1.00 is not 1.01") < page.index('id="things"')


def test_names_are_text_and_nothing_else() -> None:
    page = month_end.page(pack())
    assert "<script" not in page
    assert "{{ 7*7 }}" in page
    assert "\u22121\u202f234\u202f567.80" in page


def test_a_spreadsheet_runs_no_cell_as_a_formula_and_numbers_stay_numbers() -> None:
    rows = list(csv.reader(io.StringIO(month_end.csv_text(pack().sections[0]))))
    assert rows == [
        ["name", "amount", "note"],
        [HOSTILE, "-1234567.80", "'=1+1"],
        ["'-2", "", "'\tx"],
    ]


def test_charts_draw_values_on_both_sides_of_the_line() -> None:
    chart = month_end.stacked_columns(
        "Revenue", ["a<b"], {"recurring": [Decimal(30)], "discount": [Decimal(-10)]}
    )
    assert chart.count("<rect") == 2 + 2 + 1
    assert "a&lt;b" in chart
    assert "nan" not in month_end.stacked_columns("Nothing", ["a"], {"x": [Decimal(0)]})
