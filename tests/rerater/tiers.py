"""Tiers: one counter per subscription, period and rate (4.5)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from .classify import Pricing
from .money import RATED_DIGITS, ceil_div, round_half_up
from .price import units_amount
from .reader import Rate

Counter = tuple[str, ...]
"""Subscription, then card, service, direction, visited zone, zone, band as written."""


@dataclass(frozen=True)
class Piece:
    """The units of a slice that fall in one tier."""

    row: Rate
    units: int
    amount: Fraction
    """Without the fee."""
    tier_fee: Fraction


def tier_of(tiers: tuple[Rate, ...], count: int) -> int:
    """The tier in which the unit after `count` falls: a unit at the bound is in the lower one."""
    index = 0
    for position, row in enumerate(tiers):
        if row.tier_from <= count:
            index = position
    return index


class TierCounters:
    """Counts the charged billed units of one billing period, in the order of events."""

    def __init__(self, totals: dict[Counter, int]) -> None:
        self.totals = totals
        """Units of the whole period, per counter (`volume`)."""
        self.counts: dict[Counter, int] = defaultdict(int)
        self.entered: set[tuple[Counter, int]] = set()

    def count(self, counter: Counter, pricing: Pricing, units: int) -> list[Piece]:
        """Price the next `units` of a counter by its tiers (4.5)."""
        before = self.counts[counter]
        self.counts[counter] = before + units
        tiers = pricing.tiers
        if units == 0:
            return [Piece(tiers[tier_of(tiers, before)], 0, Fraction(0), Fraction(0))]
        if pricing.base.tier_mode == "volume":
            row = tiers[tier_of(tiers, self.totals[counter] - 1)]
            entered = before <= row.tier_from < before + units or (row == tiers[0] and before == 0)
            fee = self.enter(counter, row) if entered else Fraction(0)
            return [Piece(row, units, units_amount(units, row.price, row.per), fee)]
        pieces = []
        at, end = before, before + units
        while at < end:
            index = tier_of(tiers, at)
            row = tiers[index]
            bound = tiers[index + 1].tier_from if index + 1 < len(tiers) else end
            upto = min(bound, end)
            if pricing.base.tier_mode == "package":
                opened = ceil_div(upto - row.tier_from, row.per) - ceil_div(
                    at - row.tier_from, row.per
                )
                amount = round_half_up(opened * row.price, RATED_DIGITS)
            else:
                amount = units_amount(upto - at, row.price, row.per)
            pieces.append(Piece(row, upto - at, amount, self.enter(counter, row)))
            at = upto
        return pieces

    def enter(self, counter: Counter, row: Rate) -> Fraction:
        """`tier_fee`, once for each tier entered (4.5)."""
        if (counter, row.tier_from) in self.entered:
            return Fraction(0)
        self.entered.add((counter, row.tier_from))
        return round_half_up(row.tier_fee, RATED_DIGITS)


def totals(units: Iterable[tuple[Counter, int]]) -> dict[Counter, int]:
    """The units of each counter over the period (4.5)."""
    result: dict[Counter, int] = defaultdict(int)
    for counter, count in units:
        result[counter] += count
    return result
