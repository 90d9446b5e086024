"""The project's own golden cases: small stories with their figures, in cases/*.yaml.

Every case has an account, a plan and a rate card of its own, so all of them fit into one operator
folder and one bill run. A case says which rule it holds, and from which system the rule is known.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from tests.golden.convert import Writer
from tests.golden.measures import Expected, Results, Segments, WarehouseResults, measure
from tests.rerater.pipeline import Pipeline
from tests.rerater.strategies import Tables

CASES = Path(__file__).parent / "cases"
BILL_DATE = date(2026, 11, 1)
LOADED_AT = datetime(2026, 11, 2, tzinfo=UTC)
NUMBERS = {
    "NATIONAL": "+33145000000",
    "MOBILE": "+33612000000",
    "EUROPE": "+4930123456",
    "NOWHERE": "+99912345678",
}
QUANTITIES = {"voice": "seconds", "sms": "messages", "mms": "messages", "data": "bytes"}
MEASURES = {
    "amount": "event_amount",
    "fees": "event_fees",
    "billed": "event_billed",
    "covered": "event_covered",
    "charged": "event_tail",
}
"""What a case may expect of an event, besides its `state` and its `parts`."""

Case = dict[str, Any]


def read_cases() -> list[Case]:
    """Every case of every file but operator.yaml, in the order in which they stand."""
    files = sorted(path for path in CASES.glob("*.yaml") if path.name != "operator.yaml")
    return [
        case for path in files for case in yaml.safe_load(path.read_text(encoding="utf-8"))["cases"]
    ]


@dataclass(frozen=True)
class OwnCases:
    """The operator folder of the cases, and what they expect."""

    name: str
    bill_date: date
    loaded_at: datetime
    tables: Tables
    expected: list[Expected]

    @classmethod
    def all(cls) -> Iterator["OwnCases"]:
        document = yaml.safe_load((CASES / "operator.yaml").read_text(encoding="utf-8"))
        writer = Writer(first_period=document["first_period"])
        for table in ("bands", "holidays", "prefixes", "networks"):
            for row in document[table]:
                writer.add(table, **row)
        for number, case in enumerate(read_cases(), start=1):
            CaseWriter(writer, case, f"case{number:02d}").write()
        yield cls("cases", BILL_DATE, LOADED_AT, writer.tables, writer.expected)

    def failures(self, pipeline: Pipeline) -> list[str]:
        """What the warehouse says otherwise, case by case."""
        return self.disagreements(WarehouseResults(pipeline, self.bill_date, has_drafts=False))

    def disagreements(self, results: Results) -> list[str]:
        found = []
        for expected in self.expected:
            value = measure(results, expected)
            if not expected.agrees(value):
                what = f"{expected.case_id}, {expected.field}"
                found.append(f"{what}: expected {expected.value}, found {value}")
        return found


class CaseWriter:
    """One case as rows of the folder. `key` is its account, and begins all its other names."""

    def __init__(self, writer: Writer, case: Case, key: str) -> None:
        self.writer = writer
        self.case = case
        self.key = key

    def write(self) -> None:
        self.writer.account(self.case["name"], account_id=self.key)
        card = f"{self.key}-plan"
        if self.case.get("rates"):
            self.writer.plan(card, card)
            self.rates(card, self.case["rates"])
            self.allowances(card, self.case.get("allowances", ()))
        for option in self.case.get("options", ()):
            self.option(option)
        self.lines: dict[str, str] = {}
        for line in self.case.get("lines", ["line"]):
            self.lines[line] = self.writer.subscription(self.key, line)
            if self.case.get("rates"):
                self.writer.hold(self.key, self.lines[line], card)
        for held in self.case.get("holds", ()):
            row = dict(held)
            line, option = row.pop("line", None), row.pop("option")
            self.writer.hold(self.key, self.lines.get(line, ""), self.option_id(option), **row)
        for usage in self.case["usage"]:
            self.usage(dict(usage))
        for event, figures in self.case["expect"].items():
            self.expect(event, figures)

    def option_id(self, name: str) -> str:
        return f"{self.key}-{name}"

    def option(self, option: dict[str, Any]) -> None:
        """An option, with allowances, or with a rate card of its own."""
        product = self.option_id(option["option"])
        card = product if "rates" in option else None
        self.writer.product(product, rate_card_id=card)
        self.rates(product, option.get("rates", ()))
        self.allowances(product, option.get("allowances", ()))

    def rates(self, card: str, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            named = {"service": "voice", "visited_zone": "*", "zone": "*", "band": "*", **row}
            named["rate_id"] = f"{self.key}-{row['rate_id']}"
            self.writer.add("rates", rate_card_id=card, **named)

    def allowances(self, product: str, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            named = {
                "service": "voice",
                "unit": "second",
                "zones": "*",
                "visited_zones": "*",
                **row,
            }
            named["allowance_id"] = f"{self.key}-{row['allowance_id']}"
            named["name"] = row["allowance_id"]
            self.writer.add("allowances", product_id=product, **named)

    def usage(self, usage: dict[str, Any]) -> None:
        """One record: `voice: 60` is a call of a minute, from the line, to a zone."""
        name, line = usage.pop("id"), usage.pop("line", "line")
        at = datetime.fromisoformat(str(usage.pop("at")))
        service = next(service for service in QUANTITIES if service in usage)
        quantity = usage.pop(service)
        zone = usage.pop("to", None if service == "data" else "NATIONAL")
        self.writer.event(
            self.key,
            name,
            self.lines[line],
            service=service,
            started_at=at if at.tzinfo else at.replace(tzinfo=self.writer.zone),
            quantity=quantity,
            called=NUMBERS.get(zone, ""),
        )
        self.writer.usage.rows[-1] |= usage

    def expect(self, event: str, figures: dict[str, Any]) -> None:
        """Figures of one event, or what is `left` of allowances at the end of a period."""
        if event == "left":
            for allowance, left in figures.items():
                key = (self.key, f"{self.key}-{allowance}", BILL_DATE)
                self.add(f"left of {allowance}", "allowance_left", key, Fraction(str(left)))
            return
        event_id = f"core:{self.key}/{event}"
        for name, value in figures.items():
            field = f"{event} {name}"
            if name == "state":
                self.add(field, "event_state", (event_id,), value)
            elif name == "parts":
                self.add(field, "event_segments", (event_id,), self.segments(value))
            else:
                self.add(field, MEASURES[name], (event_id,), Fraction(str(value)))

    def segments(self, parts: list[str]) -> Segments:
        """`day 60` is 60 billed units at the rate `day`, after what stands before it."""
        found: list[tuple[str, int, int | None]] = []
        at = 0
        for part in parts:
            rate, units = part.rsplit(" ", 1)
            found.append((f"{self.key}-{rate}", at, at + int(units)))
            at += int(units)
        return tuple(found)

    def add(
        self, field: str, name: str, key: tuple[Any, ...], value: Fraction | str | Segments
    ) -> None:
        self.writer.expected.append(Expected(self.case["name"], field, 0, name, key, value))
