"""Cases of other billing systems (JSON) as operator folders: many cases, one bill run.

Every case has an account of its own, and products, rate cards, zones, allowances and discounts
that bear its name, so cases do not meet. What is set for a whole operator (currency, time zone,
bands, day count) decides which cases share a folder.

Cases keep their figures; two things are moved, neither of which can change an amount:

- Days. Usage is moved to one month on the same weekday and local time of day. Charges by days are
  moved to cycle day 1 (a period from day c has as many days as the month it begins in, whatever
  c is; with 30-day months they keep their days) and by four years or a multiple.
- The decimal point. Where a case keeps more digits than a currency has, its money is multiplied
  by a power of ten, and so is what it expects.

Left aside, as no figure of a bill: line-wise tax, percentages derived from totals, and totals
that repeat the sum of expected lines.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.golden.measures import Expected, Segments, Value
from tests.rerater.strategies import Tables, UsageFileTable, operator_document

Case = dict[str, Any]

KINDS = (
    "voice_rating",
    "allowance",
    "pricing_models",
    "proration",
    "discount_credit_tax",
    "commitment_caps",
)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTH = date(2026, 10, 1)
"""The month to which usage is moved; its bill date is the first of the next."""
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
JANUARY, MARCH = date(2027, 1, 1), date(2027, 3, 1)
MILLIONTH = Fraction(1, 10**6)


@dataclass
class GoldenFolder:
    """One operator, the states of its folder at its bill dates, and what its cases expect.

    After each state but the last, its drafts are issued.
    """

    name: str
    states: list[tuple[date, Tables]]
    expected: list[Expected] = field(default_factory=list)
    case_ids: list[str] = field(default_factory=list)

    def write(self, folder: Path) -> list[tuple[date, Path]]:
        return [
            (bill_date, tables.write(folder / self.name / f"{number}-{bill_date}"))
            for number, (bill_date, tables) in enumerate(self.states)
        ]


class Unconvertible(ValueError):
    """A case that this operator folder has no words for; the rule is in exceptions.yaml."""


def decimal(value: Fraction | int | str) -> str:
    """A fraction as a finite decimal, for a cell."""
    exact = Fraction(value)
    digits = 0
    while exact.denominator != 1 and (exact * 10**digits).denominator != 1:
        digits += 1
        if digits > 12:
            raise Unconvertible(f"{value} has no finite decimals")
    scaled = int(exact * 10**digits)
    sign = "-" if scaled < 0 else ""
    text = f"{abs(scaled):0{digits + 1}d}"
    return f"{sign}{text[: len(text) - digits]}{'.' + text[-digits:] if digits else ''}"


class Writer:
    """The tables of one folder while its cases are added."""

    def __init__(self, **operator: Any) -> None:
        document = operator_document(**operator)
        document["mediation"] = {"max_voice_hours": 200, "max_data_gigabytes": 1000}
        self.tables = Tables(document)
        self.zone = ZoneInfo(document["operator"]["time_zone"])
        self.usage = UsageFileTable("cdr/core/usage.csv", [])
        self.tables.usage.append(self.usage)
        self.add("networks", network="208", country="FR", visited_zone="home")
        self.expected: list[Expected] = []
        self.case_ids: list[str] = []
        self.lines = 0

    def add(self, table: str, **row: Any) -> None:
        self.tables.add(table, **row)

    def expect(
        self,
        case_id: str,
        name: str,
        measure: str,
        key: Iterable[str | date | None],
        value: Value | str | int,
        *,
        state: int = 0,
        tolerance: Fraction = Fraction(0),
        text: bool = False,
    ) -> None:
        exact = Fraction(value) if isinstance(value, (str, int)) and not text else value
        self.expected.append(
            Expected(case_id, name, state, measure, tuple(key), exact, tolerance)  # type: ignore[arg-type]
        )

    def account(self, case_id: str, *, cycle_day: int = 1, account_id: str = "") -> str:
        account_id = account_id or case_id
        if case_id not in self.case_ids:
            self.case_ids.append(case_id)
        self.add(
            "accounts",
            account_id=account_id,
            kind="business",
            name=account_id,
            country="FR",
            tax_jurisdiction="FR",
            language="en",
            cycle_day=cycle_day,
            payment_method="transfer",
            delivery="portal",
            itemisation="none",
        )
        return account_id

    def subscription(self, account_id: str, name: str) -> str:
        """A line with a number of its own."""
        self.lines += 1
        subscription_id = f"{account_id}/{name}"
        self.add(
            "subscriptions",
            subscription_id=subscription_id,
            account_id=account_id,
            name=name,
            activated_at=date(2000, 1, 1),
        )
        self.add(
            "identifiers",
            subscription_id=subscription_id,
            kind="msisdn",
            identifier=f"+336{self.lines:08d}",
        )
        return subscription_id

    def number(self, subscription_id: str) -> str:
        return next(
            row["identifier"]
            for row in self.tables.table("identifiers")
            if row["subscription_id"] == subscription_id
        )

    def product(self, product_id: str, **row: Any) -> str:
        defaults: dict[str, Any] = {"name": product_id, "kind": "option", "charge": "none"}
        self.add("products", product_id=product_id, **(defaults | row))
        return product_id

    def plan(self, product_id: str, card: str, **row: Any) -> str:
        return self.product(product_id, kind="plan", rate_card_id=card, **row)

    def hold(self, account_id: str, subscription_id: str, product_id: str, **row: Any) -> str:
        number = len(self.tables.table("subscribed_products")) + 1
        held_id = f"held{number:04d}"
        self.add(
            "subscribed_products",
            subscribed_product_id=held_id,
            account_id=account_id,
            subscription_id=subscription_id,
            product_id=product_id,
            **row,
        )
        return held_id

    def event(
        self,
        case_id: str,
        name: str,
        subscription_id: str,
        *,
        service: str,
        started_at: datetime,
        quantity: str | int,
        called: str = "",
    ) -> str:
        """A usage record; gives its event id."""
        row: dict[str, Any] = {
            "record_id": f"{case_id}/{name}",
            "service": service,
            "subscriber": self.number(subscription_id),
            "started_at": started_at.isoformat(),
            "other_party": called or None,
        }
        if service == "voice":
            row["duration_seconds"] = quantity
        elif service == "data":
            row |= {"bytes_uplink": 0, "bytes_downlink": quantity}
        else:
            row["messages"] = quantity
        self.usage.rows.append(row)
        return f"core:{case_id}/{name}"


# Voice rating -------------------------------------------------------------------------------------


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class Move:
    """Moves a case to the billed month: whole days, by the local clock."""

    def __init__(self, zone: ZoneInfo, days: int) -> None:
        self.zone = zone
        self.days = timedelta(days=days)

    def day(self, text: str | None) -> date | None:
        return None if text is None else (instant(text).astimezone(self.zone).date() + self.days)

    def moment(self, text: str) -> datetime:
        local = instant(text).astimezone(self.zone)
        return (local.replace(tzinfo=None) + self.days).replace(tzinfo=self.zone)


def bands_key(case: Case) -> str:
    return json.dumps(case["given"].get("bands") or [], sort_keys=True)


def private_prefixes(case_number: int, destinations: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Prefix to destinations, each under the case's own digits; a prefix may be in several."""
    found: dict[str, list[str]] = defaultdict(list)
    for destination in destinations:
        for prefix in filter(None, destination["prefixes"]):
            found[f"8{case_number:03d}{prefix.lstrip('+')}"].append(destination["id"])
    return found


