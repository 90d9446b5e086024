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


def counted(lines: pl.DataFrame) -> pl.DataFrame:
    """Adds contact_count and contact_from (where the line's contacts begin) to the lines."""
    return lines.with_columns(
        contact_count=dice.throw(pl.col("key"), 1) % _CONTACTS_SPREAD + _CONTACTS_MIN
    ).with_columns(contact_from=pl.col("contact_count").cum_sum() - pl.col("contact_count"))


def contact_table(lines: pl.DataFrame, *, messages: bool) -> pl.DataFrame:
    """One row per line and contact, in order; `lines` as made by `counted`, with column `stem`.

    Columns: e164, dialled (as at home), plus (with a leading +); short codes are all the same.
    Messages go to mobiles and to the codes of services.
    """
    owners = lines.select(pl.int_range(pl.len(), dtype=pl.UInt32).repeat_by("contact_count"))
    owner = owners.to_series().explode().alias("owner")
    listed = pl.DataFrame([owner]).with_columns(
        key=lines["key"].gather(owner),
        stem=lines["stem"].gather(owner),
        place=pl.int_range(pl.len(), dtype=pl.UInt64),
    )
    listed = listed.with_columns(
        hashed=dice.mixed_expr(pl.col("key") + pl.col("place") * 4 + int(messages))
    )
    hashed = pl.col("hashed")
    kind = dice.throw(hashed, 11) % 1000
    four = _digits(dice.throw(hashed, 12), 4)
    unused = (dice.throw(hashed, 13) % 900_000 + 100_000).cast(pl.String)
    specials = places.MESSAGE_CODES if messages else places.SPECIAL_NUMBERS
    special = dice.picked(pl.Series(dice.weighted(specials, _SLOTS)), dice.throw(hashed, 14))
    foreign = dice.picked(
        pl.Series(dice.weighted(places.FOREIGN_STEMS, _SLOTS)), dice.throw(hashed, 15)
    )
    fixed = dice.picked(pl.Series(_FIXED), dice.throw(hashed, 16))
    if messages:
        special_below, foreign_below, fixed_below, net_below = 6, 24, 24, 24
    else:
        special_below, foreign_below, fixed_below, net_below = 25, 43, 260, 285
    listed = listed.select(
        number=pl.when((kind >= 600) & pl.col("stem").is_not_null())
        .then(pl.col("stem") + four)
        .when(kind < special_below)
        .then(special)
        .when(kind < foreign_below)
        .then(foreign + four)
        .when(kind < fixed_below)
        .then(fixed + four)
        .when(kind < net_below)
        .then(pl.lit(_NON_GEOGRAPHIC) + four)
        .when(kind < 600)
        .then(pl.lit(_MOBILE_FICTION) + four)
        .otherwise(pl.lit(_MOBILE_UNUSED) + unused)
    )
    number = pl.col("number")
    short = number.str.len_bytes() <= 6
    return listed.select(
        e164=number,
        dialled=pl.when(short)
        .then(number)
        .when(number.str.starts_with("33"))
        .then(pl.lit("0") + number.str.slice(2))
        .otherwise(pl.lit("00") + number),
        plus=pl.when(short).then(number).otherwise(pl.lit("+") + number),
    )


def _digits(thrown: pl.Expr, count: int) -> pl.Expr:
    """The last `count` digits of a throw, zeros kept."""
    return (thrown % 10**count + 10**count).cast(pl.String).str.slice(1)
