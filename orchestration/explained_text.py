"""Rows of an explanation in words: amounts with currency, quantities, instants, places in files.

Everything here is text from text: values arrive as `summaries.rows` gives them (decimals and dates
as strings), and no figure is made that the row does not hold.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from orchestration.summaries import Row

BYTE_UNITS = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
# How the catalogue and the customer tables write "since ever" and "open".
SINCE_EVER, OPEN = "0001-01-01", "9999-12-31"


def number(text: str | int | None) -> str:
    """A number without the zeros that follow its last decimal."""
    text = "" if text is None else str(text)
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(amount: str | None, currency_code: str) -> str:
    """An amount with its currency: at least two decimals, further ones only where they count."""
    if amount is None:
        return "none"
    whole, _, decimals = amount.partition(".")
    decimals = decimals.rstrip("0").ljust(2, "0")
    return f"{whole}.{decimals} {currency_code}"


def quantity(base_units: str | int | None, unit: str) -> str:
    """Base units in human units, the base units beside them: `10 min 10 s (610 s)`."""
    if base_units is None:
        return "unlimited"
    count = int(Decimal(base_units))
    if unit == "second":
        return _duration(count)
    if unit == "byte":
        return _volume(count)
    return f"{count:,} message{'' if count == 1 else 's'}"


def _duration(seconds: int) -> str:
    if abs(seconds) < 120:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{n} {name}" for n, name in ((hours, "h"), (minutes, "min"), (rest, "s")) if n]
    return f"{' '.join(parts)} ({seconds:,} s)"


def _volume(count: int) -> str:
    for name, size in BYTE_UNITS:
        if abs(count) >= size:
            short = number(f"{(Decimal(count) / size).quantize(Decimal('0.001')):f}")
            return f"{short} {name} ({count:,} B)"
    return f"{count:,} B"


def per_units(per: int, unit: str) -> str:
    """What one price pays for: `60 s`, `1 MB`, `message`."""
    if unit == "second":
        return f"{per} s"
    if unit == "message":
        return "message" if per == 1 else f"{per} messages"
    for name, size in (*BYTE_UNITS, ("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if per >= size and per % size == 0:
            return f"{per // size} {name}"
    return f"{per:,} B"


def instant(local: str | None, utc: str | None) -> str:
    """A local instant with its offset from UTC: `2026-01-10 11:00:00 +01:00`."""
    if local is None or utc is None:
        return "no instant"
    clock = datetime.fromisoformat(local)
    offset = clock - datetime.fromisoformat(utc)
    sign = "-" if offset < timedelta(0) else "+"
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    shown = clock.isoformat(" ", "milliseconds" if clock.microsecond else "seconds")
    return f"{shown} {sign}{hours:02d}:{minutes:02d}"


def place(file: str | None, line: int | None) -> str:
    """A line of the operator folder; a row that stands there no more is said to be so."""
    return f"{file}:{line}" if line is not None else "row no longer in the folder"


def validity(valid_from: str | None, valid_to: str | None) -> str:
    """`since 2026-01-01`, `until 2026-06-01`, both, or `always valid`. The end is not included."""
    bounds = []
    if valid_from is not None and not valid_from.startswith(SINCE_EVER):
        bounds.append(f"since {_bound(valid_from)}")
    if valid_to is not None and not valid_to.startswith(OPEN):
        bounds.append(f"until {_bound(valid_to)}")
    return " ".join(bounds) or "always valid"


def _bound(text: str) -> str:
    """A date, or an instant in UTC."""
    return text if "T" not in text else text.replace("T", " ") + " UTC"


def counted(count: int, noun: str) -> str:
    """`1 event`, `1,234 events`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


# --- usage ---------------------------------------------------------------------------------------