def voice_steps(rate: dict[str, Any]) -> list[dict[str, Any]]:
    """The price steps of a rate as rows; increments 60/1 are one step with two increments."""
    steps = rate["steps"]
    first = int(steps[0]["increment"])
    following = first
    if len(steps) > 1 and int(steps[1]["from"]) == first:
        following = int(steps[1]["increment"])
    rows = []
    for step in steps:
        if rows and (rows[-1]["price"], rows[-1]["per"]) == (step["price"], step["per"]):
            continue
        rows.append(
            {
                "price": step["price"],
                "per": step["per"],
                "starts_at": step["from"],
                "first_increment": first,
                "next_increment": following,
            }
        )
    return rows


def add_bands(writer: Writer, bands: list[dict[str, Any]]) -> None:
    """Bands of whole weekdays, of hours, or of a day of the year (a holiday, which wins)."""
    for band in bands:
        special = "months" in band
        days = [WEEKDAYS[number - 1] for number in band.get("weekdays") or range(1, 8)]
        writer.add(
            "bands",
            band=band["id"],
            days="holiday" if special else ";".join(days),
            from_time=band.get("start") or "00:00",
            to_time=band.get("end") or "24:00",
            priority=2 if special else 1,
        )


def is_special_day(band: dict[str, Any], day: date) -> bool:
    return day.month in band.get("months", ()) and day.day in band.get("month_days", ())


def add_voice_case(writer: Writer, case: Case, case_number: int) -> None:
    given, case_id = case["given"], case["id"]
    if any(usage.get("continuation") for usage in given["usage"]):
        raise Unconvertible("one partial record of a call without the others")
    first = instant(given["usage"][0]["start"]).astimezone(writer.zone).date()
    monday = MONTH + timedelta(days=-MONTH.weekday() % 7)
    move = Move(writer.zone, (monday - first).days + first.weekday())
    for band in given.get("bands") or []:
        for usage in given["usage"]:
            day = instant(usage["start"]).astimezone(writer.zone).date()
            if is_special_day(band, day):
                writer.add("holidays", date=move.day(usage["start"]), name=band["id"])
    account_id = writer.account(case_id)
    root = f"8{case_number:03d}"
    prefixes = private_prefixes(case_number, given["destinations"])
    for prefix, names in {root: ["ANY"], **prefixes}.items():
        writer.add("prefixes", prefix=prefix, zone=f"{case_id}/{'+'.join(names)}")
    zones_of: dict[str, set[str]] = defaultdict(set)
    for names in prefixes.values():
        for name in names:
            zones_of[name].add(f"{case_id}/{'+'.join(names)}")
    for rate in given["rates"]:
        service = rate.get("service") or "voice"
        zones = sorted(zones_of[rate["destination"]]) or ["*"]
        for zone in zones if service != "data" else ["*"]:
            for number, row in enumerate(voice_steps(rate)):
                writer.add(
                    "rates",
                    rate_id=f"{case_id}:{rate['id']}:{zone}:{number}",
                    rate_card_id=f"{case_id}/{rate.get('plan') or 'DEFAULT'}",
                    service=service,
                    visited_zone="*",
                    zone=zone,
                    band=rate.get("band") or "*",
                    connection_fee=rate.get("connect_fee"),
                    charge_name=f"{case_id} {rate['id']}",
                    valid_from=move.day(rate.get("valid_from")),
                    valid_to=move.day(rate.get("valid_to")),
                    **row,
                )
    subscriptions = voice_subscriptions(writer, case, account_id)
    expected = {row["id"]: row for row in case["expect"]["usage"]}
    event_ids = []
    for usage in given["usage"]:
        service = usage.get("service") or "voice"
        event_id = writer.event(
            case_id,
            usage["id"],
            subscriptions[usage.get("plan") or ""],
            service=service,
            started_at=move.moment(usage["start"]),
            quantity=usage["duration_s"] if service == "voice" else usage["quantity"],
            called=f"+{root}{usage['destination'].lstrip('+') or '0'}" if service != "data" else "",
        )
        event_ids.append(event_id)
        expect_voice(writer, case_id, event_id, usage, expected[usage["id"]])
    if case["expect"].get("total") is not None:
        writer.expect(case_id, "total", "event_amount", event_ids, case["expect"]["total"])


def voice_subscriptions(writer: Writer, case: Case, account_id: str) -> dict[str, str]:
    """A line per plan; a plan that falls back on another is an option above it (3.2)."""
    given, case_id = case["given"], case["id"]
    fallback = given.get("plan_fallback") or {}
    plans = {rate.get("plan") or "DEFAULT" for rate in given["rates"]}
    for plan in sorted(plans):
        writer.plan(f"{case_id}/{plan}", f"{case_id}/{plan}")
    for plan in sorted(fallback):
        writer.product(f"{case_id}/{plan}/option", rate_card_id=f"{case_id}/{plan}")
    found = {}
    for name in sorted({usage.get("plan") or "" for usage in given["usage"]}):
        subscription_id = writer.subscription(account_id, name or "line")
        found[name] = subscription_id
        plan = fallback.get(name, name or given.get("default_plan") or "DEFAULT")
        if plan in plans:
            writer.hold(account_id, subscription_id, f"{case_id}/{plan}")
        if name in fallback:
            writer.hold(account_id, subscription_id, f"{case_id}/{name}/option")
    return found


