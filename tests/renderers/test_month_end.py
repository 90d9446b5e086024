"""The month's pack: what does not tie out is seen at once, in the operator's language, and no name
breaks page or table."""

import csv
import datetime as dt
import io
import re
from dataclasses import replace
from decimal import Decimal

import pytest

from renderers import month_end
from renderers.messages import languages, messages_for, read_catalog
from renderers.month_end import WORDS, Bars, Pack, Section, Stack, TieOut

HOSTILE = '<script>alert(1)</script>{{ 7*7 }}"&'
SOUND = TieOut("tax", Decimal("1.00"), Decimal("1.00"))
BROKEN = TieOut("tax", Decimal("1234.50"), Decimal("1.01"))


def pack(*tie_outs: TieOut, language: str = "en") -> Pack:
    rows = [
        {"name": HOSTILE, "amount_tax": Decimal("-1234567.80"), "tax_category": "=1+1"},
        {"name": "-2", "amount_tax": None, "tax_category": "\tx"},
    ]
    section = Section("tax", list(rows[0]), rows, tie_outs)
    month = dt.date(2026, 9, 1)
    figures = [("billed", Decimal("1.00"), 2)]
    country = {"en": "GB", "xx": "GB", "de": "DE"}.get(language, "FR")
    return Pack("Mobilis", month, month, "EUR", figures, [section], language, country)


def test_a_tie_out_that_does_not_hold_leads_the_page() -> None:
    claim = "Tax by jurisdiction and rate: tax of documents = tax in the ledger: "
    assert pack(SOUND).faults == []
    assert "All 1 tie-outs hold" in month_end.page(pack(SOUND))
    assert pack(SOUND, BROKEN).faults == [f"{claim}1\u202f234.50 is not 1.01"]
    page = month_end.page(pack(SOUND, BROKEN))
    assert "1 of 2 tie-outs do not hold" in page
    assert page.index(f"{claim}1\u202f234.50 is not 1.01") < page.index('id="tax"')


def test_the_page_speaks_the_operators_language_and_the_command_line_english() -> None:
    french = pack(BROKEN, language="fr_CA")
    page = month_end.page(french)
    assert '<html lang="fr">' in page
    assert "Clôture mensuelle, septembre 2026" in page
    assert "taxes du grand livre\u00a0: 1\u202f234,50 n’est pas 1,01" in page
    assert "\u22121\u202f234\u202f567,80" in page
    assert french.faults == pack(BROKEN).faults
    assert "Monatsabschluss September 2026" in month_end.page(pack(language="de"))
    assert month_end.page(pack(language="xx")) == month_end.page(pack()).replace("xx", "en")


def test_a_month_that_the_ledger_does_not_reach_is_provisional() -> None:
    running = pack()
    assert "Provisional" in month_end.page(running)
    assert "Provisional" in month_end.page(replace(running, ledger_date=dt.date(2026, 9, 30)))
    assert "Provisional" not in month_end.page(replace(running, ledger_date=dt.date(2026, 10, 1)))


@pytest.mark.parametrize("language", languages(WORDS))
def test_every_language_says_everything_with_the_same_blanks(language: str) -> None:
    english = read_catalog("en", WORDS)
    texts = messages_for(language, WORDS).texts
    assert list(texts) == list(english)
    for key, message in english.items():
        assert _blanks(texts[key]) == _blanks(message), key


def _blanks(message: object) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", str(message)))


@pytest.mark.parametrize("language", sorted(set(languages(WORDS)) - {"en"}))
def test_no_text_was_left_in_english(language: str) -> None:
    """Words that are the same in both languages are listed; anything else was forgotten."""
    same = {"holds", "column_total", "column_service", "code_sms", "code_mms",
            "code_minimum_top_up", "column_visited_zone"}  # fmt: skip
    english = read_catalog("en", WORDS)
    for key, message in messages_for(language, WORDS).texts.items():
        assert message != english[key] or key in same, key


def test_names_are_text_and_nothing_else() -> None:
    page = month_end.page(pack())
    assert "<script" not in page
    assert "{{ 7*7 }}" in page
    assert "\u22121\u202f234\u202f567.80" in page


def test_a_spreadsheet_runs_no_cell_as_a_formula_and_numbers_stay_numbers() -> None:
    rows = list(csv.reader(io.StringIO(month_end.csv_text(pack(language="fr").sections[0]))))
    assert rows == [
        ["name", "amount_tax", "tax_category"],
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


def test_charts_say_codes_in_words_and_strange_ones_as_they_stand() -> None:
    month = dt.date(2026, 9, 1)
    stack = Section("revenue", [], [], chart=Stack([month], {"recurring": [Decimal(30)]}))
    bars = Section("usage_left_out", [], [], chart=Bars([("rated", 1200), ("<new>", 1)]))
    page = month_end.page(replace(pack(language="de"), sections=[stack, bars]))
    assert ">wiederkehrend<" in page
    assert ">bewertet<" in page
    assert ">1\u202f200<" in page
    assert ">&lt;new&gt;<" in page
