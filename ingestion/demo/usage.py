"""A day's usage: for every line and service how many records, and for each of them what happened.

Bulk work is done on Polars columns; every value is a hash of (seed, line, day, service, count), so
a day does not depend on the days before it.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from ingestion.demo import contacts, dice, habits
from ingestion.demo.customers import Line
from ingestion.demo.timeline import Timeline, epoch, local

FIRST_SWITCH, SECOND_SWITCH, GATEWAY = 1, 2, 3

# A line that has ended is still heard of for a few days, rarely.
_AFTERLIFE_DAYS = 6
_AFTERLIFE_PERCENT = 10
_ABROAD_PERCENT = {"voice": 70, "sms": 90, "mms": 100, "data": 80}
_DAYS_OF_A_MONTH = 30
_MILLION = 1_000_000
_STREAM = {service: number for number, service in enumerate((*habits.SERVICES, "desk"), start=1)}

# Columns of the core network's events; `at` is seconds since 1970.
EVENT_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "switch": pl.UInt8,
    "at": pl.Int64,
    "hashed": pl.UInt64,
    "service": pl.String,
    "direction": pl.String,
    "subscriber": pl.String,
    "subscriber_kind": pl.String,
    "other_party": pl.String,
    "duration_seconds": pl.String,
    "bytes_uplink": pl.Int64,
    "bytes_downlink": pl.Int64,
    "messages": pl.Int64,
    "serving_network": pl.String,
    "charging_id": pl.String,
    "sequence": pl.Int64,
    "is_final": pl.Boolean,
    "disposition": pl.String,
}
# What an event of any service needs to know of its line.
_CALLER_COLUMNS = (
    "switch",
    "subscriber",
    "contact_from",
    "contact_count",
    "trip_network",
)
_SESSION_COLUMNS = ("switch", "imsi", "session_bytes", "abroad_share", "trip_network")
_DESK_COLUMNS = ("kind", "account_id", "subscriber", "contact_from", "contact_count")


class UsageMaker:
    """Makes the events of any day of the timeline."""

    def __init__(self, lines: Sequence[Line], timeline: Timeline, seed: int) -> None:
        self._timeline = timeline
        self._seed = seed
        table = contacts.counted(_line_table(lines, timeline, seed))
        self._called = contacts.contact_numbers(table, messages=False)
        self._written_to = contacts.contact_numbers(table, messages=True)
        mobile = table.filter(pl.col("kind").is_in(["mobile", "thing"]))
        self._users = {
            service: mobile.filter(pl.col(f"{service}_rate") > 0).with_columns(
                rate=f"{service}_rate"
            )
            for service in habits.SERVICES
        }
        self._desks = table.filter(pl.col("kind").is_in(["extension", "sip_user"])).with_columns(
            rate="voice_rate"
        )

    def core(self, day: date) -> pl.DataFrame:
        """Events of the core network that start on the local day, in no order."""
        builders = (
            ("voice", self._voice, _CALLER_COLUMNS),
            ("sms", self._message, _CALLER_COLUMNS),
            ("mms", self._picture, _CALLER_COLUMNS),
            ("data", self._session, _SESSION_COLUMNS),
        )
        parts = []
        for service, build, needed in builders:
            drawn = self._drawn(self._users[service], day, service, needed)
            if drawn.height:
                parts.append(drawn.lazy().pipe(build).pipe(_completed, service))
        if not parts:
            return pl.DataFrame(schema=EVENT_SCHEMA)
        return pl.concat(pl.collect_all(parts))

    def desk(self, day: date) -> pl.DataFrame:
        """Calls of business telephone systems: kind, account_id, subscriber, other_party, at,
        hashed, seconds, disposition."""
        drawn = self._drawn(self._desks, day, "desk", _DESK_COLUMNS)
        fate = dice.throw(pl.col("hashed"), 41) % 1000
        answered = fate >= 40
        return drawn.select(
            "kind",
            "account_id",
            "subscriber",
            "at",
            "hashed",
            other_party=contacts.dialled(_contact(self._called)),
            seconds=pl.when(answered)
            .then(dice.drawn(habits.DESK_SECONDS, dice.throw(pl.col("hashed"), 42)))
            .otherwise(0),
            disposition=_disposition(answered),
        )

    def _drawn(
        self, users: pl.DataFrame, day: date, service: str, needed: Sequence[str]
    ) -> pl.DataFrame:
        """One row per event: the needed columns of the line, hashed, at, abroad."""
        number = self._timeline.day_number(day)
        base = dice.key(self._seed, 7, number, _STREAM[service])
        habit = "voice" if service == "desk" else service
        abroad = (pl.col("trip_from") <= number) & (pl.col("trip_to") > number)
        day_percent = (
            pl.when("business")
            .then(habits.day_percent(habit, True, day))
            .otherwise(habits.day_percent(habit, False, day))
        )
        heard = users.lazy().filter(
            (pl.col("from_day") <= number) & (pl.col("heard_to_day") > number)
        )
        active = (
            dice.with_mix(heard, "day_hash", pl.col("key") ^ dice.u64(base))
            .select(
                *needed,
                "business",
                "day_hash",
                abroad=abroad,
                expected=pl.col("rate")
                * day_percent
                // 100
                * pl.when(pl.col("to_day") <= number).then(_AFTERLIFE_PERCENT).otherwise(100)
                // 100
                * pl.when(abroad).then(_ABROAD_PERCENT[habit]).otherwise(100)
                // 100,
            )
            .with_columns(
                count=(
                    pl.col("expected")
                    * dice.drawn_in_steps(habits.DAY_SHARE, dice.throw(pl.col("day_hash"), 21))
                    // 1000
                    + (dice.throw(pl.col("day_hash"), 22) % _MILLION).cast(pl.Int64)
                )
                // _MILLION
            )
            .filter(pl.col("count") > 0)
            .drop("expected")
            .collect()
        )
        owner = contacts.repeated(active["count"])
        first = active["count"].cum_sum() - active["count"]
        private = habits.clock_of(habit, False, day)
        business = habits.clock_of(habit, True, day)
        clock_throw = dice.throw(pl.col("hashed"), 31)
        nth = pl.int_range(pl.len(), dtype=pl.UInt64) - pl.lit(first.gather(owner).cast(pl.UInt64))
        events = active.drop("count")[owner].lazy()
        return (
            dice.with_mix(events, "hashed", pl.col("day_hash") + nth)
            .with_columns(clock_throw=clock_throw)
            .with_columns(
                at=pl.when("business")
                .then(dice.drawn(business, pl.col("clock_throw")))
                .otherwise(dice.drawn(private, pl.col("clock_throw")))
                + epoch(local(day))
            )
            .collect()
        )

    def _voice(self, drawn: pl.LazyFrame) -> pl.LazyFrame:
        fate = dice.throw(pl.col("hashed"), 41) % 1000
        # The first switch counts tenths.
        tenths = (dice.throw(pl.col("hashed"), 43) % 10).cast(pl.String)
        counts_tenths = (pl.col("switch") == FIRST_SWITCH) & pl.col("answered")
        received = fate >= pl.when("abroad").then(650).otherwise(996)
        return (
            _with_other_party(drawn, self._called)
            .with_columns(answered=fate >= 6)
            .with_columns(
                seconds=pl.when("answered")
                .then(dice.drawn(habits.VOICE_SECONDS, dice.throw(pl.col("hashed"), 42)))
                .otherwise(0)
                .cast(pl.String),
            )
            .with_columns(
                direction=pl.when(received)
                .then(pl.lit("terminating"))
                .otherwise(pl.lit("originating")),
                duration_seconds=pl.when(counts_tenths)
                .then(pl.col("seconds") + "." + tenths)
                .otherwise("seconds"),
                disposition=_disposition(pl.col("answered")),
            )
        )

    def _message(self, drawn: pl.LazyFrame) -> pl.LazyFrame:
        parts = dice.throw(pl.col("hashed"), 51) % 100
        return _with_other_party(drawn, self._written_to).with_columns(
            # Long texts are several messages; a single one is often not counted at all.
            messages=pl.when(parts < 4)
            .then(2)
            .when(parts < 5)
            .then(3)
            .when(parts < 60)
            .then(1)
            .otherwise(None),
        )

    def _picture(self, drawn: pl.LazyFrame) -> pl.LazyFrame:
        return _with_other_party(drawn, self._written_to).with_columns(messages=pl.lit(1))

    def _session(self, drawn: pl.LazyFrame) -> pl.LazyFrame:
        share = dice.drawn(habits.SESSION_SHARE, dice.throw(pl.col("hashed"), 61))
        # Hotel networks, and thrift where it is dear.
        share = share * pl.when("abroad").then(pl.col("abroad_share")).otherwise(1000) // 1000
        volume = pl.col("session_bytes") * share // 1000 + (pl.col("hashed") % 997).cast(pl.Int64)
        uplink = 4 + (dice.throw(pl.col("hashed"), 62) % 17).cast(pl.Int64)
        return (
            drawn.with_columns(volume=volume)
            .with_columns(bytes_uplink=pl.col("volume") * uplink // 100)
            .with_columns(
                subscriber=pl.col("imsi"),
                subscriber_kind=pl.lit("imsi"),
                switch=pl.lit(GATEWAY, dtype=pl.UInt8),
                bytes_downlink=pl.col("volume") - pl.col("bytes_uplink"),
                duration_seconds=dice.drawn(
                    habits.SESSION_SECONDS, dice.throw(pl.col("hashed"), 63)
                ).cast(pl.String),
            )
        )


def _contact(numbers: pl.Series) -> pl.Expr:
    """A number of the line's list."""
    share = dice.drawn_in_steps(habits.CONTACT_SHARE, dice.throw(pl.col("hashed"), 71))
    place = pl.col("contact_from") + pl.col("contact_count") * share // 65_536
    return pl.lit(numbers).gather(place)