def expect_voice(
    writer: Writer, case_id: str, event_id: str, usage: dict[str, Any], row: dict[str, Any]
) -> None:
    name = f"usage.{usage['id']}"
    if row.get("status") == "unrated":
        writer.expect(case_id, f"{name}.status", "event_state", [event_id], "suspended", text=True)
        return
    for key, measure in (
        ("amount", "event_amount"),
        ("billed", "event_billed"),
        ("connect_fee", "event_fees"),
    ):
        if row.get(key) is not None:
            writer.expect(case_id, f"{name}.{key}", measure, [event_id], row[key])
    if row.get("segments"):
        start = instant(usage["start"])
        segments = []
        for segment in row["segments"]:
            ends = [segment.get("from"), segment.get("to")]
            at = [
                None if end is None else int((instant(end) - start).total_seconds()) for end in ends
            ]
            segments.append((segment.get("rate"), *at))
        writer.expect(
            case_id,
            f"{name}.segments",
            "event_segments",
            [event_id],
            expected_segments(writer, case_id, segments),
        )


def expected_segments(
    writer: Writer,
    case_id: str,
    segments: list[tuple[str | None, int | None, int | None]],
) -> Segments:
    """Segments with what a case leaves unsaid: they join; the end of the last may stay open."""
    found: list[tuple[str, int, int | None]] = []
    for number, (rate, start, end) in enumerate(segments):
        if start is None:
            start = (found[-1][2] if found else 0) or 0
        if end is None:
            end = segments[number + 1][1] if number + 1 < len(segments) else None
        found.append((rate_id_of(writer, case_id, rate), start, end))
    return tuple(found)


def rate_id_of(writer: Writer, case_id: str, rate: str | None) -> str:
    for row in writer.tables.table("rates"):
        if rate and row["rate_id"].startswith(f"{case_id}:{rate}:"):
            return row["rate_id"]
    return ""


def voice_rating(cases: list[Case]) -> list[GoldenFolder]:
    """One folder per set of bands; cases without bands go with the first."""
    groups: dict[str, list[tuple[int, Case]]] = defaultdict(list)
    numbered = list(enumerate(cases, start=1))
    banded = sorted({bands_key(case) for case in cases} - {"[]"})
    for number, case in numbered:
        key = bands_key(case)
        groups[banded[0] if key == "[]" else key].append((number, case))
    folders = []
    for position, key in enumerate(sorted(groups), start=1):
        writer = Writer(time_zone="UTC", first_period=MONTH)
        add_bands(writer, json.loads(key))
        for number, case in groups[key]:
            convert_case(lambda n=number, w=writer, c=case: add_voice_case(w, c, n), case)
        if writer.case_ids:
            folders.append(single_state(f"voice_rating_{position}", NOVEMBER, writer))
    return folders


# Allowances ---------------------------------------------------------------------------------------


def move_month(case: Case, zone: ZoneInfo) -> Move:
    """To a month of as many days as the case's own: September or October 2026."""
    days = [instant(row["at"]).astimezone(zone).date() for row in case["given"]["usage"]]
    begin = min(days).replace(day=1)
    length = (begin + timedelta(days=31)).replace(day=1) - begin
    target = MONTH if length.days == 31 else date(2026, 9, 1)
    return Move(zone, (target - begin).days)


def add_allowance_case(writer: Writer, case: Case, case_number: int) -> None:
    given, case_id = case["given"], case["id"]
    move = move_month(case, writer.zone)
    period_end = (
        move.moment(given["usage"][0]["at"]).date().replace(day=1) + timedelta(31)
    ).replace(day=1)
    account_id = writer.account(case_id)
    card = f"{case_id}/card"
    service = "data" if any(a["unit"] == "byte" for a in given["allowances"]) else "voice"
    zones = {}
    for position, rate in enumerate(given["rates"]):
        zones[rate["id"]] = f"{case_id}/{rate['id']}" if service == "voice" else "*"
        writer.add("prefixes", prefix=f"8{case_number:03d}{position}", zone=zones[rate["id"]])
        bound = "0"
        for tier in rate["tiers"]:
            writer.add(
                "rates",
                rate_id=f"{case_id}:{rate['id']}:{bound}",
                rate_card_id=card,
                service=service,
                visited_zone="*",
                zone=zones[rate["id"]],
                band="*",
                price=tier["price"],
                per=tier["per"],
                first_increment=tier["increment"],
                next_increment=tier["increment"],
                connection_fee=rate.get("connect_fee"),
                tier_from=bound,
                charge_name=f"{case_id} {rate['id']}",
            )
            bound = tier["up_to"]
    plan = writer.plan(f"{case_id}/plan", card)
    names = sorted({usage["subscriber"] for usage in given["usage"]})
    subscriptions = {name: writer.subscription(account_id, name) for name in names}
    for subscription_id in subscriptions.values():
        writer.hold(account_id, subscription_id, plan)
    for allowance in given["allowances"]:
        add_allowance(writer, case_id, account_id, allowance, zones, subscriptions, move, service)
    expected = {row["id"]: row for row in case["expect"].get("usage") or ()}
    event_ids = []
    for usage in given["usage"]:
        position = list(zones).index(usage["rate"])
        event_id = writer.event(
            case_id,
            usage["id"],
            subscriptions[usage["subscriber"]],
            service=service,
            started_at=move.moment(usage["at"]),
            quantity=usage["quantity"],
            called=f"+8{case_number:03d}{position}55" if service == "voice" else "",
        )
        event_ids.append(event_id)
        row = expected.get(usage["id"], {})
        for key, measure in (
            ("amount", "event_amount"),
            ("from_allowance", "event_covered"),
            ("overage", "event_tail"),
        ):
            if row.get(key) is not None:
                name = f"usage.{usage['id']}.{key}"
                writer.expect(case_id, name, measure, [event_id], row[key])
    for allowance_id, left in (case["expect"].get("remaining") or {}).items():
        key = [account_id, f"{case_id}/{allowance_id}", period_end]
        writer.expect(case_id, f"remaining.{allowance_id}", "allowance_left", key, left)
    for key, measure in (("total", "event_amount"), ("total_overage", "event_tail")):
        if case["expect"].get(key) is not None:
            writer.expect(case_id, key, measure, event_ids, case["expect"][key])