def what_the_record_says(record: Row) -> str:
    """The line of the file in one sentence."""
    if record["content"] is not None:
        return record["content"]
    direction = "from" if record["direction"] == "terminating" else "to"
    said = [f"{record['service']} {record['direction']} of {record['subscriber']}"]
    if record["other_party"]:
        said.append(f"{direction} {record['other_party']}")
    said.append(f"at {instant(record['local_started_at'], record['started_at'])}")
    if record["duration_seconds"] is not None:
        said.append(f"for {number(record['duration_seconds'])} s")
    if record["service"] == "data":
        said.append(
            f"{record['bytes_uplink'] or 0:,} B up, {record['bytes_downlink'] or 0:,} B down"
        )
    if record["messages"] is not None:
        said.append(counted(record["messages"], "message"))
    for name in ("serving_network", "charging_id", "sequence", "disposition"):
        if record[name] is not None:
            said.append(f"{name} {record[name]}")
    return ", ".join(said)


def state_of(record: Row) -> str:
    """`suspended: no_rate`, `rated`."""
    return record["state"] + (f": {record['reason']}" if record["reason"] else "")


def subscription_of(event: Row) -> str:
    """Whose an event is, and by which identifier."""
    whose = f"{event['subscription_id']} of account {event['account_id']}, by "
    kind = event["subscriber_kind"]
    if event["identifier_line"] is None:
        return f"{whose}{kind} {event['subscriber']} (row no longer in the folder)"
    where = place(event["identifier_file"], event["identifier_line"])
    holds = validity(event["identifier_valid_from"], event["identifier_valid_to"])
    return f"{whose}{kind} {event['identifier']} ({where}, {holds})"


def called_number_of(event: Row) -> str:
    """As dialled, its digits, the prefix row, the zone and destination."""
    if event["zone"] is None:
        return "no zone: only originating calls and messages have one"
    matched = "short code" if event["is_short_code"] else "prefix"
    steps = [event["other_party"] or "no number"]
    if not event["is_short_code"] and event["called_digits"] != steps[0]:
        steps.append(event["called_digits"])
    row = place(event["prefix_file"], event["prefix_line"])
    steps.append(f"{matched} {event['prefix']} ({row})" if event["prefix"] else row)
    steps.append(f"zone {event['zone']}, {event['destination']}")
    return " → ".join(steps)


def network_of(event: Row) -> str:
    """The serving network, its row and the visited zone."""
    if event["serving_network"] is None:
        return f"none named: the operator's own → {event['visited_zone']}"
    row = place(event["network_file"], event["network_line"])
    found = f"network {event['network']} {event['network_country']} ({row})"
    return (
        f"{event['serving_network']} → {found if event['network'] else row} → "
        f"visited zone {event['visited_zone']}"
    )


def level_of(grant: Row, unit: str) -> str:
    """What a grant held when the event came, what the event drew, what is left."""
    before = f"used before {quantity(grant['used_before'], unit)}"
    drawn = f"drawn {quantity(grant['drawn'], unit)}"
    if grant["increment"] > 1:
        drawn += f" in increments of {quantity(grant['increment'], unit)}"
    if grant["is_unlimited"]:
        return f"unlimited; {before}; {drawn}"
    if grant["carried_in"] is None:
        return f"granted earlier, what was carried in is not known yet; {before}; {drawn}"
    held = f"granted {quantity(grant['granted'], unit)}"
    if grant["carried_in"]:
        held += f", carried in {quantity(grant['carried_in'], unit)}"
    return f"{held}; {before}; {drawn}; left {quantity(grant['rest'], unit)}"


def part_title(part: Row) -> str:
    """One part in one line: what it holds and what it costs."""
    unit, currency = part["unit"], part["currency_code"]
    held = quantity(part["quantity"], unit)
    if part["part_offset"]:
        held += f" from {quantity(part['part_offset'], unit)} on"
    if part["allowance_grant_id"] is not None:
        name = part["allowance_name"] or part["allowance_grant_id"]
        return f"part {part['part_number']}: {held}, included in {name}: {money('0', currency)}"
    return (
        f"part {part['part_number']}: {held}, billed as "
        f"{quantity(part['billed_quantity'], unit)}: {money(part['amount'], currency)}"
    )


