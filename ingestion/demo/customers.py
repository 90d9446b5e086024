"""The customer base being built: accounts, lines, and what they hold, as rows of crm/."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, Literal

from ingestion.demo import people
from ingestion.demo.output import KNOWN_ON, Later, settled
from ingestion.demo.timeline import FIRST_PERIOD, Timeline, local

LINES_MAX = 900_000
# 06 39 98 is the range that is kept for fiction; 0700 is given to nobody with ten digits.
_FICTION = "3363998"
_FICTION_SIZE = 10_000
_BEYOND = "33700"
_OLDEST = date(2019, 3, 1)
# The VATEX code stands first, so that it can be told apart from other reasons.
_REVERSE_CHARGE = "VATEX-EU-AE Autoliquidation, article 196 de la directive 2006/112/CE"


@dataclass
class Line:
    """A subscription, as far as its usage goes."""

    number: int
    subscription_id: str
    account_id: str
    kind: str
    """mobile, thing, extension or sip_user"""
    plan: str
    msisdn: str | None
    imsi: str | None
    pbx_user: str | None
    """extension or SIP user of a business line"""
    started: date
    usage_from: date
    usage_to: date
    """exclusive"""
    terminated: date | None = None
    usage_percent: int | None = None
    """of what the plan's users usually do; empty: left to chance"""
    stem: str | None = None
    """country that this line calls above all"""
    trip: tuple[str, date, date] | None = None
    """network, first day, day of return"""
    roams_freely: bool = True
    """uses data abroad as at home: the plan or an option covers it, or nobody thought of it"""


@dataclass
class Account:
    """An account, as far as the generator needs to come back to it."""

    account_id: str
    kind: str
    cycle_day: int
    tax_jurisdiction: str
    payment_method: str
    row: dict[str, Any]
    pays: Literal["as expected", "in part", "nothing"] = "as expected"
    held: list[dict[str, Any]] = field(default_factory=list)
    """its rows of subscribed_products"""