def add_allowance(
    writer: Writer,
    case_id: str,
    account_id: str,
    allowance: dict[str, Any],
    zones: dict[str, str],
    subscriptions: dict[str, str],
    move: Move,
    service: str,
) -> None:
    """A bundle is a product with one allowance, held by those whom the case names."""
    product_id = writer.product(f"{case_id}/{allowance['id']}")
    covers = sorted({zones[name] for name in allowance.get("covers") or ()}) or ["*"]
    writer.add(
        "allowances",
        allowance_id=f"{case_id}/{allowance['id']}",
        product_id=product_id,
        name=allowance["id"],
        service=service,
        quantity=allowance["amount"],
        unit="byte" if service == "data" else "second",
        increment=allowance.get("increment"),
        priority=allowance.get("priority"),
        scope="account" if allowance["scope"] == "pooled" else "subscription",
        zones=";".join(covers),
        visited_zones="*",
    )
    held = {
        "valid_from": move.day(allowance.get("valid_from")),
        "valid_to": move.day(allowance.get("valid_to")),
    }
    if held["valid_to"] and held["valid_to"] > JANUARY:
        held["valid_to"] = None
    if allowance["scope"] == "account":
        writer.hold(account_id, "", product_id, **held)
        return
    owners = [allowance["owner"]] if allowance.get("owner") else list(subscriptions)
    shares = int(allowance.get("multiplier") or len(owners))
    for position, owner in enumerate(owners):
        quantity = shares - len(owners) + 1 if position == len(owners) - 1 else 1
        writer.hold(account_id, subscriptions[owner], product_id, quantity=quantity, **held)


def allowance(cases: list[Case]) -> list[GoldenFolder]:
    """One folder per time zone."""
    folders = []
    for zone in sorted({case["given"]["timezone"] for case in cases}):
        writer = Writer(time_zone=zone, first_period=date(2026, 9, 1))
        for number, case in enumerate(cases, start=1):
            if case["given"]["timezone"] == zone:
                convert_case(lambda n=number, w=writer, c=case: add_allowance_case(w, c, n), case)
        name = f"allowance_{zone.rsplit('/', 1)[-1].lower()}"
        folders.append(single_state(name, NOVEMBER, writer))
    return folders


# Pricing models -----------------------------------------------------------------------------------


def quantity_scale(given: Case, results: list[Case]) -> int:
    """What makes every quantity, bound and block of a case a whole number."""
    exact = [
        Fraction(str(row[key])) for row in results for key in row if key not in ("amount", "each")
    ]
    for item in [given, *(given.get("items") or ())]:
        for tier in item.get("tiers") or []:
            exact += [Fraction(tier[key]) for key in ("up_to", "block") if tier.get(key)]
    scale = 1
    while any((value * scale).denominator != 1 for value in exact):
        scale *= 10
    return scale


def pricing_rows(model: Case, scale: int) -> list[dict[str, Any]]:
    """The rate rows of a pricing model, for quantities multiplied by `scale`."""
    kind = model["model"]
    if kind == "unit":
        conversion = model.get("unit_conversion")
        if conversion:
            per = int(conversion["divide_by"]) * scale
            return [{"price": model["unit_price"], "per": per, "tier_mode": "package"}]
        return [{"price": model["unit_price"], "per": scale}]
    if kind == "package":
        per = int(model["package_size"]) * scale
        return [{"price": model["package_price"], "per": per, "tier_mode": "package"}]
    if kind == "percentage":
        price = decimal(Fraction(model["rate_percent"]) / 100)
        return [{"price": price, "per": scale, "connection_fee": model.get("fixed_fee")}]
    rows = []
    bound = Fraction(0)
    blocks = any(tier.get("block") for tier in model["tiers"])
    mode = "volume" if kind == "volume" else "graduated"
    if blocks and (mode == "graduated" or len(model["tiers"]) == 1):
        mode = "package"
    first = Fraction(model["tiers"][0].get("block") or 1) * scale
    for tier in model["tiers"]:
        percent = tier.get("rate_percent")
        price = decimal(Fraction(percent) / 100) if percent else tier.get("unit_price")
        per = Fraction(scale)
        increment = 1
        if tier.get("block"):
            price, per = tier["block_price"], Fraction(tier["block"]) * scale
            increment = int(first) if mode == "volume" else 1
        rows.append(
            {
                "price": price,
                "per": int(per),
                "tier_from": int(bound * scale),
                "tier_mode": mode,
                "tier_fee": tier.get("flat_fee"),
                "first_increment": increment,
                "next_increment": increment,
                "connection_fee": model.get("access_fee"),
            }
        )
        if tier.get("up_to") is None:
            break
        bound = Fraction(tier["up_to"])
    return rows


def add_pricing_case(writer: Writer, case: Case, case_number: int) -> None:
    """Quantities are messages; each result is a line of its own, in the order given."""
    given, case_id = case["given"], case["id"]
    account_id = writer.account(case_id)
    results = pricing_results(case)
    items = given.get("items") or [{"id": "quantity", **given}]
    scale = quantity_scale(given, results)
    card = f"{case_id}/card"
    for position, item in enumerate(items):
        writer.add(
            "prefixes", prefix=f"8{case_number:03d}{position}", zone=f"{case_id}/{item['id']}"
        )
        for row in pricing_rows(item, scale):
            writer.add(
                "rates",
                rate_id=f"{case_id}:{item['id']}:{row.get('tier_from', 0)}",
                rate_card_id=card,
                service="sms",
                visited_zone="*",
                zone=f"{case_id}/{item['id']}",
                band="*",
                charge_name=f"{case_id} {item['id']}",
                **row,
            )
    plan = writer.plan(f"{case_id}/plan", card)
    free = int(given.get("free_units") or 0) * scale
    if given.get("free_transactions"):
        free = sum(int(value) for value in given["transactions"][: int(given["free_transactions"])])
    if free:
        writer.add(
            "allowances",
            allowance_id=f"{case_id}/free",
            product_id=plan,
            name="free",
            service="sms",
            quantity=free,
            zones="*",
            visited_zones="*",
        )
    subscription_id = ""
    at = datetime(2026, 10, 5, 12, tzinfo=writer.zone)
    running = any("already_used" in row for row in results)
    for number, row in enumerate(results, start=1):
        if not subscription_id or not running:
            subscription_id = writer.subscription(account_id, f"{number}")
            writer.hold(account_id, subscription_id, plan)
            at = datetime(2026, 10, 5, 12, tzinfo=writer.zone)
        used = Fraction(str(row.get("already_used", 0)))
        if used and number == 1:
            writer.event(
                case_id,
                "before",
                subscription_id,
                service="sms",
                started_at=at,
                quantity=int(used * scale),
                called=f"+8{case_number:03d}055",
            )
        event_ids = []
        for position, item in enumerate(items):
            for turn, quantity in enumerate(row.get("each") or [row[item["id"]]]):
                at += timedelta(minutes=1)
                event_ids.append(
                    writer.event(
                        case_id,
                        f"{number}.{item['id']}.{turn}",
                        subscription_id,
                        service="sms",
                        started_at=at,
                        quantity=int(Fraction(str(quantity)) * scale),
                        called=f"+8{case_number:03d}{position}55",
                    )
                )
        name = f"results.{number}.amount"
        if given.get("rounding"):
            key = [account_id, subscription_id, "usage", None, None]
            writer.expect(case_id, name, "lines", key, row["amount"])
        else:
            writer.expect(case_id, name, "event_amount", event_ids, row["amount"])
    if given.get("already_invoiced"):
        key = [account_id, None, None, None, None]
        writer.expect(case_id, "amount_due", "lines", key, case["expect"]["amount_due"], state=1)


