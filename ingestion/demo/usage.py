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

# A line that has ended is still heard of for a few days, rarely.
AFTERLIFE_DAYS = 6
_AFTERLIFE_PERCENT = 10
_ABROAD_PERCENT = {"voice": 70, "sms": 90, "mms": 100, "data": 80}
_DAYS_OF_A_MONTH = 30
_STREAM = {service: number for number, service in enumerate(habits.SERVICES, start=1)}

# Columns of a day's events; `at` is seconds since 1970.
EVENT_SCHEMA = {
    "kind": pl.String,
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
    "account_id": pl.String,
}
FIRST_SWITCH, SECOND_SWITCH, GATEWAY = 1, 2, 3


class UsageMaker:
    """Makes the events of any day of the timeline."""

    def __init__(self, lines: Sequence[Line], timeline: Timeline, seed: int) -> None:
        self._timeline = timeline
        self._seed = seed
        self._lines = contacts.counted(_line_table(lines, timeline, seed))
        self._called = contacts.contact_table(self._lines, messages=False)
        self._written_to = contacts.contact_table(self._lines, messages=True)

    def events(self, day: date) -> pl.DataFrame:
        """All events that start on the local day, in no order."""
        parts = []
        for service in habits.SERVICES:
            for business in (False, True):
                drawn = self._drawn(day, service, business)
                if drawn.height:
                    made = _BUILDERS[service](self, drawn)
                    parts.append(
                        made.with_columns(service=pl.lit(service)).select(list(EVENT_SCHEMA))
                    )
        return pl.concat(parts) if parts else pl.DataFrame(schema=EVENT_SCHEMA)

    def _drawn(self, day: date, service: str, business: bool) -> pl.DataFrame:
        """One row per event: the line's columns, `hashed`, `at`, `abroad`."""
        number = self._timeline.day_number(day)
        rate = f"{service}_rate"
        base = dice.key(self._seed, 7, number, _STREAM[service])
        percent = habits.day_percent(service, business, day)
        ended = pl.col("to_day") <= number
        abroad = (pl.col("trip_from") <= number) & (pl.col("trip_to") > number)
        lines = (
            self._lines.lazy()
            .filter(
                (pl.col("business") == business)
                & (pl.col(rate) > 0)
                & (pl.col("from_day") <= number)
                & (pl.col("to_day") + pl.col("afterlife_days") > number)
            )
            .with_columns(
                abroad=abroad.fill_null(False),
                day_hash=dice.mixed_expr(pl.col("key") ^ dice.u64(base)),
            )
            .with_columns(
                share=dice.drawn(habits.DAY_SHARE, dice.throw(pl.col("day_hash"), 21)),
                luck=(dice.throw(pl.col("day_hash"), 22) % 1_000_000).cast(pl.Int64),
                expected=pl.col(rate)
                * percent
                // 100
                * pl.when(ended).then(_AFTERLIFE_PERCENT).otherwise(100)
                // 100
                * pl.when("abroad").then(_ABROAD_PERCENT[service]).otherwise(100)
                // 100,
            )
            .with_columns(
                count=(pl.col("expected") * pl.col("share") // 1000 + pl.col("luck")) // 1_000_000
            )
            .filter(pl.col("count") > 0)
            .collect()
        )
        if not lines.height:
            return lines
        owner = (
            lines.select(pl.int_range(pl.len(), dtype=pl.UInt32).repeat_by("count"))
            .to_series()
            .explode()
        )
        position = pl.int_range(pl.len(), dtype=pl.UInt64)
        first = lines["count"].cum_sum() - lines["count"]
        midnight = epoch(local(day))
        seconds_of_day = 86_400
        return (
            lines[owner]
            .with_columns(
                nth=position - first.gather(owner).cast(pl.UInt64),
            )
            .with_columns(hashed=dice.mixed_expr(pl.col("day_hash") + pl.col("nth")))
            .with_columns(
                at=dice.drawn(
                    habits.clock_of(service, business, day), dice.throw(pl.col("hashed"), 31)
                ).clip(0, seconds_of_day - 1)
                + midnight
            )
        )

    def _voice(self, drawn: pl.DataFrame) -> pl.DataFrame:
        desk = pl.col("kind").is_in(["extension", "sip_user"])
        fate = dice.throw(pl.col("hashed"), 41) % 1000
        length = dice.throw(pl.col("hashed"), 42)
        seconds = (
            pl.when("desk")
            .then(dice.drawn(habits.DESK_SECONDS, length))
            .otherwise(dice.drawn(habits.VOICE_SECONDS, length))
        )
        drawn = drawn.with_columns(desk=desk, fate=fate).with_columns(
            answered=pl.when("desk").then(pl.col("fate") >= 40).otherwise(pl.col("fate") >= 6),
            received=pl.when("desk")
            .then(False)
            .when("abroad")
            .then(pl.col("fate") >= 650)
            .otherwise(pl.col("fate") >= 996),
        )
        drawn = drawn.with_columns(
            seconds=pl.when("answered").then(seconds).otherwise(0),
            other_party=self._contact(self._called),
            # The first switch counts tenths.
            tenths=(dice.throw(pl.col("hashed"), 43) % 10).cast(pl.String),
        )
        return _completed(
            drawn,
            direction=pl.when("received")
            .then(pl.lit("terminating"))
            .otherwise(pl.lit("originating")),
            duration_seconds=pl.when(
                (pl.col("switch") == FIRST_SWITCH) & (pl.col("seconds") > 0) & ~pl.col("desk")
            )
            .then(pl.col("seconds").cast(pl.String) + "." + pl.col("tenths"))
            .otherwise(pl.col("seconds").cast(pl.String)),
            disposition=pl.when("answered")
            .then(pl.lit("answered"))
            .when(pl.col("fate") % 2 == 0)
            .then(pl.lit("no_answer"))
            .otherwise(pl.lit("busy")),
        )

    def _message(self, drawn: pl.DataFrame) -> pl.DataFrame:
        parts = dice.throw(pl.col("hashed"), 51) % 100
        return _completed(
            drawn.with_columns(other_party=self._contact(self._written_to)),
            direction=pl.lit("originating"),
            # Long texts are several messages; a single one is often not counted at all.
            messages=pl.when(parts < 4)
            .then(2)
            .when(parts < 5)
            .then(3)
            .when(parts < 60)
            .then(1)
            .otherwise(None),
        )

    def _picture(self, drawn: pl.DataFrame) -> pl.DataFrame:
        return _completed(
            drawn.with_columns(other_party=self._contact(self._written_to)),
            direction=pl.lit("originating"),
            messages=pl.lit(1),
        )

    def _data(self, drawn: pl.DataFrame) -> pl.DataFrame:
        share = dice.drawn(habits.SESSION_SHARE, dice.throw(pl.col("hashed"), 61))
        # Hotel networks, and thrift when it is dear: a two hundredth.
        share = share * pl.when("abroad").then(pl.col("abroad_share")).otherwise(1000) // 1000
        volume = pl.col("session_bytes") * share // 1000 + (pl.col("hashed") % 997).cast(pl.Int64)
        uplink = 4 + (dice.throw(pl.col("hashed"), 62) % 17).cast(pl.Int64)
        drawn = drawn.with_columns(volume=volume).with_columns(
            bytes_uplink=pl.col("volume") * uplink // 100
        )
        return _completed(
            drawn,
            subscriber=pl.col("imsi"),
            subscriber_kind=pl.lit("imsi"),
            switch=pl.lit(GATEWAY, dtype=pl.UInt8),
            other_party=pl.lit(None, dtype=pl.String),
            direction=pl.lit("originating"),
            duration_seconds=dice.drawn(
                habits.SESSION_SECONDS, dice.throw(pl.col("hashed"), 63)
            ).cast(pl.String),
            bytes_downlink=pl.col("volume") - pl.col("bytes_uplink"),
        )

    def _contact(self, table: pl.DataFrame) -> pl.Expr:
        """The called number as the line's own switch writes it."""
        share = dice.drawn(habits.CONTACT_SHARE, dice.throw(pl.col("hashed"), 71))
        place = pl.col("contact_from") + (
            pl.col("contact_count").cast(pl.Int64) * share // 65_536
        ).cast(pl.UInt64)
        e164 = pl.lit(table["e164"]).gather(place)
        dialled = pl.lit(table["dialled"]).gather(place)
        plus = pl.lit(table["plus"]).gather(place)
        on_second = pl.col("switch") == SECOND_SWITCH
        return (
            pl.when(pl.col("kind").is_in(["extension", "sip_user"]))
            .then(dialled)
            .when(on_second & (pl.col("hashed") % 4 == 0))
            .then(plus)
            .when(on_second & ~pl.col("abroad"))
            .then(dialled)
            .otherwise(e164)
        )


_BUILDERS = {
    "voice": UsageMaker._voice,
    "sms": UsageMaker._message,
    "mms": UsageMaker._picture,
    "data": UsageMaker._data,
}


def _completed(drawn: pl.DataFrame, **columns: pl.Expr) -> pl.DataFrame:
    """The event columns that every service has, then the given ones."""
    home = pl.when(pl.col("hashed") % 3 == 0).then(None).otherwise(pl.lit("20815"))
    usual = {
        "bytes_uplink": pl.lit(None, dtype=pl.Int64),
        "bytes_downlink": pl.lit(None, dtype=pl.Int64),
        "messages": pl.lit(None, dtype=pl.Int64),
        "duration_seconds": pl.lit(None, dtype=pl.String),
        "disposition": pl.lit(None, dtype=pl.String),
        "charging_id": pl.lit(None, dtype=pl.String),
        "sequence": pl.lit(None, dtype=pl.Int64),
        "is_final": pl.lit(None, dtype=pl.Boolean),
        "serving_network": pl.when("abroad").then(pl.col("trip_network")).otherwise(home),
    }
    for name in list(usual):
        if name in drawn.columns:
            del usual[name]
    return drawn.with_columns(**usual | columns).cast(
        {name: dtype for name, dtype in EVENT_SCHEMA.items() if name in ("messages", "sequence")}
    )


def _line_table(lines: Sequence[Line], timeline: Timeline, seed: int) -> pl.DataFrame:
    """One row per line that can have usage."""
    rates: dict[str, list[int]] = {service: [] for service in habits.SERVICES}
    shares = habits.LINE_SHARE.to_list()
    sessions, business, keys = [], [], []
    for line in lines:
        habit = habits.HABITS[line.plan]
        key = dice.key(seed, 3, line.number)
        keys.append(key)
        share = shares[key % dice.TABLE_SIZE]
        if line.usage_percent is not None:
            share = 10 * line.usage_percent
        for service in habits.SERVICES:
            # Records a day, in millionths.
            records = getattr(habit, service)
            rates[service].append(round(records * 1_000_000 / _DAYS_OF_A_MONTH) * share // 1000)
        sessions.append(habit.session_bytes)
        business.append(habit.business_hours)
    trips = [line.trip for line in lines]
    table = pl.DataFrame(
        {
            "kind": [line.kind for line in lines],
            "account_id": [line.account_id for line in lines],
            "subscriber": [line.pbx_user or line.msisdn for line in lines],
            "subscriber_kind": [line.kind if line.pbx_user else "msisdn" for line in lines],
            "imsi": pl.Series([line.imsi for line in lines], dtype=pl.String),
            "stem": pl.Series([line.stem for line in lines], dtype=pl.String),
            "key": pl.Series(keys, dtype=pl.UInt64),
            "business": business,
            "session_bytes": pl.Series(sessions, dtype=pl.Int64),
            "from_day": [timeline.day_number(line.usage_from) for line in lines],
            "to_day": [timeline.day_number(line.usage_to) for line in lines],
            "afterlife_days": [
                AFTERLIFE_DAYS if line.terminated is not None else 0 for line in lines
            ],
            "trip_network": pl.Series(
                [trip[0] if trip else None for trip in trips], dtype=pl.String
            ),
            "trip_from": pl.Series(
                [timeline.day_number(trip[1]) if trip else None for trip in trips], dtype=pl.Int64
            ),
            "trip_to": pl.Series(
                [timeline.day_number(trip[2]) if trip else None for trip in trips], dtype=pl.Int64
            ),
            "abroad_share": pl.Series(
                [400 if line.roams_freely else 5 for line in lines], dtype=pl.Int64
            ),
            **{
                f"{service}_rate": pl.Series(values, dtype=pl.Int64)
                for service, values in rates.items()
            },
        }
    )
    return table.with_columns(
        switch=pl.when(pl.col("key") % 5 < 3)
        .then(pl.lit(FIRST_SWITCH, dtype=pl.UInt8))
        .otherwise(pl.lit(SECOND_SWITCH, dtype=pl.UInt8))
    )
