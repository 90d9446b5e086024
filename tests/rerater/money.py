"""Exact money: fractions, one rounding, sharing without loss (1.4, 3.7, 5.5, 6.3)."""

from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import TypeVar

Key = TypeVar("Key", str, tuple)

RATED_DIGITS = 6
"""Digits of a rated amount (3.6)."""


def round_half_up(value: Fraction, digits: int) -> Fraction:
    """Round half away from zero to `digits` decimals (1.4)."""
    scale = 10**digits
    scaled = abs(value) * scale
    whole = floor(scaled + Fraction(1, 2))
    return Fraction(whole if value >= 0 else -whole, scale)


def ceil_div(a: int, b: int) -> int:
    """The least integer not below a / b, for b above 0."""
    return -((-a) // b)


def share(total: Fraction, weights: Mapping[Key, Fraction], digits: int) -> dict[Key, Fraction]:
    """Share `total` (whole minor units) in proportion to `weights`: largest remainder (5.5, 6.3).

    Equal remainders go to the smaller key. The shares sum to `total` exactly.
    """
    whole = sum(weights.values(), Fraction(0))
    if whole == 0:
        raise ValueError("nothing to share in proportion to")
    return spread(total, {key: total * part / whole for key, part in weights.items()}, digits)


def spread(total: Fraction, exact: Mapping[Key, Fraction], digits: int) -> dict[Key, Fraction]:
    """Round `exact` so that it sums to `total` (whole minor units): largest remainder (6.3).

    A remainder is counted from the value towards zero, so that a bill and its mirror image
    round alike.
    """
    scale = 10**digits
    sign = -1 if total < 0 else 1
    cut = {key: floor(sign * value * scale) for key, value in exact.items()}
    left = sign * total * scale - sum(cut.values())
    if left.denominator != 1:
        raise ValueError(f"{total} is not a whole number of minor units")
    order = sorted(exact, key=lambda key: (-(sign * exact[key] * scale - cut[key]), key))
    missing = int(left)
    step = 1 if missing >= 0 else -1
    if missing < 0:
        order.reverse()
    for turn in range(abs(missing)):
        cut[order[turn % len(order)]] += step
    return {key: Fraction(sign * units, scale) for key, units in cut.items()}