def price_of(part: Row) -> str:
    """Billed units times price; a package is a price for every started `per`."""
    unit, currency = part["unit"], part["currency_code"]
    price = f"{money(part['price'], currency)} per {per_units(part['per'], unit)}"
    if part["tier_mode"] == "package":
        price += ", for every one begun"
    units = quantity(part["billed_quantity"], unit)
    return f"{units} × {price} = {money(part['usage_amount'], currency)}"


def increments_of(part: Row) -> str:
    """The increments that make billed units of the tail (3.4)."""
    if part["first_increment"] is None:
        return "row no longer in the folder"
    first, following = (
        quantity(part[n], part["unit"]) for n in ("first_increment", "next_increment")
    )
    return f"first {first}, then {following}"


def band_of(part: Row) -> str:
    """The band with its row, and the holiday."""
    holiday = f", holiday {part['holiday']}" if part["holiday"] else ""
    if part["band"] == "standard":
        return f"standard: no row of ratebook/bands.csv covers the moment{holiday}"
    return f"{part['band']} ({place(part['band_file'], part['band_line'])}){holiday}"


def rate_of(part: Row) -> str:
    """The rate row: card and why, what it is for, where it stands, when it holds."""
    if part["rate_line"] is None:
        return f"{part['rate_id']} (row no longer in the folder)"
    why = {
        "option": f"of option {part['product_id']}, which goes before the plan",
        "plan": f"of plan {part['product_id']}",
    }.get(part["product_kind"], f"of {part['product_id']}")
    matches = "/".join(
        part[f"rate_{name}"] for name in ("direction", "visited_zone", "zone", "band")
    )
    step = f", from {quantity(part['step_from'], part['unit'])} on" if part["step_from"] else ""
    changed = ""
    if part["is_rate_as_priced"] is False:
        changed = "; the row has another price now"
    return (
        f"card {part['rate_card_id']} {why}: {matches}{step} "
        f"({place(part['rate_file'], part['rate_line'])}, "
        f"{validity(part['rate_valid_from'], part['rate_valid_to'])}){changed}"
    )


def tier_of(part: Row) -> str | None:
    """The tier and its counter before and after the part; None without tiers."""
    if part["tier_counted_after"] is None:
        return None
    unit = part["unit"]
    return (
        f"{part['tier_mode']}, from {quantity(part['tier_from'], unit)}; counter "
        f"{quantity(part['tier_counted_before'], unit)} → "
        f"{quantity(part['tier_counted_after'], unit)}"
    )


FEES = (
    ("connection_fee", "connection fee"),
    ("tier_fee", "tier fee"),
    ("minimum_top_up", "top-up to minimum"),
    ("maximum_cut", "cut to maximum"),
    ("other_fees", "fees of an earlier rate row"),
)


def fees_of(part: Row) -> list[tuple[str, str]]:
    """Each fee in the part's amount, by name."""
    limits = {"minimum_top_up": part["minimum_charge"], "maximum_cut": part["maximum_charge"]}
    currency = part["currency_code"]
    return [
        (
            name,
            money(part[column], currency)
            + (f" (to {money(limits[column], currency)})" if limits.get(column) else ""),
        )
        for column, name in FEES
        if Decimal(part[column])
    ]


# --- charges -------------------------------------------------------------------------------------


def charge_quantity(row: Row) -> str:
    """The quantity of a charge or line in its unit."""
    unit = row["unit"] or ""
    if unit in ("second", "byte", "message"):
        return quantity(row["quantity"], unit)
    if unit == "each" or not unit:
        return number(row["quantity"])
    return f"{number(row['quantity'])} {unit}{'' if number(row['quantity']) == '1' else 's'}"