def pricing_results(case: Case) -> list[Case]:
    """Quantity and amount, one or several; transactions are events of one line."""
    given, expect = case["given"], case["expect"]
    if expect.get("results"):
        return expect["results"]
    each = given.get("transactions")
    if each is None:
        count = int(given["transaction_count"])
        each = [str(Fraction(given["total"]) / count)] * count
    return [
        {"quantity": str(sum(Fraction(e) for e in each)), "each": each, "amount": expect["amount"]}
    ]


def pricing_models(cases: list[Case]) -> list[GoldenFolder]:
    """One folder; its second draft, after issue, is empty."""
    writer = Writer(time_zone="UTC", first_period=MONTH)
    for number, case in enumerate(cases, start=1):
        convert_case(lambda n=number, c=case: add_pricing_case(writer, c, n), case)
    folder = single_state("pricing_models", NOVEMBER, writer)
    folder.states.append((NOVEMBER, writer.tables))
    return [folder]


# Proration ----------------------------------------------------------------------------------------


FIRST_YEAR = 2019
INTERVALS = {"month": 1, "quarter": 3, "year": 12}


@dataclass
class HeldPlan:
    """A plan of a case from a day to a day, on a billing day of its own."""

    name: str
    plan: str
    price: Fraction
    months: int
    start: date
    end: date | None
    billed_to: date
    anchor: int
    interval_from: date
    prorated: bool = True
    credited: bool = False


@dataclass
class ExpectedLine:
    name: str
    """Which held plan."""
    kind: str
    start: date
    end: date
    period: tuple[date, date]
    amount: Fraction


def a_day(text: str) -> date:
    return date.fromisoformat(text[:10])


def proration_scale(case: Case) -> int:
    return 10 ** max(int(case["given"]["rounding"]["places"]) - 2, 0)


def held_from_events(case: Case) -> tuple[list[HeldPlan], list[ExpectedLine]]:
    """Plans by their events: start, change, cancel, pause, resume; each on its billing day."""
    given = case["given"]
    plans = {plan["id"]: plan for plan in given["plans"]}
    lines = [
        ExpectedLine(
            name=f"{row.get('subscription') or ''}{row['plan']}",
            kind=row["kind"],
            start=a_day(row["from"]),
            end=a_day(row["to"]),
            period=(a_day(row["period_from"]), a_day(row["period_to"])),
            amount=Fraction(row["amount"]),
        )
        for row in case["expect"]["lines"]
    ]
    spans: list[tuple[str, str, date, date | None]] = []
    opened: dict[str, tuple[str, date]] = {}
    for event in given["events"]:
        day, kind, line = a_day(event["date"]), event["type"], event.get("subscription") or ""
        if kind in ("start", "running") and line == "" and line in opened and len(plans) > 2:
            spans.append((f"{line}{opened[line][0]}", *opened.pop(line), None))
        if kind in ("change", "cancel", "pause") and line in opened:
            spans.append((f"{line}{opened[line][0]}", *opened[line], day))
            if kind != "pause":
                del opened[line]
        if kind in ("start", "running", "change"):
            plan = event["plan"]
            if plan in plans:
                trial = timedelta(days=plans[plan].get("trial_days") or 0)
                opened[line] = (plan, day + (trial if kind == "start" else timedelta(0)))
        if kind == "resume":
            opened[line] = (opened[line][0], day)
    for line, (plan, day) in opened.items():
        spans.append((f"{line}{plan}", plan, day, None))
    billed = given.get("already_billed_through")
    if not given["events"] or billed:
        spans = [
            (line.name, line.name, min(x.start for x in lines if x.name == line.name), None)
            for line in {one.name: one for one in lines}.values()
        ]
    held = []
    for name, plan, start, end in spans:
        mine = [
            one
            for one in lines
            if one.name == name
            and (end is None or one.start < end or one.kind == "credit")
            and one.end > start
        ]
        if not mine:
            continue
        row = plans[plan]
        if row["interval"] not in INTERVALS:
            raise Unconvertible("a period that is no number of months")
        held.append(
            HeldPlan(
                name=name,
                plan=plan,
                price=Fraction(row["price"]),
                months=INTERVALS[row["interval"]],
                start=max(start, min(one.start for one in mine if one.kind == "charge"))
                if given["billing"] == "arrears" or billed
                else start,
                end=end,
                billed_to=max(one.end for one in mine),
                anchor=mine[0].period[0].day,
                interval_from=mine[0].period[0],
                prorated=row.get("prorated", True),
                credited=any(one.kind == "credit" for one in mine),
            )
        )
    return held, lines


def held_from_fractions(case: Case) -> tuple[list[HeldPlan], list[ExpectedLine]]:
    """Cases that state fractions of a period: a price of one gives them back."""
    given, expect = case["given"], case["expect"]
    held: list[HeldPlan] = []
    lines: list[ExpectedLine] = []
    if given.get("periods"):
        for number, (row, share) in enumerate(
            zip(given["periods"], expect["fractions"], strict=True)
        ):
            start, end, begin, stop = (
                a_day(row[key]) for key in ("from", "to", "period_from", "period_to")
            )
            name = f"p{number}"
            held.append(HeldPlan(name, name, Fraction(1), 1, start, end, end, begin.day, begin))
            lines.append(ExpectedLine(name, "charge", start, end, (begin, stop), Fraction(share)))
        return held, lines
    months = INTERVALS[given["interval"]]
    for subscription, wanted in zip(given["subscriptions"], expect["subscriptions"], strict=True):
        name = f"s{subscription['id']}"
        for row in wanted["lines"]:
            part, whole = row["fraction"].split("/")
            lines.append(
                ExpectedLine(
                    name,
                    "charge",
                    a_day(row["from"]),
                    a_day(row["to"]),
                    (a_day(row["period_from"]), a_day(row["period_to"])),
                    rounded(Fraction(int(part), int(whole)), 9),
                )
            )
        mine = [one for one in lines if one.name == name]
        end = subscription["end"] and a_day(subscription["end"])
        billed_to = max(one.end for one in mine)
        held.append(
            HeldPlan(
                name,
                name,
                Fraction(1),
                months,
                a_day(subscription["start"]),
                min(end or billed_to, billed_to),
                billed_to,
                mine[0].period[0].day if mine[0].period[0].day < 29 else 29,
                mine[0].period[0],
            )
        )
    return held, lines


