"""`billhouse explain`, on a small operator that has one of everything.

Two bill runs: January is issued, then one more call of January comes and March's run corrects it.
"""

import io
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from orchestration import explaining
from orchestration.explained_text import instant, money, per_units, quantity, validity
from orchestration.explaining import printable
from orchestration.summaries import rows
from orchestration.warehouse import connect, exclusive
from tests.orchestration.conftest import Install, Installation
from tests.support.operator_builder import write_usage

COLUMNS = Path(__file__).with_name("explained_columns.yaml")
DOCS = Path(__file__).parents[2] / "docs" / "explain.md"

INVOICE, CORRECTION = "F2026-00000001", "F2026-00000003"
MESSAGES = "A2/S2/usage/Messages/2026-01-01/2026-02-01/standard"
FR_CALLS = "A1/S1/usage/FR/2026-01-01/2026-02-01/standard"
# A started minute counts; 0.05 for the connection.
MINUTES = {"zone": "FR", "per": 60, "first_increment": 60, "next_increment": 60}

RATES = [
    {**MINUTES, "price": "0.12", "connection_fee": "0.05"},
    {**MINUTES, "band": "peak", "price": "0.24", "connection_fee": "0.05"},
    {
        "rate_card_id": "abroad",
        "zone": "DE",
        "price": "1.00",
        "per": 60,
        "maximum_charge": "0.80",
        "first_increment": 60,
    },
    {"service": "sms", "price": "0.05", "charge_name": "Messages"},
    {
        "service": "sms",
        "price": "0.02",
        "tier_from": 2,
        "tier_fee": "1.00",
        "charge_name": "Messages",
    },
    {"visited_zone": "EU", "price": "0.30", "per": 60, "minimum_charge": "0.50"},
]
PRODUCTS = [
    {},
    {"product_id": "abroad", "name": "Abroad", "kind": "option", "charge": "none", "price": None},
]
PRODUCTS[1]["rate_card_id"] = "abroad"
# The second account's: 1.12 of messages go down by two discounts and the cap, then a minimum.
PRODUCTS.append({"product_id": "limits", "price": "5.00", "spend_cap": "0.50"})
PRODUCTS[2]["minimum_spend"] = "10.00"
CALLS = [
    {"record_id": "R1", "duration_seconds": 100, "started_at": "2026-01-10T10:00:00Z"},
    {"record_id": "R2", "duration_seconds": "129.5", "started_at": "2026-01-10T11:00:00Z"},
    # over the end of the peak band: 20:00 on a Monday in Paris
    {"record_id": "R3", "duration_seconds": 60, "started_at": "2026-01-12T18:59:30Z"},
    {"record_id": "R4", "other_party": "+4930123456", "started_at": "2026-01-13T10:00:00Z"},
    {
        "record_id": "E1",
        "duration_seconds": 10,
        "serving_network": "26201",
        "started_at": "2026-01-14T10:00:00Z",
    },
    *(
        {"record_id": f"M{n}", "service": "sms", "started_at": f"2026-01-15T10:00:0{n}Z"}
        for n in (1, 2, 3)
    ),
    *(
        {
            "record_id": f"P{n}",
            "charging_id": "c1",
            "sequence": n,
            "is_final": n == 2,
            "duration_seconds": 30,
            "started_at": f"2026-01-16T10:00:{30 * (n - 1):02d}Z",
        }
        for n in (1, 2)
    ),
    {"record_id": "C1", "duration_seconds": 1},
    {"record_id": "C1", "duration_seconds": 2},
    {"record_id": "U1", "subscriber": "33600000099"},
    {"record_id": "N1", "disposition": "no answer", "duration_seconds": 0},
    {"record_id": "X1", "started_at": "never"},
    {"record_id": "B1", "subscriber": "33600000098"},
    *(
        {
            "record_id": f"L{n}",
            "service": "sms",
            "subscriber": "33600000002",
            "started_at": f"2026-01-15T11:00:0{n}Z",
        }
        for n in (1, 2, 3)
    ),
]
AGAIN = [CALLS[0]]
ELSEWHERE = [{"record_id": "B1", "subscriber": "33600000098"}]
LATE = [{"record_id": "R9", "started_at": "2026-01-20T10:00:00Z"}]

