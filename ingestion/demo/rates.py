"""The price lists of the demo, and when peak hours are: rates.csv, bands.csv, holidays.csv."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ingestion.demo import places, products
from ingestion.demo.timeline import holidays

_BANDS: list[dict[str, Any]] = [
    {"band": "peak", "days": "mon;tue;wed;thu;fri", "from_time": "08:00", "to_time": "19:00"},
    {"band": "off_peak", "days": "mon;tue;wed;thu;fri", "from_time": "00:00", "to_time": "08:00"},
    {"band": "off_peak", "days": "mon;tue;wed;thu;fri", "from_time": "19:00", "to_time": "24:00"},
    {"band": "weekend", "days": "sat;sun", "from_time": "00:00", "to_time": "24:00"},
    {
        "band": "holidays",
        "days": "holiday",
        "from_time": "00:00",
        "to_time": "24:00",
        "priority": 10,
    },
]

_CALL_NAMES = {
    places.FRANCE: "Appels en France",
    places.OVERSEAS: "Appels vers l'outre-mer",
    places.FREE: "Appels gratuits",
    places.PREMIUM: "Numéros spéciaux",
    places.DIRECTORY: "Renseignements",
    places.EUROPE_1: "Appels vers l'Europe",
    places.EUROPE_2: "Appels vers l'Europe",
    places.NORTH_AMERICA: "Appels internationaux",
    places.MAGHREB: "Appels internationaux",
    places.WORLD_1: "Appels internationaux",
    places.WORLD_2: "Appels internationaux",
    places.SATELLITE: "Appels satellite",
}

# Net price of a minute before the card's factor; Europe 1 is capped by Regulation (EU) 2018/1971.
_CALL_MINUTE = {
    places.OVERSEAS: "0.22",
    places.EUROPE_1: "0.19",
    places.EUROPE_2: "0.45",
    places.NORTH_AMERICA: "0.29",
    places.MAGHREB: "0.69",
    places.WORLD_1: "0.99",
    places.WORLD_2: "1.89",
    places.SATELLITE: "5.90",
}
_SMS_PRICE = {
    places.FRANCE: "0.10",
    places.OVERSEAS: "0.10",
    places.FREE: "0",
    places.PREMIUM: "0.75",
    places.EUROPE_1: "0.06",
    "*": "0.25",
}

# card: factor on calls abroad, increments abroad, connection fee abroad
_CARDS = {
    "unite": ("1", (60, 60), "0.15"),
    "standard": ("1", (60, 1), "0.10"),
    "illimite": ("0.9", (30, 30), "0"),
    "pro": ("0.7", (1, 1), "0"),
    "ligne": ("0.25", (1, 1), "0.02"),
}


def _price(amount: str, factor: str = "1") -> Decimal:
    """amount × factor, to 4 decimals, half up."""
    return (Decimal(amount) * Decimal(factor)).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _voice(
    card: str, visited: str, zone: str, band: str, price: str, **rest: Any
) -> dict[str, Any]:
    return {
        "rate_card_id": card,
        "service": "voice",
        "visited_zone": visited,
        "zone": zone,
        "band": band,
        "price": Decimal(price),
        "per": 1,
        "unit": "minute",
        **rest,
    }


def _calls_in_france() -> Iterator[dict[str, Any]]:
    """Each card has its own way to price them: bands, tiers, a flat minute."""
    name = {"charge_name": "Appels en France"}
    for band, price in (("peak", "0.25"), ("off_peak", "0.15"), ("weekend", "0.10")):
        yield _voice("unite", "home", places.FRANCE, band, price, **_increments(60, 1),
                     maximum_charge=Decimal("5.00"), **name)  # fmt: skip
    yield _voice("unite", "home", places.FRANCE, "*", "0.10", **_increments(60, 1),
                 maximum_charge=Decimal("5.00"), **name)  # fmt: skip
    yield _voice("standard", "home", places.FRANCE, "peak", "0.32", **_increments(30, 30), **name)
    yield _voice("standard", "home", places.FRANCE, "*", "0.19", **_increments(30, 30), **name)
    yield _voice("illimite", "home", places.FRANCE, "*", "0.15", **_increments(1, 1), **name)
    for tier_from, price in ((0, "0.12"), (18000, "0.09"), (72000, "0.05")):
        yield _voice("pro", "home", places.FRANCE, "*", price, **_increments(1, 1),
                     tier_from=tier_from, tier_mode="graduated", **name)  # fmt: skip
    yield _voice("ligne", "home", places.FRANCE, "peak", "0.018", **_increments(1, 1),
                 connection_fee=Decimal("0.01"), minimum_charge=Decimal("0.02"),
                 **name)  # fmt: skip
    yield _voice("ligne", "home", places.FRANCE, "*", "0.012", **_increments(1, 1), **name)


def _increments(first: int, following: int) -> dict[str, int]:
    return {"first_increment": first, "next_increment": following}


def _calls_from(visited: str, card: str) -> Iterator[dict[str, Any]]:
    """Calls abroad and to special numbers, from home or from the EU on the same terms."""
    factor, increments, fee = _CARDS[card]
    abroad = _increments(*increments) | {"connection_fee": Decimal(fee)}
    for zone, price in _CALL_MINUTE.items():
        rest = abroad | {"charge_name": _CALL_NAMES[zone]}
        if zone == places.EUROPE_1:
            # A fee on top would pass the cap.
            rest["connection_fee"] = Decimal(0)
        if zone == places.WORLD_2:
            # Dearer from the day of the price change on.
            rest["minimum_charge"] = _price("0.50", factor)
            yield _voice(card, visited, zone, "*", str(_price(price, factor)), **rest,
                         valid_to=products.PRICE_CHANGE)  # fmt: skip
            yield _voice(card, visited, zone, "*", str(_price("2.09", factor)), **rest,
                         valid_from=products.PRICE_CHANGE)  # fmt: skip
            continue
        yield _voice(card, visited, zone, "*", str(_price(price, factor)), **rest)
    yield _voice(card, visited, places.FREE, "*", "0", charge_name="Appels gratuits")
    for starts_at, price in ((0, "0.80"), (600, "0.20")):
        yield _voice(card, visited, places.PREMIUM, "*", price, **_increments(1, 1),
                     connection_fee=Decimal("0.15"), starts_at=starts_at,
                     charge_name="Numéros spéciaux")  # fmt: skip
    yield _voice(card, visited, places.DIRECTORY, "*", "2.49", **_increments(60, 60),
                 connection_fee=Decimal("2.49"), charge_name="Renseignements")  # fmt: skip


def _calls_while_roaming(card: str) -> Iterator[dict[str, Any]]:
    yield from _calls_from(places.EU, card)
    made = {"charge_name": "Appels en itinérance"} | _increments(60, 60)
    received = {"charge_name": "Appels reçus à l'étranger", "direction": "terminating"}
    yield _voice(card, places.EU, places.FRANCE, "*", "0.15", **_increments(30, 1),
                 charge_name="Appels en itinérance")  # fmt: skip
    yield _voice(card, places.EU, "*", "*", "0", **received)
    for visited, price, price_received in (
        (places.ROAMING_1, "1.25", "0.55"),
        (places.ROAMING_2, "2.49", "1.15"),
        (places.SEA_AND_AIR, "3.99", "1.99"),
    ):
        yield _voice(card, visited, "*", "*", price, **made)
        yield _voice(card, visited, places.FREE, "*", "0", charge_name="Appels gratuits")
        yield _voice(card, visited, "*", "*", price_received, **received, **_increments(60, 1))


def _messages(card: str) -> Iterator[dict[str, Any]]:
    factor = "0.5" if card == "pro" else "1"
    names = {places.FRANCE: "SMS", places.OVERSEAS: "SMS", places.FREE: "SMS",
             places.PREMIUM: "SMS spéciaux"}  # fmt: skip
    base = {"rate_card_id": card, "service": "sms", "per": 1, "unit": "message", "band": "*"}
    for visited in (places.HOME, places.EU):
        for zone, price in _SMS_PRICE.items():
            special = zone in (places.PREMIUM, places.FREE)
            yield base | {
                "visited_zone": visited,
                "zone": zone,
                "price": _price(price, "1" if special else factor),
                "charge_name": names.get(zone, "SMS internationaux"),
            }
    yield base | {"visited_zone": "*", "zone": "*", "price": Decimal("0.29"),
                  "charge_name": "SMS en itinérance"}  # fmt: skip
    mms = base | {"service": "mms", "charge_name": "MMS", "visited_zone": "*"}
    yield mms | {"zone": places.FRANCE, "price": _price("0.25", factor)}
    yield mms | {"zone": "*", "price": Decimal("0.85")}


def _data_of(
    card: str, visited: str, price: str, per: int, unit: str, **rest: Any
) -> dict[str, Any]:
    return {
        "rate_card_id": card,
        "service": "data",
        "visited_zone": visited,
        "zone": "*",
        "band": "*",
        "price": Decimal(price),
        "per": per,
        "unit": unit,
        "charge_name": "Internet mobile" if visited == "home" else "Internet en itinérance",
        **rest,
    }


def _data() -> Iterator[dict[str, Any]]:
    yield _data_of("unite", "home", "0.05", 1, "mb", **_increments(100_000, 100_000))
    # Beyond the allowance: packages of 1 GB.
    yield _data_of("standard", "home", "1.50", 1, "gb", tier_mode="package",
                   **_increments(1000, 1000))  # fmt: skip
    # Slowed down rather than charged.
    yield _data_of("illimite", "home", "0", 1, "gb")
    yield _data_of("pro", "home", "1.50", 1, "gb", **_increments(10_000, 10_000))
    for tier_from, price, fee in ((0, "0.10", "0"), (50 * 2**20, "0.04", "1.00")):
        yield _data_of("objets", "home", price, 1, "mib", **_increments(1024, 1024),
                       tier_from=tier_from, tier_fee=Decimal(fee),
                       tier_mode="graduated")  # fmt: skip
    for card in ("unite", "standard", "illimite", "pro", "objets"):
        # The wholesale cap is the most that may be asked for in the EU.
        yield _data_of(card, places.EU, "1.10", 1, "gb", **_increments(1000, 1000),
                       valid_to=_CAP_OF_2027)  # fmt: skip
        yield _data_of(card, places.EU, "1.00", 1, "gb", **_increments(1000, 1000),
                       valid_from=_CAP_OF_2027)  # fmt: skip
        for visited, price in (
            (places.ROAMING_1, "0.05"),
            (places.ROAMING_2, "0.30"),
            (places.SEA_AND_AIR, "0.90"),
        ):
            yield _data_of(card, visited, price, 100, "kb", **_increments(100_000, 10_000))


_CAP_OF_2027 = holidays(2027)[0][0]


def _objets() -> Iterator[dict[str, Any]]:
    """No voice: a call from a connected thing finds no rate."""
    for tier_from, price in ((0, "0.08"), (50, "0.05"), (500, "0.03")):
        yield {"rate_card_id": "objets", "service": "sms", "visited_zone": "*", "zone": "*",
               "band": "*", "price": Decimal(price), "per": 1, "unit": "message",
               "tier_from": tier_from, "tier_mode": "volume", "charge_name": "SMS"}  # fmt: skip


def _options() -> Iterator[dict[str, Any]]:
    """Cards of options: only the zones that they make cheaper."""
    for zone, price in (
        (places.EUROPE_2, "0.05"),
        (places.NORTH_AMERICA, "0.02"),
        (places.MAGHREB, "0.12"),
        (places.WORLD_1, "0.15"),
    ):
        yield _voice("intl", "home", zone, "*", price, **_increments(60, 1),
                     connection_fee=Decimal("0.05"), charge_name=_CALL_NAMES[zone])  # fmt: skip
    for visited, price, received in (
        (places.ROAMING_1, "0.35", "0.10"),
        (places.ROAMING_2, "0.95", "0.30"),
    ):
        yield _voice("voyage", visited, "*", "*", price, **_increments(30, 30),
                     charge_name="Appels en itinérance")  # fmt: skip
        yield _voice("voyage", visited, places.FREE, "*", "0", charge_name="Appels gratuits")
        yield _voice("voyage", visited, "*", "*", received, **_increments(30, 30),
                     direction="terminating", charge_name="Appels reçus à l'étranger")  # fmt: skip


def rate_rows() -> Iterator[dict[str, Any]]:
    """Rows of rates.csv."""
    yield from _calls_in_france()
    for card in _CARDS:
        yield from _calls_from(places.HOME, card)
        if card != "ligne":
            yield from _calls_while_roaming(card)
            yield from _messages(card)
    yield from _data()
    yield from _objets()
    yield from _options()


def band_rows() -> list[dict[str, Any]]:
    """Rows of bands.csv."""
    return _BANDS


def holiday_rows() -> Iterator[dict[str, Any]]:
    """Rows of holidays.csv."""
    for year in (2026, 2027, 2028):
        for day, name in holidays(year):
            yield {"date": day, "name": name}
