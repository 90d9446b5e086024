"""Usage that comes by and by for one bill date, and what shows that only new files count."""

import random

from .pipeline import Pipeline
from .strategies import Row, Tables, UsageFileTable

BATCHES = 3
# The other rows come as they began; these come whenever.
LATE = 0.04
# Stray records, whose period no other usage may have.
FEW = 100


def by_and_by(tables: Tables, seed: int, bill_date: str) -> list[list[UsageFileTable]]:
    """The usage in batches: most in the order in which it began, some late."""
    draw = random.Random(seed)
    months: dict[str, list[tuple[str, Row]]] = {}
    for file in tables.usage:
        for row in file.rows:
            months.setdefault(str(row.get("started_at"))[:7], []).append(
                (file.path.split("/")[1], row)
            )
    batches: list[dict[str, list[Row]]] = [{} for _ in range(BATCHES)]
    for rows in months.values():
        rows.sort(key=lambda feed_row: str(feed_row[1].get("started_at")))
        for place, (feed, row) in enumerate(rows):
            # Most of a month in the first batch, so that no later one opens a period.
            number = max(0, BATCHES - 1 - 10 * (len(rows) - 1 - place) // len(rows))
            if draw.random() < LATE:
                number = draw.randrange(BATCHES)
            if len(rows) < FEW or str(row.get("started_at")) >= bill_date:
                number = 0
            batches[number].setdefault(feed, []).append(row)
    return [
        [
            UsageFileTable(f"cdr/{feed}/{number:02d}.csv", rows)
            for feed, rows in sorted(batch.items())
        ]
        for number, batch in enumerate(batches)
    ]


def growing(tables: Tables, seed: int, bill_date: str) -> list[Tables]:
    """The folder after each batch; nothing but usage differs."""
    batches = by_and_by(tables, seed, bill_date)
    return [
        Tables(tables.operator, tables.rows, [file for batch in batches[:number] for file in batch])
        for number in range(1, BATCHES + 1)
    ]


def more_than_new_files(pipeline: Pipeline) -> str:
    """What shows that a run worked on more than the newest files and what they change, if any.

    No figure would tell: a run that judges and rates everything comes to the same.
    """
    row = pipeline.rows(
        """
        select
            (select bool_or(is_full) from mediation.int_judging_scope) as judges_all,
            (select bool_or(is_full) from rating.int_rating_scope) as rates_all,
            (select count(*) from raw.usage_records) as records,
            (select count(*) from mediation.int_guided_usage) as judged,
            (select max(file_number) from raw.usage_records) as newest,
            (select file_number from mediation.int_judged_files) as judged_until,
            (select file_number from rating.int_rated_until) as rated_until,
            (select count(*) from rating.int_rating_units where is_redone) as redone,
            (select count(*) from rating.int_rating_units where not is_redone) as added_to
        """
    )[0]
    if row["judges_all"] or row["judged"] * 2 > row["records"]:
        return f"{row['judged']} of {row['records']} records are judged"
    if row["rates_all"]:
        return "all usage is rated"
    if not row["judged_until"] == row["rated_until"] == row["newest"]:
        return f"the next run would not begin after file {row['newest']}"
    # some usage only adds to what was rated, other usage makes it be rated anew
    if min(row["redone"], row["added_to"]) == 0:
        return f"{row['redone']} accounts are rated anew, {row['added_to']} only added to"
    return ""