def stretch_of(row: Row) -> str:
    """The service period, and the stretch really charged where it is another one."""
    period = f"{row['period_start']} to {row['period_end']}"
    if (row["charged_from"], row["charged_to"]) == (row["period_start"], row["period_end"]):
        return period
    return f"{row['charged_from']} to {row['charged_to']} of {period}"


def facts_of_charge(row: Row) -> list[tuple[str, str]]:
    """What a charge was computed from, by kind (5)."""
    makers = {
        "recurring": _product_facts,
        "once": _product_facts,
        "instalment": _agreement_facts,
        "adjustment": _agreement_facts,
        "discount": _discount_facts,
        "cap_credit": _limit_facts,
        "minimum_top_up": _limit_facts,
        "late_fee": _late_fee_facts,
    }
    maker = makers.get(row["charge_kind"])
    return maker(row) if maker else []


def _product_facts(row: Row) -> list[tuple[str, str]]:
    currency = row["currency_code"]
    facts = [
        ("product", f"{row['product_id']} ({place(row['ratebook_file'], row['ratebook_line'])})"),
        ("price", f"{money(row['price'], currency)}, {row['due'] or 'unknown'}"),
        (
            "held as",
            f"{row['charge_id']} ({place(row['crm_file'], row['crm_line'])}, "
            f"{validity(row['held_from'], row['held_to'])})",
        ),
    ]
    if row["price_override"] is not None:
        facts.insert(2, ("own price", f"{money(row['price_override'], currency)}, goes before it"))
    if row["charged_days"] is not None:
        days = f"{row['charged_days']} of {row['period_days']}"
        unprorated = " (proration none: the whole price)" if row["proration"] == "none" else ""
        facts.append(("days", days + unprorated))
    return facts


def _agreement_facts(row: Row) -> list[tuple[str, str]]:
    where = place(row["crm_file"], row["crm_line"])
    facts = [("agreed", f"{money(row['agreed_amount'], row['currency_code'])} ({where})")]
    if row["agreed_instalments"] is not None:
        facts.append(("instalments", str(row["agreed_instalments"])))
    if row["adjustment_reason"] is not None:
        facts.append(("reason", f"{row['adjustment_reason']}, approved by {row['approved_by']}"))
    return facts


def _discount_facts(row: Row) -> list[tuple[str, str]]:
    value = number(row["discount_value"])
    worth = (
        f"{value} %"
        if row["discount_kind"] == "percent"
        else money(row["discount_value"], row["currency_code"])
    )
    return [
        (
            "discount",
            f"{worth} of {row['discount_applies_to']} "
            f"({place(row['ratebook_file'], row['ratebook_line'])})",
        ),
        ("held as", place(row["crm_file"], row["crm_line"])),
    ]


def _limit_facts(row: Row) -> list[tuple[str, str]]:
    cap = row["charge_kind"] == "cap_credit"
    limit = row["spend_cap"] if cap else row["minimum_spend"]
    name = "spend cap" if cap else "minimum spend"
    where = place(row["ratebook_file"], row["ratebook_line"])
    return [(name, f"{money(limit, row['currency_code'])} a period ({where})")]


def base_title(row: Row) -> str:
    """What a charge was computed on, and what it took from it (charging.charge_bases)."""
    amount, counted, currency = row["amount"], row["amount_counted"], row["currency_code"]
    said = f"on {row['base_key']}: {money(amount, currency)}"
    if counted.rstrip("0") != amount.rstrip("0"):
        said += f", of which {money(counted, currency)} counted"
    if row["amount_taken"] is not None:
        said += f", takes {money(row['amount_taken'], currency)}"
    return said


def _late_fee_facts(row: Row) -> list[tuple[str, str]]:
    fixed = money(row["late_fee_amount"], row["currency_code"])
    fee = f"{number(row['late_fee_percent'])} % and {fixed}"
    return [
        ("fee", f"{fee} (operator.yaml: billing.late_fee)"),
        ("for", f"document {row['charge_id']}, unpaid on {row['charged_from']}"),
    ]