class Customers:
    """Collects the rows of crm/, and the day on which each was entered.

    Whatever begins or ends is entered on its day, unless told otherwise.
    """

    def __init__(self, timeline: Timeline, chance: Random) -> None:
        self.timeline = timeline
        self.chance = chance
        self.accounts: list[Account] = []
        self.lines: list[Line] = []
        self.subscriptions: list[dict[str, Any]] = []
        self.identifiers: list[dict[str, Any]] = []
        self.subscribed_products: list[dict[str, Any]] = []
        self.subscribed_discounts: list[dict[str, Any]] = []
        self.instalments: list[dict[str, Any]] = []
        self.adjustments: list[dict[str, Any]] = []
        self._row_of: dict[str, dict[str, Any]] = {}
        self._plan_row_of: dict[str, dict[str, Any]] = {}
        self._numbers_of: dict[str, list[dict[str, Any]]] = {}
        self._held_of: dict[str, list[dict[str, Any]]] = {}

    def account(self, kind: str = "residential", **given: Any) -> Account:
        """A new account; `given` replaces what is otherwise left to chance."""
        chance = self.chance
        number = len(self.accounts) + 1
        town = given.pop("town", None) or chance.choice(people.TOWNS)
        business = kind == "business"
        name = people.company(chance) if business else people.person(chance)
        account_id = f"A{number:06d}"
        row: dict[str, Any] = {
            "account_id": account_id,
            "kind": kind,
            "name": name,
            "email": f"client.{number:06d}@example.org",
            "phone": f"+3319900{number % 10_000:04d}",
            "street": people.street(chance),
            "postal_code": town.postal_code,
            "city": town.city,
            "country": town.country,
            "tax_jurisdiction": town.country,
            "language": chance.choices(("fr", "en", "de", "fr_CA"), (91, 5, 3, 1))[0],
            "cycle_day": chance.choices((1, 15), (70, 30))[0],
            "payment_method": chance.choices(
                ("card", "sepa_debit", "transfer", "none"), (25, 15, 55, 5) if business else
                (45, 25, 25, 5),
            )[0],
            "delivery": chance.choices(("email", "portal", "paper"), (60, 32, 8))[0],
            "itemisation": chance.choices(
                ("none", "masked", "full"), (20, 20, 60) if business else (50, 38, 12)
            )[0],
            "opened_on": _OLDEST + timedelta(days=chance.randrange(2400)),
        }  # fmt: skip
        if business and town.country in ("FR", "GP", "MQ", "RE", "GF"):
            row["vat_number"] = people.french_vat_number(number)
        elif business:
            row["vat_number"] = people.foreign_vat_number(town.country, number)
            row["tax_exempt_reason"] = _REVERSE_CHARGE
        row |= given
        row[KNOWN_ON] = row["opened_on"]
        account = Account(
            account_id,
            kind,
            row["cycle_day"],
            row["tax_jurisdiction"],
            row["payment_method"],
            row,
        )
        self.accounts.append(account)
        return account

    def line(
        self,
        account: Account,
        plan: str,
        *,
        kind: str = "mobile",
        starts: date | None = None,
        name: str | None = None,
        number_of: Line | None = None,
        plan_starts: date | None = None,
    ) -> Line:
        """A new subscription with its numbers and its plan.

        `starts` empty: some day since the account was opened. `number_of`: takes the number that
        another line has released.
        """
        chance = self.chance
        number = len(self.lines)
        if number >= LINES_MAX:
            raise ValueError(f"no more numbers: at most {LINES_MAX} subscribers")
        subscription_id = f"S{number + 1:07d}"
        joins = starts is not None
        if starts is None:
            opened: date = account.row["opened_on"]
            room = max(1, (FIRST_PERIOD - opened).days - 30)
            starts = opened + timedelta(days=chance.randrange(room))
        activated: date | datetime = starts
        if joins:
            activated = local(starts, time(chance.randrange(9, 12), chance.randrange(60)))
        msisdn, imsi, pbx_user = self._numbers(number, kind, number_of)
        line = Line(
            number,
            subscription_id,
            account.account_id,
            kind,
            plan,
            msisdn,
            imsi,
            pbx_user,
            starts,
            # On its first day a line is still in its box.
            usage_from=max(
                starts + timedelta(days=1), self.timeline.first_billed(account.cycle_day)
            ),
            usage_to=self.timeline.end,
        )
        row: dict[str, Any] = {
            KNOWN_ON: starts,
            "subscription_id": subscription_id,
            "account_id": account.account_id,
            "name": name,
            "activated_at": activated,
        }
        self.subscriptions.append(row)
        self._row_of[subscription_id] = row
        self._identify(line, local(starts) if joins else None)
        self._plan_row_of[subscription_id] = self.hold(account, line, plan, plan_starts or starts)
        self.lines.append(line)
        return line

    def _numbers(
        self, number: int, kind: str, number_of: Line | None
    ) -> tuple[str | None, str | None, str | None]:
        if kind == "extension":
            return None, None, str(20_000 + number)
        if kind == "sip_user":
            return None, None, f"ligne{number:05d}"
        imsi = f"20815{number + 1:010d}"
        if kind == "thing":
            return f"{_BEYOND}0{number:09d}", imsi, None
        if number_of is not None:
            return number_of.msisdn, imsi, None
        if number < _FICTION_SIZE:
            # 7919 is prime to the range's size: every line gets a number of its own.
            return f"{_FICTION}{(number * 7919 + 1234) % _FICTION_SIZE:04d}", imsi, None
        return f"{_BEYOND}{100_000 + (number * 7919) % LINES_MAX:06d}", imsi, None

    def _identify(self, line: Line, valid_from: datetime | None) -> None:
        numbers = (("msisdn", line.msisdn), ("imsi", line.imsi))
        if line.pbx_user is not None:
            numbers = ((line.kind, line.pbx_user),)
        rows = [
            {
                KNOWN_ON: line.started,
                "subscription_id": line.subscription_id,
                "kind": kind,
                "identifier": identifier,
                "valid_from": valid_from,
            }
            for kind, identifier in numbers
        ]
        self.identifiers.extend(rows)
        self._numbers_of[line.subscription_id] = rows

    def hold(
        self,
        account: Account,
        line: Line | None,
        product_id: str,
        valid_from: date,
        valid_to: date | None = None,
        **given: Any,
    ) -> dict[str, Any]:
        """A product of a line, or of the account when `line` is empty."""
        subscription_id = None if line is None else line.subscription_id
        row: dict[str, Any] = {
            KNOWN_ON: valid_from,
            "subscribed_product_id": f"P{len(self.subscribed_products) + 1:07d}",
            "account_id": account.account_id,
            "subscription_id": subscription_id,
            "product_id": product_id,
            "valid_from": valid_from,
            "valid_to": valid_to,
            **given,
        }
        self.subscribed_products.append(row)
        account.held.append(row)
        if subscription_id is not None:
            self._held_of.setdefault(subscription_id, []).append(row)
        return row

    def change_plan(self, account: Account, line: Line, plan: str, day: date) -> None:
        """From `day` on the line has another plan."""
        self._plan_row_of[line.subscription_id]["valid_to"] = Later(day, day)
        self._plan_row_of[line.subscription_id] = self.hold(account, line, plan, day)

    def last_held_from(self, line: Line) -> date:
        """The latest day on which something that the line holds begins."""
        return max(row["valid_from"] for row in self._held_of[line.subscription_id])

    def cancel(
        self,
        line: Line,
        day: date,
        *,
        releases: bool,
        at: time | None = None,
        known_on: date | None = None,
    ) -> None:
        """Ends a line. `at` empty: with the day's first moment. `known_on`: entered late.

        `releases`: its numbers are free again; else they still lead to it.
        """
        line.usage_to = min(line.usage_to, day)
        line.terminated = day
        known_on = known_on or day
        ends: date | datetime = day if at is None else local(day, at)
        self._row_of[line.subscription_id]["terminated_at"] = Later(ends, known_on)
        # Usage of the last hours still needs its plan; the day of the end is not charged (5.1).
        last_day = day if at is None else day + timedelta(days=1)
        for held in self._held_of[line.subscription_id]:
            ended = settled(held["valid_to"])
            if (ended or date.max) > last_day:
                held["valid_to"] = Later(last_day, known_on, before=ended)
        if releases:
            for number in self._numbers_of[line.subscription_id]:
                released = ends if isinstance(ends, datetime) else local(ends)
                number["valid_to"] = Later(released, known_on)

    def discount(
        self,
        account: Account,
        line: Line | None,
        discount_id: str,
        valid_from: date | None,
        valid_to: date | None = None,
        *,
        known_on: date | None = None,
    ) -> None:
        """A discount of a line or, when `line` is empty, of the account."""
        self.subscribed_discounts.append(
            {
                KNOWN_ON: known_on or valid_from or date.min,
                "account_id": account.account_id,
                "subscription_id": None if line is None else line.subscription_id,
                "discount_id": discount_id,
                "valid_from": valid_from,
                "valid_to": valid_to,
            }
        )

    def instalment(self, line: Line, amount: str, periods: int, first_date: date) -> None:
        """A phone paid by the month; the sale itself was taxed in the shop."""
        self.instalments.append(
            {
                KNOWN_ON: line.started,
                "agreement_id": f"T{len(self.instalments) + 1:06d}",
                "subscription_id": line.subscription_id,
                "name": people.phone_model(self.chance),
                "amount": amount,
                "periods": periods,
                "first_date": first_date,
            }
        )

    def adjust(
        self,
        account: Account,
        line: Line | None,
        kind: str,
        reason: str,
        name: str,
        amount: str,
        day: date,
    ) -> None:
        """A credit or a debit, given on `day`."""
        number = len(self.adjustments) + 1
        self.adjustments.append(
            {
                KNOWN_ON: day,
                "adjustment_id": f"J{number:06d}",
                "account_id": account.account_id,
                "subscription_id": None if line is None else line.subscription_id,
                "kind": kind,
                "reason": reason,
                "name": name,
                "amount": amount,
                "tax_category": "standard",
                "effective_on": day,
                "approved_by": self.chance.choice(("c.morel", "s.diallo", "service client")),
            }
        )