def rounded(value: Fraction, digits: int) -> Fraction:
    """Half up, for positive values."""
    scaled = value * 10**digits
    return Fraction(
        (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator), 10**digits
    )


@dataclass(frozen=True)
class Days:
    """Moves a case back to cycle day 1, then by whole leap cycles of four years."""

    back: int
    years: int

    def __call__(self, day: date) -> date:
        moved = day - timedelta(days=self.back)
        return moved.replace(year=moved.year + self.years)


def add_proration_case(before: Writer, after: Writer, case: Case) -> None:
    """The first state is what was known before plans ended early, the second what is known then."""
    given, case_id = case["given"], case["id"]
    held, lines = (held_from_events if given.get("events") is not None else held_from_fractions)(
        case
    )
    if any(one.period[0].day > 28 or one.period[1].day > 28 for one in lines):
        raise Unconvertible("a billing day after the 28th")
    scale = proration_scale(case)
    moves = given["day_count"] != "fixed_30"
    percent = case["expect"].get("tax_percent")
    category = f"tax{percent}" if percent else None
    accounts: dict[int, str] = {}
    ids: dict[str, list[tuple[HeldPlan, str, str, Days]]] = defaultdict(list)
    years = 4 * -((min(one.period[0].year for one in lines) - FIRST_YEAR) // 4)
    for plan in held:
        move = Days(plan.anchor - 1 if moves else 0, years)
        account_id = f"{case_id}/{plan.anchor}"
        for writer, end in (
            (before, plan.billed_to if plan.credited or plan.end is None else plan.end),
            (after, plan.end or plan.billed_to),
        ):
            if plan.anchor not in accounts:
                writer.account(
                    case_id, cycle_day=1 if moves else plan.anchor, account_id=account_id
                )
            number = len(ids[plan.name])
            subscription_id = writer.subscription(account_id, f"{plan.name}{number}")
            product_id = f"{case_id}/{plan.name}{number}"
            writer.product(
                product_id,
                charge=given.get("billing") or "advance",
                price=decimal(plan.price * scale),
                interval_months=plan.months,
                proration="daily" if plan.prorated else "none",
                tax_category=category,
            )
            held_id = writer.hold(
                account_id,
                subscription_id,
                product_id,
                interval_from=move(plan.interval_from) if plan.months > 1 else None,
                valid_from=move(plan.start),
                valid_to=move(end),
            )
        accounts[plan.anchor] = account_id
        ids[plan.name].append((plan, account_id, held_id, move))
    for number, line in enumerate(lines, start=1):
        plan, account_id, held_id, move = next(
            one
            for one in ids[line.name]
            if one[0].start < line.end
            and (
                line.kind == "credit"
                or one[0].end is None
                or line.start < one[0].end
                or one[0].credited
            )
        )
        after.expect(
            case_id,
            f"lines.{number}.amount",
            "lines",
            [account_id, None, "recurring", held_id, move(line.period[0])],
            line.amount * scale,
            state=1 if line.kind == "credit" else 0,
        )
    expect_proration_tax(after, case, accounts)


def expect_proration_tax(writer: Writer, case: Case, accounts: dict[int, str]) -> None:
    """Cases that state the tax of the bill and of the credit."""
    for state, (tax, gross) in enumerate(
        zip(case["expect"].get("taxes") or (), case["expect"].get("gross") or (), strict=True)
    ):
        account_id = next(iter(accounts.values()))
        name = f"taxes.{state + 1}"
        writer.expect(case["id"], name, "draft", [account_id, "amount_tax"], tax, state=state)
        writer.expect(
            case["id"],
            f"gross.{state + 1}",
            "draft",
            [account_id, "amount_total"],
            gross,
            state=state,
        )


def proration(cases: list[Case]) -> list[GoldenFolder]:
    """True days; 30-day months (on their own billing days); a currency without decimals."""
    folders = []
    for name, kind, currency in (
        ("proration_actual", "actual", "EUR"),
        ("proration_fixed_30", "fixed_30", "EUR"),
        ("proration_no_decimals", "actual", "JPY"),
    ):
        chosen = [
            case
            for case in cases
            if (case["given"]["day_count"] == "fixed_30") == (kind == "fixed_30")
            and (case["given"].get("currency") == "JPY") == (currency == "JPY")
        ]
        cycle_days = (1,)
        if kind == "fixed_30":
            cycle_days = (15, 23)
        writers = [
            Writer(
                time_zone="UTC",
                currency=currency,
                day_count=kind,
                cycle_days=cycle_days,
                first_period=date(FIRST_YEAR - 1, 1, 1),
                lookback_periods=120,
            )
            for _ in range(2)
        ]
        for writer in writers:
            writer.add(
                "taxes",
                jurisdiction="FR",
                tax_category="tax20",
                tax_id="vat",
                name="VAT",
                rate_percent="20",
                sequence=1,
            )
        for case in chosen:
            convert_case(lambda w=writers, c=case: add_proration_case(w[0], w[1], c), case)
        before, after = writers
        expected = after.expected
        states: list[tuple[date, Tables]] = []
        for tables, month in ((before.tables, 1), (after.tables, 2)):
            states += [(date(2026, month, day), tables) for day in cycle_days]
        if len(cycle_days) > 1:
            days = {row["account_id"]: row["cycle_day"] for row in after.tables.table("accounts")}
            expected = [on_cycle_day(row, days, cycle_days) for row in expected]
        folders.append(GoldenFolder(name, states, expected, after.case_ids))
    return folders


def on_cycle_day(row: Expected, days: dict[str, int], cycle_days: tuple[int, ...]) -> Expected:
    """The run of an account's own day, where a state has a run for each."""
    position = row.state * len(cycle_days) + cycle_days.index(days[str(row.key[0])])
    return Expected(
        row.case_id, row.field, position, row.measure, row.key, row.value, row.tolerance
    )


# Discounts, credits, taxes ------------------------------------------------------------------------


class States:
    """Writers of the same folder at several bill dates: what is not named applies to all."""

    def __init__(self, bill_dates: list[date], **operator: Any) -> None:
        self.bill_dates = bill_dates
        self.writers = [Writer(**operator) for _ in bill_dates]

    def each(self, work: Callable[[Writer, int], Any]) -> None:
        for number, writer in enumerate(self.writers):
            work(writer, number)

    def folder(self, name: str) -> GoldenFolder:
        last = self.writers[-1]
        states = [
            (day, writer.tables) for day, writer in zip(self.bill_dates, self.writers, strict=True)
        ]
        return GoldenFolder(name, states, last.expected, last.case_ids)


def add_document_case(writer: Writer, case: Case, state: int, *, last: bool) -> None:
    """Lines are products of October, billed on 1 November; credited ones are gone afterwards."""
    given, case_id = case["given"], case["id"]
    scale = 10**7 if given.get("tax_rounding") == "none" else 1
    account_id = writer.account(case_id)
    subscription_id = writer.subscription(account_id, "line")
    used = {tuple(line.get("taxes") or ()) for line in given["lines"]}
    percents = {tax["id"]: tax["percent"] for tax in given.get("taxes") or ()}
    for taxes in sorted(used - {()}):
        for tax_id in taxes:
            writer.add(
                "taxes",
                jurisdiction="FR",
                tax_category=f"{case_id}/{'+'.join(taxes)}",
                tax_id=f"{case_id}/{tax_id}",
                name=tax_id,
                rate_percent=percents[tax_id],
                sequence=1 + list(percents).index(tax_id),
                compound=False,
            )
    credited: dict[str, tuple[int, str | None]] = {}
    for number, note in enumerate(given.get("credit_notes") or [], start=1):
        for item in note["items"]:
            credited[item["line"]] = (number, note.get("unused_fraction"))
    held_ids = {}
    for line in given["lines"]:
        taxes = line.get("taxes") or ()
        at, fraction = credited.get(line["id"], (0, None))
        terminated = fraction is not None
        product_id = writer.product(
            f"{case_id}/{line['id']}",
            charge="advance" if terminated else "arrears",
            price=exact_price(Fraction(line["amount"]) * scale),
            proration="daily" if terminated else "none",
            tax_category=f"{case_id}/{'+'.join(taxes)}" if taxes else None,
        )
        begin, end = MONTH, NOVEMBER
        if terminated and fraction is not None:
            begin, end = NOVEMBER, DECEMBER
            if state >= at:
                part, whole = (int(number) for number in fraction.split("/"))
                end = begin + timedelta(days=whole - part)
        elif at and state >= at:
            begin, end = MARCH, date(2027, 4, 1)
        held_ids[line["id"]] = writer.hold(
            account_id, subscription_id, product_id, valid_from=begin, valid_to=end
        )
    for number, discount in enumerate(given.get("discounts") or [], start=1):
        lines = (discount.get("applies_to") or {}).get("lines")
        writer.add(
            "discounts",
            discount_id=f"{case_id}/{discount['id']}",
            name=discount["id"],
            kind="amount" if discount["type"] == "fixed" else "percent",
            value=discount["value"],
            applies_to=";".join(f"{case_id}/{line}" for line in lines) if lines else "recurring",
            sequence=number,
        )
        writer.add(
            "subscribed_discounts",
            account_id=account_id,
            subscription_id=subscription_id,
            discount_id=f"{case_id}/{discount['id']}",
        )
    for number, credit in enumerate(given.get("prepaid_credits") or ()):
        add_payment(writer, account_id, number, credit["amount"])
    if last:
        expect_document(writer, case, account_id, scale)


def exact_price(value: Fraction) -> str:
    """A price within the twelve decimals of a price column."""
    return decimal(Fraction(round(value * 10**12), 10**12))


def add_payment(writer: Writer, account_id: str, number: int, amount: str) -> None:
    writer.add(
        "payments",
        payment_id=f"{account_id}/{number}",
        account_id=account_id,
        received_on=date(2026, 10, 15),
        amount=amount,
        method="transfer",
        reference="prepaid",
    )


def expect_document(writer: Writer, case: Case, account_id: str, scale: int) -> None:
    case_id, expect = case["id"], case["expect"]
    tolerance = MILLIONTH * scale if scale > 1 else Fraction(0)
    any_line = [None, None, None]

    def expected(
        name: str, measure: str, key: list[Any], value: Fraction | str, state: int = 0
    ) -> None:
        writer.expect(
            case_id,
            name,
            measure,
            [account_id, *key],
            Fraction(value) * scale,
            state=state,
            tolerance=tolerance,
        )

    if expect.get("discount_total") is not None:
        total = -Fraction(expect["discount_total"])
        expected("discount_total", "lines", [None, "discount", None, None], total)
    if expect.get("subtotal") is not None:
        key = [None, "recurring", None, None]
        expected("subtotal", "lines", key, expect["subtotal"])
    for row in expect.get("discounts") or []:
        key = [None, "discount", f"{case_id}/{row['id']}", None]
        expected(f"discounts.{row['id']}", "lines", key, -Fraction(row["amount"]))
    if expect.get("net") is not None:
        expected("net", "lines", [None, *any_line], expect["net"])
    for row in expect.get("taxes") or []:
        for name, column in (("amount", "amount_tax"), ("base", "taxable_amount")):
            if row.get(name) is not None:
                key = [f"{case_id}/{row['id']}", column]
                expected(f"taxes.{row['id']}.{name}", "taxes", key, row[name])
    if expect.get("tax_total") is not None:
        expected("tax_total", "draft", ["amount_tax"], expect["tax_total"])
    if expect.get("total") is not None:
        prepaid = bool(case["given"].get("prepaid_credits"))
        expected("total", "draft", ["amount_due" if prepaid else "amount_total"], expect["total"])
    if case["given"].get("prepaid_credits"):
        for row in expect["lines"]:
            raise_only_if_missing(row, "amount_due")
    for state, note in enumerate(expect.get("credit_notes") or [], start=1):
        for name, column in (
            ("net", "amount_net"),
            ("tax", "amount_tax"),
            ("total", "amount_total"),
        ):
            value = -Fraction(note[name])
            expected(f"credit_notes.{note['id']}.{name}", "draft", [column], value, state)


def raise_only_if_missing(row: dict[str, Any], name: str) -> None:
    """What is due of one line is no figure of a bill (6.4): only the document's is compared."""
    if name not in row:
        raise Unconvertible(f"a line without {name}")


def discount_credit_tax(cases: list[Case]) -> list[GoldenFolder]:
    states = States([NOVEMBER, DECEMBER, JANUARY], time_zone="UTC", first_period=MONTH)
    for case in cases:
        convert_case(
            lambda c=case: states.each(
                lambda writer, number: add_document_case(
                    writer, c, number, last=number == len(states.writers) - 1
                )
            ),
            case,
        )
    return [states.folder("discount_credit_tax")]


# Minimums and caps --------------------------------------------------------------------------------


def add_commitment_case(writer: Writer, case: Case, case_number: int) -> None:
    """A minimum is the plan's `minimum_spend` on recurring charges, a maximum its `spend_cap`."""
    given, case_id = case["given"], case["id"]
    account_id = writer.account(case_id)
    subscription_id = writer.subscription(account_id, "line")
    category = None
    if given.get("tax_percent"):
        category = f"{case_id}/tax"
        writer.add(
            "taxes",
            jurisdiction="FR",
            tax_category=category,
            tax_id="vat",
            name="VAT",
            rate_percent=given["tax_percent"],
            sequence=1,
        )
    begin, end, state = commitment_period(given)
    is_over = given.get("final_invoice_of_period", True)
    if not is_over:
        begin, end = NOVEMBER, DECEMBER
    card = f"{case_id}/card"
    plan = writer.plan(
        f"{case_id}/plan",
        card,
        minimum_spend=given.get("minimum"),
        spend_cap=given.get("maximum"),
        tax_category=category,
    )
    writer.hold(account_id, subscription_id, plan, valid_from=begin, valid_to=end)
    usage = [("before", given["billed_before"])] if given.get("billed_before") else []
    if given.get("per_usage"):
        usage = [("usage", given["charge"])]
    elif given.get("maximum"):
        usage += [(row["id"], row["amount"]) for row in given["charges"]]
    for position, (name, amount) in enumerate(usage or [("none", "0")]):
        zone = f"{case_id}/{position}"
        writer.add("prefixes", prefix=f"8{case_number:03d}{position}", zone=zone)
        writer.add(
            "rates",
            rate_card_id=card,
            service="sms",
            visited_zone="*",
            zone=zone,
            band="*",
            price=amount,
            charge_name=f"{case_id} {position} {name}",
            minimum_charge=given.get("minimum_per_usage"),
        )
        if not usage:
            break
        writer.event(
            case_id,
            f"{position}",
            subscription_id,
            service="sms",
            started_at=datetime(2026, 10, 5, 12, position, tzinfo=writer.zone),
            quantity=1,
            called=f"+8{case_number:03d}{position}55",
        )
    for row in given.get("charges") or () if not given.get("maximum") else ():
        counts = row.get("counts", True)
        product_id = writer.product(
            f"{case_id}/{row['id']}",
            charge="arrears" if counts and is_over else "advance",
            price=row["amount"],
            proration="none",
            tax_category=category,
        )
        start, stop = (begin, end) if counts else (NOVEMBER, DECEMBER)
        writer.hold(account_id, subscription_id, product_id, valid_from=start, valid_to=stop)
    for number, amount in enumerate(given.get("prepaid_credits") or ()):
        add_payment(writer, account_id, number, amount)
    expect_commitment(writer, case, account_id, state)


def commitment_period(given: Case) -> tuple[date, date, int]:
    """October of 31 days, or February of 28: days held, and the run that bills them."""
    period = given.get("period")
    if period is None:
        return MONTH, NOVEMBER, 0
    start, end, begin, stop = (
        a_day(period[key]) for key in ("from", "to", "period_from", "period_to")
    )
    whole = (stop - begin).days
    if whole > 31:
        raise Unconvertible("a minimum over several billing periods")
    base, state = (date(2027, 2, 1), 1) if whole == 28 else (MONTH, 0)
    if (start, end) == (begin, stop):
        return base, NOVEMBER if base == MONTH else MARCH, state
    return base + (start - begin), base + (end - begin), state


def expect_commitment(writer: Writer, case: Case, account_id: str, state: int) -> None:
    given, case_id, expect = case["given"], case["id"], case["expect"]

    def lines(name: str, kind: str | None, value: Fraction | str) -> None:
        key = [account_id, None, kind, None, None]
        writer.expect(case_id, name, "lines", key, Fraction(value), state=state)

    if expect.get("true_up") is not None:
        lines("true_up", "minimum_top_up", expect["true_up"])
    if expect.get("minimum_prorated") is not None:
        lines("minimum_prorated", None, expect["minimum_prorated"])
    if expect.get("lines"):
        cut = sum((Fraction(row["cap_discount"]) for row in expect["lines"]), Fraction(0))
        left = sum((Fraction(row["amount"]) for row in expect["lines"]), Fraction(0))
        lines("lines.cap_discount", "cap_credit", -cut)
        before = rounded(Fraction(given.get("billed_before") or 0), 2)
        lines("lines.amount", None, left + before)
    for name, column in (
        ("total", "amount_net"),
        ("tax_total", "amount_tax"),
        ("amount_due", "amount_due"),
    ):
        if expect.get(name) is not None:
            writer.expect(case_id, name, "draft", [account_id, column], expect[name], state=state)
    if expect.get("amount") is not None:
        writer.expect(case_id, "amount", "event_amount", [f"core:{case_id}/0"], expect["amount"])


def commitment_caps(cases: list[Case]) -> list[GoldenFolder]:
    """Bill dates of a month of 31 days and of one of 28."""
    writer = Writer(time_zone="UTC", first_period=MONTH, lookback_periods=5)
    for number, case in enumerate(cases, start=1):
        convert_case(lambda n=number, c=case: add_commitment_case(writer, c, n), case)
    folder = single_state("commitment_caps", NOVEMBER, writer)
    folder.states.append((MARCH, writer.tables))
    return [folder]


# All ----------------------------------------------------------------------------------------------


def single_state(name: str, bill_date: date, writer: Writer) -> GoldenFolder:
    return GoldenFolder(name, [(bill_date, writer.tables)], writer.expected, writer.case_ids)


def convert_case(work: Callable[[], Any], case: Case) -> None:
    """Convert a case, or leave it out: its reason then stands in exceptions.yaml."""
    if not case["portable"]:
        return
    try:
        work()
    except Unconvertible:
        return


def read_cases(folder: Path, kind: str) -> list[Case]:
    return json.loads((folder / f"{kind}.json").read_text(encoding="utf-8"))


def convert(folder: Path, kind: str) -> list[GoldenFolder]:
    """All the folders of one file of cases."""
    cases = read_cases(folder, kind)
    folders = {
        "voice_rating": voice_rating,
        "allowance": allowance,
        "pricing_models": pricing_models,
        "proration": proration,
        "discount_credit_tax": discount_credit_tax,
        "commitment_caps": commitment_caps,
    }[kind](cases)
    for one in folders:
        last = max(expected.state for expected in one.expected)
        del one.states[last + 1 :]
    return folders