def _with_other_party(drawn: pl.LazyFrame, numbers: pl.Series) -> pl.LazyFrame:
    """The first switch writes E.164; the second what was dialled or, at times, a leading +."""
    on_second = pl.col("switch") == SECOND_SWITCH
    number = pl.col("other_party")
    return drawn.with_columns(other_party=_contact(numbers)).with_columns(
        other_party=pl.when(on_second & (pl.col("hashed") % 4 == 0))
        .then(contacts.with_plus(number))
        .when(on_second & ~pl.col("abroad"))
        .then(contacts.dialled(number))
        .otherwise(number)
    )


def _disposition(answered: pl.Expr) -> pl.Expr:
    return (
        pl.when(answered)
        .then(pl.lit("answered"))
        .when(pl.col("hashed") % 2 == 0)
        .then(pl.lit("no_answer"))
        .otherwise(pl.lit("busy"))
    )


def _completed(drawn: pl.LazyFrame, service: str) -> pl.LazyFrame:
    """All columns of an event; what the service has not is empty."""
    home = pl.when(pl.col("hashed") % 3 == 0).then(None).otherwise(pl.lit("20815"))
    usual = {
        "service": pl.lit(service),
        "direction": pl.lit("originating"),
        "subscriber_kind": pl.lit("msisdn"),
        "serving_network": pl.when("abroad").then("trip_network").otherwise(home),
    }
    made = drawn.collect_schema().names()
    return drawn.select(
        (pl.col(name) if name in made else usual.get(name, pl.lit(None))).cast(dtype).alias(name)
        for name, dtype in EVENT_SCHEMA.items()
    )


