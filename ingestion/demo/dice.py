"""Repeatable chance: 64-bit hashes of keys, as numbers and as Polars expressions.

Every value of the demo is a function of the seed and of what it is for, never of the order in
which it is drawn, so a day can be written alone and comes out the same.
"""

from collections.abc import Callable
from statistics import NormalDist

import polars as pl

_GOLDEN = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB
_MASK = (1 << 64) - 1

TABLE_SIZE = 4096


def mixed(value: int) -> int:
    """The 64-bit mix (SplitMix64) of an integer."""
    value = (value * _GOLDEN) & _MASK
    value = ((value ^ (value >> 30)) * _FIRST) & _MASK
    value = ((value ^ (value >> 27)) * _SECOND) & _MASK
    return value ^ (value >> 31)


def key(*parts: int) -> int:
    """One 64-bit key made of several integers."""
    value = 0
    for part in parts:
        value = mixed(value ^ (part & _MASK))
    return value


def u64(value: int) -> pl.Expr:
    """A 64-bit unsigned literal."""
    return pl.lit(value, dtype=pl.UInt64)


def with_mix(frame: pl.LazyFrame, name: str, value: pl.Expr) -> pl.LazyFrame:
    """Adds the column `name`: `mixed` of a UInt64.

    Multiplication wraps, division stands for the shift. A column a step, because an expression
    that names its input twice doubles with each step.
    """
    column = pl.col(name)
    return (
        frame.with_columns((value * u64(_GOLDEN)).alias(name))
        .with_columns((column ^ (column // (1 << 30))) * u64(_FIRST))
        .with_columns((column ^ (column // (1 << 27))) * u64(_SECOND))
        .with_columns(column ^ (column // (1 << 31)))
    )


def throw(hashed: pl.Expr, stream: int) -> pl.Expr:
    """32 even bits (as UInt64) out of an already mixed column; one independent throw a stream."""
    return (hashed * u64(mixed(stream) | 1)) // (1 << 32)


def quantiles(function: Callable[[float], float]) -> pl.Series:
    """TABLE_SIZE + 1 whole numbers: `function` (of 0…1, ends excluded) at even steps."""
    steps = [(step + 0.5) / (TABLE_SIZE + 1) for step in range(TABLE_SIZE + 1)]
    return pl.Series([round(function(step)) for step in steps], dtype=pl.Int64)


def lognormal(median: float, sigma: float, low: float, high: float) -> Callable[[float], float]:
    """Quantile function of a lognormal, held between low and high."""
    normal = NormalDist()

    def at(share: float) -> float:
        return min(high, max(low, median * 2.718281828459045 ** (sigma * normal.inv_cdf(share))))

    return at


def drawn(table: pl.Series, thrown: pl.Expr) -> pl.Expr:
    """The table's value at a throw, interpolated between neighbours (Int64)."""
    place = (thrown // (1 << 20)).cast(pl.UInt32)
    rest = (thrown % (1 << 20)).cast(pl.Int64)
    low = pl.lit(table).gather(place)
    high = pl.lit(table).gather(place + 1)
    return low + (high - low) * rest // (1 << 20)


def drawn_in_steps(table: pl.Series, thrown: pl.Expr) -> pl.Expr:
    """The table's value at a throw, one of TABLE_SIZE: for what is multiplied on anyway (Int64)."""
    return pl.lit(table).gather((thrown // (1 << 20)).cast(pl.UInt32))


def picked(values: pl.Series, thrown: pl.Expr) -> pl.Expr:
    """One of the values, evenly."""
    return pl.lit(values).gather((thrown * values.len() // (1 << 32)).cast(pl.UInt32))


def weighted(weights: dict[str, float], slots: int) -> list[str]:
    """The keys, each in as many of `slots` places as its weight asks for, largest remainder."""
    total = sum(weights.values())
    exact = {name: weight * slots / total for name, weight in weights.items()}
    counts = {name: int(share) for name, share in exact.items()}
    missing = slots - sum(counts.values())
    by_rest = sorted(exact, key=lambda name: (counts[name] - exact[name], name))
    for name in by_rest[:missing]:
        counts[name] += 1
    return [name for name, count in counts.items() for _ in range(count)]
