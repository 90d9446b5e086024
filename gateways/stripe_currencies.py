"""Amounts as Stripe counts them: integers in its own minor units, which are not always ours.

Source: docs.stripe.com/currencies (zero-decimal, three-decimal, special cases, minimum and
maximum charge amounts).
"""

from dataclasses import dataclass
from decimal import Decimal

ZERO_DECIMAL = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "JPY",
        "KMF",
        "KRW",
        "MGA",
        "PYG",
        "RWF",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
THREE_DECIMAL = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
# No fractions exist, yet Stripe keeps counting them in hundredths: 5 ISK is 500.
WHOLE_UNITS_IN_HUNDREDTHS = frozenset(["ISK", "UGX"])

# Below this Stripe marks a finalised invoice paid and adds the amount to the customer's next one.
MINIMUM_CHARGE = {
    "AED": "2.00", "AUD": "0.50", "BGN": "1.00", "BRL": "0.50", "CAD": "0.50", "CHF": "0.50",
    "CZK": "15.00", "DKK": "2.50", "EUR": "0.50", "GBP": "0.30", "HKD": "4.00", "HUF": "175.00",
    "INR": "0.50", "JPY": "50", "MXN": "10.00", "MYR": "2.00", "NOK": "3.00", "NZD": "0.50",
    "PLN": "2.00", "RON": "2.00", "SEK": "3.00", "SGD": "0.50", "THB": "10.00", "USD": "0.50",
}  # fmt: skip
_MAXIMUM_MINOR = 99_999_999
_MAXIMUM_MINOR_OF = {"IDR": 999_999_999_999}


@dataclass(frozen=True, kw_only=True)
class StripeCurrency:
    """How Stripe counts one currency.

    `exponent`: digits of the minor unit at Stripe. `step`: what a charged total must be a
    multiple of. `minimum`, `maximum`: the smallest and largest charge, in minor units.
    """

    code: str
    exponent: int
    step: int
    minimum: int
    maximum: int

    def minor(self, amount: Decimal | str) -> int:
        """The amount as an integer. ValueError if Stripe has no unit small enough for it."""
        scaled = Decimal(amount).scaleb(self.exponent)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{amount} {self.code} has more decimals than Stripe can hold")
        return int(scaled)

    def text(self, minor: int) -> str:
        """`1234` → `12.34 EUR`."""
        return f"{Decimal(minor).scaleb(-self.exponent):f} {self.code}"

    def rounding(self, minor: int) -> int:
        """What must be added so that the total can be charged, half away from zero (1.4)."""
        magnitude = abs(minor)
        rounded = (magnitude + self.step // 2) // self.step * self.step
        return (rounded - magnitude) * (1 if minor >= 0 else -1)


def stripe_currency(code: str) -> StripeCurrency:
    """Stripe's way of counting the currency of this ISO 4217 code."""
    code = code.upper()
    exponent = 0 if code in ZERO_DECIMAL else 3 if code in THREE_DECIMAL else 2
    # Three-decimal currencies are charged to two decimals: the last digit must be 0.
    step = 10 if code in THREE_DECIMAL else 100 if code in WHOLE_UNITS_IN_HUNDREDTHS else 1
    minimum = Decimal(MINIMUM_CHARGE.get(code, "0")).scaleb(exponent)
    return StripeCurrency(
        code=code,
        exponent=exponent,
        step=step,
        # A currency without a stated minimum has that of the settlement currency, unknown here.
        minimum=int(minimum) or step,
        maximum=_MAXIMUM_MINOR_OF.get(code, _MAXIMUM_MINOR),
    )