def _line_table(lines: Sequence[Line], timeline: Timeline, seed: int) -> pl.DataFrame:
    """One row per line."""
    rates: dict[str, list[int]] = {service: [] for service in habits.SERVICES}
    shares = habits.LINE_SHARE.to_list()
    for line in lines:
        habit = habits.HABITS[line.plan]
        share = shares[dice.key(seed, 3, line.number) % dice.TABLE_SIZE]
        if line.usage_percent is not None:
            share = 10 * line.usage_percent
        for service in habits.SERVICES:
            # Records a day, in millionths.
            records = getattr(habit, service)
            rates[service].append(round(records * _MILLION / _DAYS_OF_A_MONTH) * share // 1000)
    trips = [line.trip or (None, date.min, date.min) for line in lines]
    afterlife = [0 if line.terminated is None else _AFTERLIFE_DAYS for line in lines]
    day_number = timeline.day_number
    table = pl.DataFrame(
        {
            "kind": [line.kind for line in lines],
            "account_id": [line.account_id for line in lines],
            "subscriber": [line.pbx_user or line.msisdn for line in lines],
            "imsi": pl.Series([line.imsi for line in lines], dtype=pl.String),
            "stem": pl.Series([line.stem for line in lines], dtype=pl.String),
            "key": pl.Series([dice.key(seed, 3, line.number) for line in lines], dtype=pl.UInt64),
            "business": [habits.HABITS[line.plan].business_hours for line in lines],
            "session_bytes": [habits.HABITS[line.plan].session_bytes for line in lines],
            "from_day": [day_number(line.usage_from) for line in lines],
            "to_day": [day_number(line.usage_to) for line in lines],
            "afterlife_days": afterlife,
            "trip_network": pl.Series([trip[0] for trip in trips], dtype=pl.String),
            "trip_from": [day_number(trip[1]) for trip in trips],
            "trip_to": [day_number(trip[2]) for trip in trips],
            "abroad_share": [400 if line.roams_freely else 5 for line in lines],
            **{f"{service}_rate": values for service, values in rates.items()},
        }
    )
    return table.with_columns(
        heard_to_day=pl.col("to_day") + pl.col("afterlife_days"),
        switch=pl.when(pl.col("key") % 5 < 3)
        .then(pl.lit(FIRST_SWITCH, dtype=pl.UInt8))
        .otherwise(pl.lit(SECOND_SWITCH, dtype=pl.UInt8)),
    )
