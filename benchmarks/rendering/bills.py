"""Bills to render: two lines, seven charges, charts, two QR codes; two pages and itemised usage.

No two are alike in names, amounts, usage or calls; all have the same parts. They are built by the
builder of the tests (`tests/renderers/samples.py`), so they foot as issued documents do.
"""

from __future__ import annotations

from random import Random
from typing import Any

from renderers.branding import Branding
from tests.renderers.samples import NAMES, Builder, usage_rows

BRANDING = Branding(
    payment_url="https://pay.example/{document_number}?account={account_id}",
    mediator=("Médiateur des communications", "https://mediation.example"),
)
SURNAMES = ("Garnier", "Lefèvre", "Petit", "N’Diaye", "Vandermeersch", "Le Goff", "Ó Briain", "Roy")
STREETS = ("avenue Jean-Jaurès", "rue de la Couture", "Grand-Place", "boulevard Anspach")

Bill = tuple[dict[str, Any], list[dict[str, Any]]]


def bill(number: int, calls: int) -> Bill:
    """The issued document of this number, with so many rows of itemised usage."""
    random = Random(number)
    family = random.choice(SURNAMES)
    # In Belgium banking apps read codes: the bill has one for them and one for the link.
    build = Builder("FR", number=f"F2026-{number:08d}")
    build.account(
        account_id=str(80_000_000 + number), name=f"{random.choice(NAMES)} {family}",
        street=f"{random.randrange(1, 200)} {random.choice(STREETS)}", country="BE",
        postal_code=str(random.randrange(1000, 9999)), city="Bruxelles",
        payment_method="transfer", itemisation="masked" if calls else "none",
    )  # fmt: skip
    large = build.subscription(2 * number + 1, f"{random.choice(NAMES)} {family}", "Ample 120 Go")
    small = build.subscription(2 * number + 2, f"{random.choice(NAMES)} {family}", "Essentiel 5 Go")

    def amount(least: int, most: int) -> str:
        return f"{random.randrange(least, most) / 100:.2f}"

    advance = ("2026-12-01", "2027-01-01")
    minutes, abroad = random.randrange(200, 900), random.randrange(3, 40)
    used, beyond = random.randrange(5, 119), random.randrange(1, 30)
    calls_abroad, data_beyond = amount(90, 900), amount(100, 1500)
    build.line(large, "recurring", "Ample 120 Go", amount(1999, 2999), period=advance)
    build.line(
        large, "usage", "Appels vers l’étranger", calls_abroad, quantity=str(abroad * 60),
        unit="second",
    )  # fmt: skip
    build.line(
        large, "discount", "Remise multi-lignes", f"-{amount(100, 600)}", quantity=None,
        period=advance,
    )  # fmt: skip
    build.line(small, "recurring", "Essentiel 5 Go", amount(599, 999), period=advance)
    build.line(
        small, "recurring", "Option 100 SMS", amount(50, 200),
        charged=(f"2026-11-{random.randrange(2, 28):02d}", "2026-12-01"),
    )  # fmt: skip
    build.line(
        small, "usage", "Internet hors forfait", data_beyond, quantity=str(beyond * 10**8),
        unit="byte",
    )  # fmt: skip
    build.line(
        None, "adjustment", f"Geste commercial, panne du {random.randrange(2, 28)} novembre",
        f"-{amount(100, 500)}", quantity=None, period=("2026-11-18", "2026-11-19"),
    )  # fmt: skip
    build.allowance(large, "data", "Internet 120 Go", 120 * 10**9, used * 10**9)
    build.allowance(large, "voice", "Appels", 0, minutes * 60, is_unlimited=True)
    build.allowance(small, "data", "Internet 5 Go", 5 * 10**9, 5 * 10**9)
    build.usage(large, "voice", "Appels nationaux", 96, minutes * 60, minutes * 60, "0.000000")
    build.usage(large, "voice", "Appels vers l’étranger", 7, abroad * 60, 0, f"{calls_abroad}0000")
    build.usage(large, "data", "Internet en France", 210, used * 10**9, used * 10**9, "0.000000")
    build.usage(small, "data", "Internet hors forfait", 9, beyond * 10**8, 0, f"{data_beyond}0000")
    build.history(*(amount(5000, 9000) for _ in range(5)))
    build.earlier(
        *((random.randrange(50, 1200) / 10, random.randrange(100, 900), 0) for _ in range(5))
    )
    build.changed(
        ("usage_started", "usage", "Internet hors forfait", "0.00", data_beyond, small),
        ("usage", "usage", "Appels vers l’étranger", amount(90, 900), calls_abroad, large),
    )
    document = build.build(balance_forward=amount(100, 2000))
    return document, usage_rows(document, calls, seed=number) if calls else []