# What each event costs, worked out by hand from RATES.
AMOUNTS = {
    "R1": "0",  # 100 s: 120 s of the 180 s that are included
    "R2": "0.29",  # 60 s are left of them; 70 s are two minutes at 0.12, and the connection
    "R3": "0.29",  # its one minute begins in the peak
    "R4": "0.80",  # 1.00, cut
    "E1": "0.50",  # 0.05, topped up
    "M1": "0.05",
    "M2": "0.05",
    "M3": "1.02",  # the third opens the second tier
    "P1": "0.29",
    "L1": "0.05",
    "L2": "0.05",
    "L3": "1.02",
    "R9": "0.29",
}


@pytest.fixture(scope="module")
def at(install_session: Install) -> Installation:
    installation = install_session(
        operator={"billing": {"late_fee": {"percent": 5, "amount": "2.00", "after_days": 10}}},
        accounts=[{}, {}],
        subscriptions=[{}, {"account_id": "A2"}],
        identifiers=[{}, {}],
        rates=RATES,
        products=PRODUCTS,
        subscribed_products=[
            {},
            {"product_id": "abroad"},
            {"account_id": "A2", "subscription_id": "S2", "product_id": "limits"},
        ],
        allowances=[
            {"quantity": 3, "unit": "minute", "increment": 60, "zones": "FR", "name": "3 minutes"}
        ],
        bands=[{}],
        discounts=[
            {"applies_to": "recurring", "name": "Ten percent"},
            {"applies_to": "usage", "sequence": 2},
            {"applies_to": "usage", "sequence": 3, "value": "5"},
        ],
        subscribed_discounts=[
            {},
            {"account_id": "A2", "subscription_id": "S2", "discount_id": "discount2"},
            {"account_id": "A2", "subscription_id": None, "discount_id": "discount3"},
        ],
        payments=[{"invoice_number": INVOICE, "amount": "1000.00"}],
        instalments=[{}],
        adjustments=[{}],
        usage={"core": {"a.csv": CALLS, "b.csv": AGAIN}, "other": {"c.csv": ELSEWHERE}},
    )
    installation.draft("2026-02-01")
    installation.issue("2026-02-01")
    write_usage(installation.operator / "cdr/core/late.csv", LATE)
    installation.draft("2026-03-01")
    installation.issue("2026-03-01")
    return installation


def explained(at: Installation, identifier: str, *options: str) -> dict[str, Any]:
    """What `--json` says."""
    finished = at.run("explain", identifier, "--json", *options)
    assert finished.status == 0, finished.stderr
    return finished.json


def tree(at: Installation, identifier: str, *options: str) -> str:
    """What people see."""
    finished = at.run("explain", identifier, *options)
    assert finished.status == 0, finished.stderr
    return finished.stdout


