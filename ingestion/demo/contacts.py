"""Whom each line calls and writes to: a list of contacts per line, made once, drawn from daily."""

import polars as pl

from ingestion.demo import dice, places

_CONTACTS_MIN = 8
_CONTACTS_SPREAD = 33
_SLOTS = 1024

# Numbers that are kept for fiction (fixed) or given to nobody (the others), and digits to add.
_FIXED = ("3319900", "3326191", "3335301", "3346571", "3353649")
_MOBILE_FICTION = "3363998"
_MOBILE_UNUSED = "33700"
_NON_GEOGRAPHIC = "3399900"


_SHORT_CODE_DIGITS = 6


def repeated(counts: pl.Series) -> pl.Series:
    """0…n−1, each as often as `counts` says."""
    if not counts.len():
        return pl.Series([], dtype=pl.UInt32)
    rows = pl.select(pl.int_range(counts.len(), dtype=pl.UInt32).repeat_by(pl.lit(counts)))
    return rows.to_series().explode()


def counted(lines: pl.DataFrame) -> pl.DataFrame:
    """Adds contact_count and contact_from (where the line's contacts begin) to the lines."""
    count = dice.throw(pl.col("key"), 1) % _CONTACTS_SPREAD + _CONTACTS_MIN
    return lines.with_columns(contact_count=count.cast(pl.Int64)).with_columns(
        contact_from=pl.col("contact_count").cum_sum() - pl.col("contact_count")
    )


def contact_numbers(lines: pl.DataFrame, *, messages: bool) -> pl.Series:
    """The numbers of all contacts of all lines, in order: E.164 digits or short codes.

    `lines` as made by `counted`, with columns key and stem. Messages go to mobiles and to the
    codes of services.
    """
    owner = repeated(lines["contact_count"])
    listed = pl.DataFrame([lines["key"].gather(owner), lines["stem"].gather(owner)]).lazy()
    place = pl.int_range(pl.len(), dtype=pl.UInt64)
    hashed = dice.with_mix(listed, "hashed", pl.col("key") + place * 4 + int(messages))
    return hashed.select(_number(messages)).collect().to_series()


def dialled(number: pl.Expr) -> pl.Expr:
    """As a subscriber dials it in France."""
    return (
        pl.when(number.str.len_bytes() <= _SHORT_CODE_DIGITS)
        .then(number)
        .when(number.str.starts_with("33"))
        .then(pl.lit("0") + number.str.slice(2))
        .otherwise(pl.lit("00") + number)
    )


def with_plus(number: pl.Expr) -> pl.Expr:
    """In international form; a short code has none."""
    return (
        pl.when(number.str.len_bytes() <= _SHORT_CODE_DIGITS)
        .then(number)
        .otherwise(pl.lit("+") + number)
    )


def _number(messages: bool) -> pl.Expr:
    """What a contact's hash stands for, in E.164 digits or as a short code."""
    hashed = pl.col("hashed")
    kind = dice.throw(hashed, 11) % 1000
    four = _digits(dice.throw(hashed, 12), 4)
    unused = (dice.throw(hashed, 13) % 900_000 + 100_000).cast(pl.String)
    specials = places.MESSAGE_CODES if messages else places.SPECIAL_NUMBERS
    if messages:
        special_below, foreign_below, fixed_below, net_below = 6, 24, 24, 24
    else:
        special_below, foreign_below, fixed_below, net_below = 25, 43, 260, 285
    return (
        pl.when((kind >= 600) & pl.col("stem").is_not_null())
        .then(pl.col("stem") + four)
        .when(kind < special_below)
        .then(_one_of(specials, dice.throw(hashed, 14)))
        .when(kind < foreign_below)
        .then(_one_of(places.FOREIGN_STEMS, dice.throw(hashed, 15)) + four)
        .when(kind < fixed_below)
        .then(dice.picked(pl.Series(_FIXED), dice.throw(hashed, 16)) + four)
        .when(kind < net_below)
        .then(pl.lit(_NON_GEOGRAPHIC) + four)
        .when(kind < 600)
        .then(pl.lit(_MOBILE_FICTION) + four)
        .otherwise(pl.lit(_MOBILE_UNUSED) + unused)
    )


def _one_of(weights: dict[str, float], thrown: pl.Expr) -> pl.Expr:
    return dice.picked(pl.Series(dice.weighted(weights, _SLOTS)), thrown)


def _digits(thrown: pl.Expr, count: int) -> pl.Expr:
    """The last `count` digits of a throw, zeros kept."""
    return (thrown % 10**count + 10**count).cast(pl.String).str.slice(1)
