"""What goes wrong on the way: late, repeated, split and broken records.

Small shares, so that every state and reason of mediation (2.1, 2.4) is met with and nearly all
usage is still rated.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from ingestion.demo import dice
from ingestion.demo.timeline import Timeline, epoch, local
from ingestion.demo.usage import GATEWAY, SECOND_SWITCH

# Longer calls are reported in parts of this length while they last.
PART_SECONDS = 1800
_LONG_CALL_SECONDS = 2400
# One in so many long calls lacks a part, or never ends.
_INCOMPLETE_ONE_IN = 12

# In millionths of all records.
_LATE = 6_000
_REPEATED = 2_500
_CONFLICTING = 60
# What is changed in the record itself: name, millionths, services.
_SPOILT = (
    ("unknown_subscriber", 500, ("voice", "sms")),
    ("unknown_destination", 500, ("voice",)),
    ("unknown_network", 200, ("voice", "sms", "data")),
    ("negative", 120, ("voice",)),
    ("absurd", 120, ("voice", "data")),
    ("future", 60, ("voice", "sms", "data")),
    ("ancient", 120, ("voice", "sms")),
)
_UNKNOWN_SUBSCRIBER = "33639970"
_UNKNOWN_DESTINATION = "9995550"
_UNKNOWN_NETWORK = "99999"
_MILLION = 1_000_000
_DAY = 86_400
_FAR_FUTURE_SECONDS = 20 * 365 * _DAY
_LONG_AGO_SECONDS = 500 * _DAY

# Every other month, on the morrow of this day, a switch sends a whole file again with one record
# more.
_RESENT_DAY = 16


@dataclass
class Mail:
    """Records on their way: what arrives on which day."""

    timeline: Timeline
    _waiting: dict[int, list[pl.DataFrame]] = field(default_factory=lambda: defaultdict(list))

    def post(self, records: pl.DataFrame, arrives: pl.Expr) -> None:
        """Sends records off; `arrives` gives the number of the day. After the end: never."""
        if not records.height:
            return
        days = len(self.timeline.days)
        due = records.with_columns(arrives=arrives.cast(pl.Int64)).filter(pl.col("arrives") < days)
        for (day,), part in due.partition_by("arrives", as_dict=True).items():
            self._waiting[int(day)].append(part.drop("arrives"))

    def arrived(self, number: int) -> list[pl.DataFrame]:
        """Takes out what arrives on the day."""
        return self._waiting.pop(number, [])


def chance_of(stream: int) -> pl.Expr:
    """A throw in millionths."""
    return dice.throw(pl.col("hashed"), stream) % _MILLION


def spoil(events: pl.DataFrame) -> pl.DataFrame:
    """Changes a few records so that mediation has to refuse them."""
    luck = chance_of(81)
    four = (dice.throw(pl.col("hashed"), 82) % 10_000 + 10_000).cast(pl.String).str.slice(1)
    bounds: dict[str, pl.Expr] = {}
    below = 0
    for name, share, services in _SPOILT:
        hit = luck.is_between(below, below + share, closed="left")
        bounds[name] = hit & pl.col("service").is_in(services)
        below += share
    hit_any = events.select(luck < below).to_series()
    spoilt = events.filter(hit_any)
    if not spoilt.height:
        return events
    is_data = pl.col("service") == "data"
    spoilt = spoilt.with_columns(**{f"is_{name}": hit for name, hit in bounds.items()})
    spoilt = spoilt.with_columns(
        subscriber=pl.when("is_unknown_subscriber")
        .then(pl.lit(_UNKNOWN_SUBSCRIBER) + four)
        .otherwise("subscriber"),
        other_party=pl.when(
            pl.col("is_unknown_destination") & (pl.col("direction") == "originating")
        )
        .then(pl.lit(_UNKNOWN_DESTINATION) + four)
        .otherwise("other_party"),
        serving_network=pl.when("is_unknown_network")
        .then(pl.lit(_UNKNOWN_NETWORK))
        .otherwise("serving_network"),
        duration_seconds=pl.when("is_negative")
        .then(pl.lit("-35"))
        .when(pl.col("is_absurd") & ~is_data)
        .then(pl.lit("222222"))
        .otherwise("duration_seconds"),
        disposition=pl.when(pl.col("is_negative") | (pl.col("is_absurd") & ~is_data))
        .then(pl.lit("answered"))
        .otherwise("disposition"),
        bytes_downlink=pl.when(pl.col("is_absurd") & is_data)
        .then(pl.lit(2_500_000_000_000))
        .otherwise("bytes_downlink"),
        at=pl.col("at")
        + pl.when("is_future").then(_FAR_FUTURE_SECONDS).otherwise(0)
        - pl.when("is_ancient").then(_LONG_AGO_SECONDS).otherwise(0),
    ).select(events.columns)
    return pl.concat([events.filter(~hit_any), spoilt])


def in_parts(events: pl.DataFrame) -> pl.DataFrame:
    """Long calls as partial records (2.3), a few of them with a part missing or never ended."""
    seconds = pl.col("duration_seconds").cast(pl.Float64).ceil().cast(pl.Int64)
    is_long = (
        (pl.col("service") == "voice")
        & (seconds > _LONG_CALL_SECONDS)
        # What is absurd or sent from the future stays in one piece.
        & (seconds < _DAY)
    )
    mask = events.select(is_long.fill_null(False)).to_series()
    calls = events.filter(mask)
    if not calls.height:
        return events
    calls = calls.with_columns(seconds=seconds, parts=(seconds + PART_SECONDS - 1) // PART_SECONDS)
    owner = (
        calls.select(pl.int_range(pl.len(), dtype=pl.UInt32).repeat_by("parts"))
        .to_series()
        .explode()
    )
    first = (calls["parts"].cum_sum() - calls["parts"]).gather(owner)
    fate = dice.throw(pl.col("hashed"), 84) % _INCOMPLETE_ONE_IN
    missing = (fate == 0) & (pl.col("part") == pl.min_horizontal("parts", 2))
    open_ended = (fate == 1) & (pl.col("part") == pl.col("parts"))
    parts = (
        calls[owner]
        .with_columns(part=pl.int_range(1, pl.len() + 1) - first)
        .filter(~missing & ~open_ended)
        .with_columns(
            at=pl.col("at") + (pl.col("part") - 1) * PART_SECONDS,
            duration_seconds=pl.when(pl.col("part") < pl.col("parts"))
            .then(pl.lit(str(PART_SECONDS)))
            .otherwise((pl.col("seconds") - PART_SECONDS * (pl.col("parts") - 1)).cast(pl.String)),
            charging_id=pl.lit("c") + pl.col("hashed").cast(pl.String),
            sequence=pl.col("part"),
            is_final=pl.col("part") == pl.col("parts"),
        )
        .select(events.columns)
    )
    return pl.concat([events.filter(~mask), parts])


def sessions_in_parts(events: pl.DataFrame) -> pl.DataFrame:
    """Every data session has a charging id; one in fifty is reported in two halves."""
    is_data = pl.col("service") == "data"
    halved = is_data & (chance_of(85) < 20_000)
    mask = events.select(halved).to_series()
    charging_id = pl.lit("s") + pl.col("hashed").cast(pl.String)
    whole = events.filter(~mask).with_columns(
        charging_id=pl.when(is_data).then(charging_id).otherwise("charging_id"),
        sequence=pl.when(is_data).then(1).otherwise("sequence"),
        is_final=pl.when(is_data).then(True).otherwise("is_final"),
    )
    halves = []
    seconds = pl.col("duration_seconds").cast(pl.Int64)
    for number in (1, 2):
        rest = number - 1
        halves.append(
            events.filter(mask).with_columns(
                charging_id=charging_id,
                sequence=pl.lit(number, dtype=pl.Int64),
                is_final=pl.lit(number == 2),
                at=pl.col("at") + rest * (seconds // 2),
                duration_seconds=((seconds + rest) // 2).cast(pl.String),
                bytes_uplink=(pl.col("bytes_uplink") + rest) // 2,
                bytes_downlink=(pl.col("bytes_downlink") + rest) // 2,
            )
        )
    return pl.concat([whole, *halves])


def send(records: pl.DataFrame, number: int, mail: Mail) -> pl.DataFrame:
    """Posts what is late, repeated or contradicted; gives back what arrives on its own day.

    `number`: the number of the day. Records have their ids by now.
    """
    delay = dice.throw(pl.col("hashed"), 91) % 1000
    days_late = (
        pl.when(delay < 700)
        .then(1)
        .when(delay < 900)
        .then(delay.cast(pl.Int64) % 6 + 2)
        .otherwise(delay.cast(pl.Int64) % 33 + 8)
    )
    # A part that begins after midnight stands in the next day's file.
    midnight = epoch(local(mail.timeline.days[number])) + _DAY
    after = pl.col("at").is_between(midnight, midnight + _DAY)
    late = records.select(after | (chance_of(92) < _LATE)).to_series()
    mail.post(records.filter(late), number + pl.when(after).then(1).otherwise(days_late))
    on_time = records.filter(~late)
    repeated = on_time.filter(chance_of(93) < _REPEATED)
    mail.post(repeated, number + 1 + (pl.col("hashed") % 3).cast(pl.Int64))
    conflicting = on_time.filter(
        (chance_of(94) < _CONFLICTING)
        & (pl.col("service") == "voice")
        & pl.col("charging_id").is_null()
    )
    # The switch had the wrong length at first, and says so under the same id.
    mail.post(
        conflicting.with_columns(duration_seconds=pl.lit("77")),
        pl.lit(number + 1),
    )
    return on_time


def is_resent(switch: int, day: date) -> bool:
    """Whether the day's file of the switch comes again the day after."""
    return switch == SECOND_SWITCH and day.day == _RESENT_DAY and day.month % 2 == 1


def one_more(records: pl.DataFrame) -> pl.DataFrame:
    """The record that the first sending had lacked: a short message like the last one."""
    messages = records.filter((pl.col("service") == "sms") & (pl.col("disposition").is_null()))
    last = messages.tail(1)
    return last.with_columns(
        record_id=pl.col("record_id") + "-x",
        at=pl.col("at") + 11,
    )


def with_broken_line(text: bytes, switch: int, number: int, seed: int) -> bytes:
    """Now and then a text file has a line that nobody can read."""
    key = dice.key(seed, 5, switch, number)
    if switch == GATEWAY or key % 9 != 0:
        return text
    lines = text.split(b"\n")
    if len(lines) < 4:
        return text
    place = 1 + (key >> 8) % (len(lines) - 2)
    whole = lines[place]
    broken = (
        whole[: len(whole) // 3],
        b"### switch restarted ###",
        whole.replace(b"2026-", b"2026-13-", 1),
        whole + b"," + whole,
        b"\x00\xff\xfe" + whole[:20],
    )[(key >> 40) % 5]
    lines.insert(place, broken)
    return b"\n".join(lines)