def steps(of: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The steps of one kind, at any depth."""
    found = []
    for step in of.get("steps", []):
        found += [step] if step["kind"] == kind else []
        found += steps(step, kind)
    return found


# --- usage records -------------------------------------------------------------------------------


def test_record_leads_from_the_line_of_its_file_to_the_line_of_its_document(
    at: Installation,
) -> None:
    shown = tree(at, "core:R2")
    for said in (
        "record core:R2: rated",
        "cdr/core/a.csv:3, feed core",
        "voice originating of 33600000001, to 0612345678, at 2026-01-10 12:00:00 +01:00, "
        "for 129.5 s",
        "S1 of account A1, by msisdn 33600000001 (crm/identifiers.csv:2, always valid)",
        "0612345678 → 33612345678 → prefix 33 (ratebook/prefixes.csv:2) → zone FR, France",
        "none named: the operator's own → home",
        "allowance 1: 3 minutes",
        "granted 3 min (180 s); used before 2 min (120 s); drawn 60 s in increments of 60 s; "
        "left 0 s",
        "part 1: 60 s, included in 3 minutes: 0.00 EUR",
        "part 2: 70 s from 60 s on, billed as 2 min (120 s): 0.29 EUR",
        "standard: no row of ratebook/bands.csv covers the moment",
        "card card of plan plan: originating/home/FR/* (ratebook/rates.csv:2, always valid)",
        "first 60 s, then 60 s",
        "2 min (120 s) × 0.12 EUR per 60 s = 0.24 EUR",
        "connection fee  0.05 EUR",
        f"charge {FR_CALLS}: 1.66 EUR",
        f"billed on {INVOICE}, line ",
        f"billed on {CORRECTION}, line ",
    ):
        assert said in " ".join(shown.split("\n")), said


def test_drawn_record_tells_the_level_of_the_grant(at: Installation) -> None:
    [first], [second] = (steps(explained(at, f"core:R{n}"), "allowance") for n in (1, 2))
    levels = ("granted", "used_before", "drawn", "covered", "rest", "outcome")
    assert [first[n] for n in levels] == [180, 0, 120, 100, 60, "drawn"]
    assert [second[n] for n in levels] == [180, 120, 60, 60, 0, "drawn"]
    assert first["allowance_line"] == 2


def test_grant_that_was_asked_and_had_nothing_left_is_told(at: Installation) -> None:
    [grant] = steps(explained(at, "core:R3"), "allowance")
    assert (grant["outcome"], grant["drawn"], grant["rest"]) == ("empty", 0, 0)
    assert "allowance 1: 3 minutes, nothing left" in tree(at, "core:R3")


def test_call_over_the_edge_of_a_band_has_a_part_in_each(at: Installation) -> None:
    peak, after = steps(explained(at, "core:R3"), "part")
    assert (peak["band"], peak["band_file"], peak["band_line"]) == ("peak", "ratebook/bands.csv", 2)
    assert (after["band"], after["band_line"]) == ("standard", None)
    assert (peak["rate_line"], after["rate_line"]) == (3, 2)
    assert [part["part_offset"] for part in (peak, after)] == [0, 30]
    assert [part["billed_quantity"] for part in (peak, after)] == [60, 0]
    assert peak["local_part_started_at"] == "2026-01-12T19:59:30"


def test_option_goes_before_the_plan_and_the_maximum_cuts(at: Installation) -> None:
    [part] = steps(explained(at, "core:R4"), "part")
    assert (part["product_kind"], part["product_id"], part["rate_card_id"]) == (
        "option",
        "abroad",
        "abroad",
    )
    assert (part["usage_amount"], part["maximum_cut"]) == ("1.000000", "-0.200000")
    shown = tree(at, "core:R4")
    assert "card abroad of option abroad, which goes before the plan" in shown
    assert "cut to maximum  -0.20 EUR (to 0.80 EUR)" in shown


def test_roaming_names_the_network_and_the_minimum_tops_up(at: Installation) -> None:
    [part] = steps(explained(at, "core:E1"), "part")
    assert (part["usage_amount"], part["minimum_top_up"]) == ("0.050000", "0.450000")
    shown = tree(at, "core:E1")
    assert "26201 → network 262 DE (ratebook/networks.csv:3) → visited zone EU" in shown
    assert "top-up to minimum  0.45 EUR (to 0.50 EUR)" in shown


def test_tier_has_its_counter_and_its_fee(at: Installation) -> None:
    [part] = steps(explained(at, "core:M3"), "part")
    assert (part["tier_counted_before"], part["tier_counted_after"]) == (2, 3)
    assert (part["tier_from"], part["tier_fee"]) == (2, "1.000000")
    shown = tree(at, "core:M3")
    assert "graduated, from 2 messages; counter 2 messages → 3 messages" in shown
    assert "tier fee    1.00 EUR" in shown


def test_merged_part_leads_to_its_call(at: Installation) -> None:
    merged = explained(at, "core:P2")
    assert merged["state"] == "merged"
    assert [part["record_id"] for part in steps(merged, "call_part")] == ["P1", "P2"]
    [event] = steps(merged, "usage_event")
    assert (event["record_id"], event["quantity"]) == ("P1", 60)
    assert "part 2 of call c1: cdr/core/a.csv:11 (core:P2), 30 s, merged ← this record" in tree(
        at, "core:P2"
    )


def test_duplicate_leads_to_the_record_that_came_first(at: Installation) -> None:
    duplicate = explained(at, "cdr/core/b.csv:2")
    assert duplicate["state"] == "duplicate"
    [first] = steps(duplicate, "copy")
    assert (first["file_name"], first["line_number"]) == ("cdr/core/a.csv", 2)
    [event] = steps(duplicate, "usage_event")
    assert event["line_number"] == 2
    assert "came again: cdr/core/b.csv:2: duplicate" in tree(at, "core:R1")


@pytest.mark.parametrize(
    ("identifier", "said"),
    [
        ("core:U1", ("suspended: unknown_subscriber", "33600000099", "crm/identifiers.csv")),
        ("core:C1", ("suspended: conflicting_duplicate", "came again: cdr/core/a.csv:13")),
        ("core:N1", ("not_billable", "only answered calls are billed")),
        ("cdr/core/a.csv:16", ("rejected: ", "never", "in a new file")),
    ],
)
def test_record_that_is_not_rated_says_why_and_what_mends_it(
    at: Installation, identifier: str, said: tuple[str, ...]
) -> None:
    shown = tree(at, identifier)
    for words in (*said, "mended by"):
        assert words in shown


# --- charges -------------------------------------------------------------------------------------


def test_usage_charge_has_totals_by_rate_and_as_many_events_as_asked_for(at: Installation) -> None:
    charge = explained(at, FR_CALLS, "--limit", "2")
    totals = {
        (total["allowance_name"], total["rate_line"]): total
        for total in steps(charge, "usage_total")
    }
    assert {key: total["events"] for key, total in totals.items()} == {
        ("3 minutes", None): 2,
        (None, 2): 2,
        (None, 3): 3,
        (None, 7): 1,
    }
    assert sum(Decimal(total["amount"]) for total in totals.values()) == Decimal("1.66")
    assert [event["usage_event_id"] for event in steps(charge, "charged_event")] == [
        "core:R1",
        "core:R2",
    ]
    assert charge["left_out"] == 4
    assert "… 4 more (--limit)" in tree(at, FR_CALLS, "--limit", "2")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (
            "A1/S1/recurring/SP1/2026-02-01/2026-03-01/standard",
            (
                "plan (ratebook/products.csv:2)",
                "10.00 EUR, advance",
                "SP1 (crm/subscribed_products.csv:2, since 2026-01-01)",
                "28 of 28",
                "billed    10.00 EUR, not yet billed 0.00 EUR",
            ),
        ),
        (
            "A1/S1/instalment/I1-1/2026-01-01/2026-02-01/standard",
            ("20.00 EUR (crm/instalments.csv:2)", "instalments  12"),
        ),
        (
            "A1/-/adjustment/ADJ1/2026-01-01/2026-02-01/standard",
            ("5.00 EUR (crm/adjustments.csv:2)", "goodwill, approved by support", "-5.00 EUR"),
        ),
        (
            "A1/S1/discount/discount1/2026-01-01/2026-02-01/standard",
            ("10 % of recurring (ratebook/discounts.csv:2)", "crm/subscribed_discounts.csv:2"),
        ),
        (
            "A2/S2/discount/discount2/2026-01-01/2026-02-01/standard",
            (f"on {MESSAGES}: 1.12 EUR, takes 0.11 EUR", "-0.11 EUR"),
        ),
        (
            "A2/-/discount/discount3/2026-01-01/2026-02-01/standard",
            (f"on {MESSAGES}: 1.12 EUR, of which 1.01 EUR counted, takes 0.05 EUR", "-0.05 EUR"),
        ),
        (
            "A2/S2/cap_credit/limits/2026-01-01/2026-02-01/standard",
            (
                "0.50 EUR a period (ratebook/products.csv:4)",
                f"on {MESSAGES}: 1.12 EUR, of which 0.96 EUR counted",
                "-0.46 EUR",
            ),
        ),
        (
            "A2/S2/minimum_top_up/limits/2026-01-01/2026-02-01/standard",
            (
                "10.00 EUR a period (ratebook/products.csv:4)",
                "on A2/S2/cap_credit/limits/2026-01-01/2026-02-01/standard: -0.46 EUR",
                f"on {MESSAGES}: 1.12 EUR, of which 0.96 EUR counted",
                "on A2/S2/recurring/SP3/2026-01-01/2026-02-01/standard: 5.00 EUR",
                "4.50 EUR",
            ),
        ),
        (
            # 5 for January, 5 for February, 4.50 that were missing, with tax; nothing was paid
            "A2/-/late_fee/F2026-00000002/2026-02-01/2026-03-01/-",
            ("on F2026-00000002: 18.00 EUR", "5 % and 2.00 EUR", "2.90 EUR"),
        ),
    ],
)
def test_charge_names_the_rows_that_it_was_computed_from(
    at: Installation, key: str, said: tuple[str, ...]
) -> None:
    shown = tree(at, key)
    for words in said:
        assert words in shown, words


# --- documents -----------------------------------------------------------------------------------


def test_document_leads_over_its_lines_to_the_lines_of_the_files(at: Installation) -> None:
    document = explained(at, INVOICE)
    lines = steps(document, "line")
    assert sum(Decimal(line["amount_net"]) for line in lines) == Decimal(document["amount_net"])
    assert {line["charge_key"] for line in lines} == {
        charge["charge_key"] for charge in steps(document, "charge")
    }
    assert {(tax["tax_file"], tax["tax_line"]) for tax in steps(document, "line_tax")} == {
        ("ratebook/taxes.csv", 2)
    }
    shown = tree(at, INVOICE)
    assert "tax VAT: 20 % (ratebook/taxes.csv:2)" in shown
    assert "(core:R1, cdr/core/a.csv:2)" in shown


def test_line_of_a_document_is_explained_alone_and_a_correction_names_what_it_corrects(
    at: Installation,
) -> None:
    number = next(
        line["line_number"]
        for line in steps(explained(at, CORRECTION), "line")
        if line["charge_key"] == FR_CALLS
    )
    line = explained(at, f"{CORRECTION}:{number}")
    assert (line["kind"], line["is_correction"], line["amount_net"]) == ("line", True, "0.290")
    shown = tree(at, f"{CORRECTION}:{number}")
    assert f"of what {INVOICE}:" in shown
    assert "2026-01-01 to 2026-02-01" in shown


# --- identifiers ---------------------------------------------------------------------------------


def test_record_id_alone_is_enough_where_one_feed_has_it(at: Installation) -> None:
    assert explained(at, "R4") == explained(at, "core:R4")


def test_record_id_of_several_feeds_is_a_wrong_call_that_lists_them(at: Installation) -> None:
    refused = at.run("explain", "B1")
    assert refused.status == 2
    assert "core:B1, other:B1" in refused.stderr
    assert explained(at, "other:B1")["file_name"] == "cdr/other/c.csv"


@pytest.mark.parametrize(
    "identifier",
    ["nothing", "core:nothing", "F2026-99999999", f"{INVOICE}:99", "cdr/core/a.csv:99"],
)
def test_unknown_identifier_is_the_datas_fault_and_says_what_was_looked_for(
    at: Installation, identifier: str
) -> None:
    unknown = at.run("explain", identifier)
    assert unknown.status == 1
    assert (
        f"{identifier}: no document number, document line, charge key or usage record"
        in " ".join(unknown.stderr.split())
    )


def test_empty_identifier_is_a_wrong_call(at: Installation) -> None:
    assert at.run("explain", " ").status == 2


# --- in all --------------------------------------------------------------------------------------


def test_every_rated_event_is_explained_and_its_parts_add_up(at: Installation) -> None:
    with exclusive(at.warehouse), connect(at.warehouse) as con:
        rated = rows(
            con,
            "select record_id, cast(sum(amount) as decimal(18, 6)) as amount "
            "from rating.rated_usage group by record_id",
        )
        assert {row["record_id"]: Decimal(row["amount"]) for row in rated} == {
            record: Decimal(amount) for record, amount in AMOUNTS.items()
        }
        for row in rated:
            found = explaining.explain(con, row["record_id"], limit=1)
            assert found is not None
            chain = found.as_json()
            [event] = steps(chain, "usage_event")
            parts = steps(event, "part")
            named = [sum(Decimal(part[name]) for name in ("usage_amount", *FEES)) for part in parts]
            assert named == [Decimal(part["amount"]) for part in parts]
            assert sum(named) == Decimal(row["amount"]) == Decimal(event["amount"])
            assert sum(part["quantity"] for part in parts) == event["quantity"]
            assert event["identifier_line"] and event["prefix_line"]
            assert all(part["rate_line"] and part["other_fees"] == "0.000000" for part in parts)
            [charge] = steps(event, "charge")
            assert steps(charge, "billed"), "in a document"
            assert not steps(charge, "drafted"), "nothing is left to bill"


FEES = ("connection_fee", "tier_fee", "minimum_top_up", "maximum_cut", "other_fees")


def test_views_hold_what_was_rated_once_and_in_full(at: Installation) -> None:
    with exclusive(at.warehouse), connect(at.warehouse) as con:
        same = (
            "select count(*) as parts, sum(amount) as amount, sum(billed_quantity) as billed from "
        )
        assert rows(con, same + "rating.explained_usage") == rows(con, same + "rating.rated_usage")
        # both ways to the level of a grant agree
        assert con.execute(
            """
                select count(*)
                from rating.explained_usage as parts
                full join (
                    select * from rating.asked_allowances where outcome = 'drawn'
                ) as asked
                    on parts.event_key = asked.event_key
                    and parts.allowance_grant_id = asked.allowance_grant_id
                where (parts.allowance_grant_id is not null or asked.allowance_grant_id is not null)
                    and (
                        parts.allowance_used_before is distinct from asked.used_before
                        or parts.allowance_left is distinct from asked.rest
                    )
                """
        ).fetchone() == (0,)
        lines = "select count(*) from mediation.explained_records"
        assert con.execute(lines).fetchone() == (len(CALLS) + len(AGAIN) + len(ELSEWHERE) + 1,)


def test_json_keeps_its_columns(at: Installation) -> None:
    """Programs read them: a column may be added to explained_columns.yaml, none may go."""
    columns: dict[str, list[str]] = {}

    def collect(step: dict[str, Any]) -> None:
        names = [name for name in step if name not in ("kind", "steps", "left_out")]
        assert columns.setdefault(step["kind"], names) == names
        for below in step.get("steps", []):
            collect(below)

    for identifier in (CORRECTION, INVOICE, "core:P2", "core:R1", FR_CALLS):
        collect(explained(at, identifier))
    wanted = yaml.safe_load(COLUMNS.read_text(encoding="utf-8"))
    del wanted["drafted"]  # here all is billed: test_bill_run has a draft
    assert columns == wanted


@pytest.mark.parametrize("width", [80, 140])
def test_tree_fits_the_terminal(at: Installation, width: int) -> None:
    console = Console(width=width, record=True, force_terminal=False, file=io.StringIO())
    with exclusive(at.warehouse), connect(at.warehouse) as con:
        for identifier in ("core:R2", "core:P2", INVOICE):
            found = explaining.explain(con, identifier, limit=3)
            assert found is not None
            console.print(found.as_tree())
    shown = console.export_text()
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= width
    for raw in ("None", "Decimal(", "datetime", "0001-01-01", "9999-12-31", "T10:00"):
        assert raw not in shown


def test_examples_of_the_docs_run_and_are_right(at: Installation) -> None:
    examples = re.findall(r"```sql\n(.*?)```", DOCS.read_text(encoding="utf-8"), flags=re.S)
    with exclusive(at.warehouse), connect(at.warehouse) as con:
        revenue, minutes, fees = (rows(con, sql) for sql in examples)
    assert {(row["zone"], row["destination"]): row["revenue"] for row in revenue} == {
        ("FR", "France"): "3.900000",
        ("DE", "Germany"): "0.800000",
    }
    assert [(row["allowance_name"], row["minutes"], row["seconds"]) for row in minutes] == [
        ("3 minutes", 3, 0)
    ]
    assert [(row["rate_line"], row["events"], row["connection_fees"]) for row in fees] == [
        (2, 1, "0.050000"),
        (3, 3, "0.150000"),
    ]


# --- words ---------------------------------------------------------------------------------------


def test_quantities_are_told_in_human_and_base_units() -> None:
    assert quantity(61, "second") == "61 s"
    assert quantity(3_661, "second") == "1 h 1 min 1 s (3,661 s)"
    assert quantity("1500000000.000000", "byte") == "1.5 GB (1,500,000,000 B)"
    assert quantity(1, "message") == "1 message"
    assert per_units(1_048_576, "byte") == "1 MiB"


def test_amounts_keep_every_decimal_that_counts() -> None:
    assert money("0.014500", "EUR") == "0.0145 EUR"
    assert money("-3.000", "EUR") == "-3.00 EUR"
    assert money("100", "JPY") == "100.00 JPY"


def test_instants_are_local_with_their_offset() -> None:
    assert instant("2026-10-25T02:30:00", "2026-10-25T00:30:00") == "2026-10-25 02:30:00 +02:00"
    assert instant("2026-10-25T02:30:00", "2026-10-25T01:30:00") == "2026-10-25 02:30:00 +01:00"
    assert instant("2026-01-09T20:30:00", "2026-01-10T00:00:00") == "2026-01-09 20:30:00 -03:30"


def test_validity_names_the_bounds_that_there_are() -> None:
    assert validity("0001-01-01", "9999-12-31") == "always valid"
    assert validity("2026-01-01", "9999-12-31T00:00:00") == "since 2026-01-01"
    assert validity("2026-01-01", "2026-02-01") == "since 2026-01-01 until 2026-02-01"


def test_what_a_file_says_cannot_steer_the_terminal() -> None:
    assert printable("\x1b[31mred\x00") == "\\x1b[31mred\\x00"
