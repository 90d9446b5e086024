"""Feeds the decoders mutated files and looks at what becomes of them.

    python -m tests.ingestion.fuzzing                   100,000 inputs for each decoder
    python -m tests.ingestion.fuzzing tap3 --runs 5000  fewer, for one
    python -m tests.ingestion.fuzzing tap3 --only 4711  that one input again, with its traceback

An input must end in the declared ways: in batches that account for every line, in a refused or in a
damaged file; in less than a second of CPU, without much memory; and the warehouse must be able to
type what came out. Inputs are made from seeds of this folder, and from genuine files where they lie
beside the checkout, in an order that depends on `--seed` and nothing else.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingestion.containers import DamagedFileError, Limits
from ingestion.decoding import BATCH_SCHEMA, Batch, Feed, RefusedFileError, Source
from ingestion.feeds import registered_formats, tap3
from ingestion.feeds._ber import BerReader, Element
from ingestion.loading import prepare
from ingestion.usage_files import check_parquet
from ingestion.usage_rows import insert_sql, rejected_sql
from tests.ingestion import fuzz_seeds, genuine_samples, tap_files

CPU_SECONDS_MAX = 1.0
MEMORY_GROWTH_MAX = 128 << 20
INPUT_BYTES_MAX = 16 << 10
LINE_BYTES = 8192
TYPED_AT_ONCE = 500
STATUS = Path("/proc/self/status")
# Writing a 5 to it makes the peak of memory begin anew.
CLEAR_REFS = Path("/proc/self/clear_refs")
QUOTED = re.compile(rb'"([^"\n]*)"')
# One that is ahead of UTC and one that is behind: the calendar has two ends.
TIME_ZONES = ("Europe/Paris", "America/Montreal")
BOM = b"\xef\xbb\xbf"


class Wrong(AssertionError):
    """An input did not end as it should."""


# ------------------------------------------------------------------------------------- the targets


def lines_of(data: bytes) -> list[bytes]:
    """The lines that are not blank."""
    return [line for line in data.removeprefix(BOM).split(b"\n") if line.strip()]


def records_of_cgrates(data: bytes) -> int:
    lines = [line.removesuffix(b"\r") for line in lines_of(data)]
    # A line that is too long is not looked into.
    return sum(len(line) > LINE_BYTES or not line.startswith((b"#", b":")) for line in lines)


def records_below_header(data: bytes) -> int:
    return max(0, len(lines_of(data)) - 1)


def records_of_billhouse(data: bytes) -> int:
    if data.removeprefix(BOM)[:61].lstrip().startswith(b"{"):
        return len(lines_of(data))
    return records_below_header(data)


@dataclass(frozen=True)
class Target:
    """A decoder with options. `records`: how many lines of an input must be accounted for, counted
    in another way than the decoder does; None where that can not be told from outside. `make`: how
    an input is made, if not by the mutations that suit any file.
    """

    format: str
    seeds: tuple[bytes, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    records: Callable[[bytes], int] | None = None
    tokens: tuple[bytes, ...] = ()
    make: Callable[[random.Random], bytes] | None = None
    lines_are_single: bool = True


TAP_OPTIONS = {"networks": {"DEUD2": "26202", "WERFD": "26201"}}


def targets() -> dict[str, Target]:
    """Every decoder, with its seeds."""
    csv_options = genuine_samples.FEEDS["cdr-stats/import_cdr_*.txt"]
    found = {
        "asterisk": Target(
            "asterisk", fuzz_seeds.asterisk(), records=lambda data: len(lines_of(data))
        ),
        "billhouse_csv": Target(
            "billhouse", fuzz_seeds.billhouse_csv(), records=records_of_billhouse
        ),
        "billhouse_json": Target(
            "billhouse", fuzz_seeds.billhouse_json(), records=records_of_billhouse
        ),
        "billhouse_parquet": Target("billhouse", fuzz_seeds.billhouse_parquet()),
        "cgrates": Target("cgrates", fuzz_seeds.cgrates(), records=records_of_cgrates),
        "cgrates_parts": Target(
            "cgrates",
            (*fuzz_seeds.cgrates_parts(), *_genuine("cgrates/partial_cdr_*.csv")),
            _options("cgrates/partial_cdr_*.csv"),
            records_of_cgrates,
        ),
        "csv": Target("csv", fuzz_seeds.csv(), fuzz_seeds.CSV_OPTIONS, records_below_header),
        "csv_positions": Target(
            "csv",
            _genuine("cdr-stats/import_cdr_*.txt") or fuzz_seeds.csv(),
            {name: value for name, value in csv_options.items() if name != "format"},
            lambda data: len(lines_of(data)),
        ),
        "freeswitch_csv": Target(
            "freeswitch_csv",
            fuzz_seeds.freeswitch_csv(),
            records=lambda data: len(lines_of(data)),
        ),
        # Several documents may begin on one line.
        "freeswitch_json": Target(
            "freeswitch_json", fuzz_seeds.freeswitch_json(), lines_are_single=False
        ),
        "tap3": Target(
            "tap3",
            fuzz_seeds.tap3(),
            TAP_OPTIONS,
            tokens=fuzz_seeds.BER_TOKENS,
        ),
        "tap3_events": Target("tap3", fuzz_seeds.tap3(), TAP_OPTIONS, make=tap_of_mutated_events),
    }
    genuine = {
        "asterisk": "asterisk/*.csv",
        "freeswitch_json": "freeswitch/json_cdr.json",
        "tap3": "tap3/*.ber",
    }
    for name, pattern in genuine.items():
        target = found[name]
        seeds = target.seeds + _genuine(pattern)
        found[name] = replace(target, seeds=seeds)
    # A format without an entry gets the seeds of all others.
    everything = tuple(seed for target in found.values() for seed in target.seeds)
    entered = {target.format for target in found.values()}
    for name in registered_formats().keys() - entered:
        found[name] = Target(name, everything)
    return found


def _genuine(pattern: str) -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted(genuine_samples.SAMPLES.glob(pattern)))


def _options(pattern: str) -> dict[str, Any]:
    return {name: v for name, v in genuine_samples.FEEDS[pattern].items() if name != "format"}


# ----------------------------------------------------------------------------------- the mutations


def flip(rng: random.Random, data: bytearray, target: Target) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def overwrite(rng: random.Random, data: bytearray, target: Target) -> None:
    data[rng.randrange(len(data))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, 10, 13, 34, 44, 59))


def delete(rng: random.Random, data: bytearray, target: Target) -> None:
    start = rng.randrange(len(data))
    del data[start : start + rng.choice((1, 1, 2, 4, 16, 200))]


def duplicate(rng: random.Random, data: bytearray, target: Target) -> None:
    start = rng.randrange(len(data))
    piece = data[start : start + rng.choice((1, 4, 16, 200))]
    data[start:start] = piece * rng.choice((1, 1, 2, 40))


def splice(rng: random.Random, data: bytearray, target: Target) -> None:
    other = rng.choice(target.seeds)
    start = rng.randrange(len(other)) if other else 0
    at = rng.randrange(len(data))
    data[at : at + rng.choice((0, 10, 200))] = other[start : start + rng.choice((5, 50, 500))]


def truncate(rng: random.Random, data: bytearray, target: Target) -> None:
    del data[rng.randrange(len(data)) :]


def insert_token(rng: random.Random, data: bytearray, target: Target) -> None:
    at = rng.randrange(len(data) + 1)
    token = rng.choice(target.tokens or fuzz_seeds.TOKENS)
    data[at : at + rng.choice((0, 0, len(token)))] = token


def replace_cell(rng: random.Random, data: bytearray, target: Target) -> None:
    """What stands between two delimiters becomes something else."""
    ends = [n for n, octet in enumerate(data) if octet in b',;"\n:']
    if len(ends) < 2:
        return
    position = rng.randrange(len(ends) - 1)
    data[ends[position] + 1 : ends[position + 1]] = rng.choice(fuzz_seeds.TOKENS)


def replace_quoted(rng: random.Random, data: bytearray, target: Target) -> None:
    """A whole quoted value becomes something else."""
    found = list(QUOTED.finditer(data))
    if found:
        start, end = rng.choice(found).span(1)
        data[start:end] = rng.choice(fuzz_seeds.TOKENS)


def replace_between(rng: random.Random, data: bytearray, target: Target) -> None:
    """A whole cell of a line becomes something else."""
    lines = data.split(b"\n")
    position = rng.randrange(len(lines))
    delimiter = b";" if b";" in lines[position] else b","
    cells = lines[position].split(delimiter)
    cells[rng.randrange(len(cells))] = bytearray(rng.choice(fuzz_seeds.TOKENS))
    lines[position] = bytearray(delimiter.join(cells))
    data[:] = b"\n".join(lines)


def attack_length(rng: random.Random, data: bytearray, target: Target) -> None:
    """Write a length, or any number of one to nine bytes, over what stands there."""
    size = rng.choice((1, 1, 2, 4, 8, 9))
    value = rng.choice((0, 1, 127, 128, 255, 256, len(data), 2**31, 2**32, 2**63, 2**64 - 1))
    octets = (value % 256**size).to_bytes(size, rng.choice(("big", "little")))
    at = rng.randrange(len(data))
    data[at : at + size] = bytes([0x80 | size]) + octets if rng.random() < 0.5 else octets


def change_digit(rng: random.Random, data: bytearray, target: Target) -> None:
    digits = [n for n, octet in enumerate(data) if octet in b"0123456789"]
    if digits:
        data[rng.choice(digits)] = rng.choice(b"0123456789-.")


MUTATIONS = (
    flip,
    overwrite,
    delete,
    duplicate,
    splice,
    truncate,
    insert_token,
    replace_cell,
    replace_quoted,
    replace_between,
    attack_length,
    change_digit,
)


def mutated(target: Target, seed: str) -> bytes:
    """One input. The same seed gives the same one."""
    rng = random.Random(seed)
    if target.make:
        return target.make(rng)
    data = bytearray(rng.choice(target.seeds))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        if not data:
            break
        rng.choice(MUTATIONS)(rng, data, target)
    return bytes(data[:INPUT_BYTES_MAX])


def tap_of_mutated_events(rng: random.Random) -> bytes:
    """A TAP file whose elements and control totals are right, so that its events are reached."""
    events: list[tap_files.Event] = []
    for _ in range(rng.choice((1, 1, 2, 4))):
        seed = BerReader(rng.choice(fuzz_seeds.TAP_EVENTS).content).element()
        for _ in range(rng.choice((0, 1, 1, 2, 5))):
            seed = mutated_element(rng, seed)
        totals = tap3._Totals()
        with contextlib.suppress(ValueError):
            totals.add(seed)
        content = written(seed, indefinite=rng.random() < 0.3)
        events.append(tap_files.Event(content, totals.charge, totals.tax, totals.charge_refund))
    return tap_files.TapFile(events, indefinite=rng.random() < 0.3).content()


def mutated_element(rng: random.Random, element: Element, depth: int = 0) -> Element:
    """The element with one of those in it changed, left out, doubled or moved."""
    inner = element.content
    if isinstance(inner, bytes) or not inner or depth > 8 or rng.random() < 0.15:
        return _changed(rng, element)
    position = rng.randrange(len(inner))
    chosen = inner[position]
    kept = [*inner[:position], *inner[position + 1 :]]
    what = rng.random()
    if what < 0.08:
        return Element(element.tag, kept)
    if what < 0.16:
        return Element(element.tag, [*inner, chosen])
    if what < 0.2:
        kept.insert(rng.randrange(len(kept) + 1), chosen)
        return Element(element.tag, kept)
    return Element(
        element.tag,
        [*inner[:position], mutated_element(rng, chosen, depth + 1), *inner[position + 1 :]],
    )


def _changed(rng: random.Random, element: Element) -> Element:
    inner = element.content
    what = rng.random()
    if what < 0.1:
        return Element(rng.choice((0, 1, 9, 10, 14, 43, 62, 433, 2000)), inner)
    if what < 0.15:
        return Element(element.tag, [element])
    if isinstance(inner, bytes) and inner and what < 0.7:
        octets = bytearray(inner)
        octets[rng.randrange(len(octets))] = rng.choice(
            (0, 0x2D, 0x30, 0x39, 0x7F, 0x80, 0xAB, 0xFF)
        )
        return Element(element.tag, bytes(octets))
    return Element(element.tag, rng.choice((b"", b"\0", b"T", b"\xff" * 16, rng.randbytes(20))))


def written(element: Element, *, indefinite: bool) -> bytes:
    """The element's bytes."""
    if isinstance(element.content, bytes):
        return tap_files.octets(element.tag, element.content) or b""
    inner = (written(one, indefinite=indefinite) for one in element.content)
    return tap_files.group(element.tag, *inner, indefinite=indefinite)


# -------------------------------------------------------------------------------------- the checks


def decoded_batches(target: Target, path: Path, data: bytes) -> list[Batch]:
    """What the decoder makes of an input; the declared errors come through."""
    path.write_bytes(data)
    source = Source(path, path.name, len(data), Limits(line_bytes=LINE_BYTES))
    time_zone = TIME_ZONES[len(data) % len(TIME_ZONES)]
    feed = Feed("feed", target.format, "cdr/feed", time_zone, target.options)
    # Files are looked at for damage before they are decoded.
    if data.startswith(b"PAR1"):
        check_parquet(source)
    return list(registered_formats()[target.format].decode(source, feed))


def check_batches(target: Target, data: bytes, batches: Sequence[Batch]) -> None:
    """Raises Wrong if a line was lost, counted twice or can not be kept."""
    numbers: list[int] = []
    for batch in batches:
        if batch.rows.schema != BATCH_SCHEMA:
            raise Wrong("rows of another schema")
        rows = batch.rows.column("line_number").to_pylist()
        if len(rows) + len(batch.rejected) != batch.lines:
            raise Wrong(f"{batch.lines} lines, {len(rows)} rows, {len(batch.rejected)} rejected")
        contents = batch.content_of(rows)
        if set(contents) != set(rows):
            raise Wrong("a row without content")
        batch.rows.validate(full=True)
        texts = [*contents.values()]
        for rejected in batch.rejected:
            if not rejected.reason:
                raise Wrong("rejected without a reason")
            texts += [rejected.reason, rejected.content]
        for text in texts:
            text.encode()
            if "\0" in text:
                raise Wrong("a NUL in what is kept of a line")
        numbers += rows + [rejected.line_number for rejected in batch.rejected]
    if target.lines_are_single and len(set(numbers)) != len(numbers):
        raise Wrong("a line ended twice")
    if target.records is not None and len(numbers) != target.records(data):
        raise Wrong(f"{target.records(data)} lines in the file, {len(numbers)} accounted for")


class Warehouse:
    """Types rows as loading does; what is not inserted must be rejected with a reason."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        prepare(self.con)
        self.rows: list[pa.Table] = []

    def take(self, batches: Sequence[Batch]) -> None:
        self.rows += [batch.rows for batch in batches if batch.rows.num_rows]
        if len(self.rows) >= TYPED_AT_ONCE:
            self.type_rows()

    def type_rows(self) -> None:
        if not self.rows:
            return
        rows = pa.concat_tables(self.rows)
        self.rows = []
        self.con.register("incoming", rows)
        self.con.register(
            "files", pa.table({"file_number": [1], "file_id": ["f"], "feed": ["feed"]})
        )
        relation = "(select *, 1 as file_number from incoming)"
        inserted = self.con.execute(insert_sql(relation, "files")).fetchall()[0][0]
        rejected = self.con.execute(rejected_sql(relation)).fetchall()
        self.con.execute("delete from raw.usage_records")
        if inserted + len(rejected) != rows.num_rows or not all(row[2] for row in rejected):
            raise Wrong(f"{rows.num_rows} rows, {inserted} typed, {len(rejected)} rejected")


@dataclass
class Tally:
    """What became of the inputs of one target."""

    inputs: int = 0
    decoded: int = 0
    refused: int = 0
    damaged: int = 0
    records: int = 0
    rejected: int = 0
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.inputs:,} inputs: {self.decoded:,} decoded ({self.records:,} records,"
            f" {self.rejected:,} rejected lines), {self.refused:,} refused,"
            f" {self.damaged:,} damaged; slowest {self.slowest * 1000:.0f} ms CPU;"
            f" {len(self.wrong)} wrong"
        )


def one(target: Target, path: Path, data: bytes, tally: Tally) -> list[Batch]:
    """Decode and check one input."""
    tally.inputs += 1
    memory = _memory_from_now_on()
    begun = time.process_time()
    batches: list[Batch] = []
    try:
        batches = decoded_batches(target, path, data)
    except RefusedFileError as error:
        tally.refused += 1
        if not str(error):
            raise Wrong("refused without a reason") from None
    except DamagedFileError:
        tally.damaged += 1
    else:
        tally.decoded += 1
        check_batches(target, data, batches)
    spent = time.process_time() - begun
    tally.slowest = max(tally.slowest, spent)
    if spent > CPU_SECONDS_MAX:
        raise Wrong(f"{spent:.1f} s of CPU")
    if (growth := _memory("VmHWM") - memory) > MEMORY_GROWTH_MAX:
        raise Wrong(f"{growth >> 20} MiB of memory")
    tally.records += sum(batch.rows.num_rows for batch in batches)
    tally.rejected += sum(len(batch.rejected) for batch in batches)
    return batches


def _memory_from_now_on() -> int:
    """Bytes in memory now; the peak is counted from here."""
    CLEAR_REFS.write_text("5")
    return _memory("VmRSS")


def _memory(name: str) -> int:
    status = STATUS.read_bytes()
    start = status.index(name.encode())
    return int(status[start : start + 40].split()[1]) << 10


def input_of(name: str, target: Target, number: int, seed: int) -> bytes:
    """The first inputs are the seeds themselves, then come mutated ones."""
    if number < len(target.seeds):
        return target.seeds[number]
    return mutated(target, f"{seed}/{name}/{number}")


@contextlib.contextmanager
def one_database() -> Iterator[None]:
    """All connections lead to one database: to start one takes far longer than an input."""
    connect = duckdb.connect
    with connect(config={"threads": 1, "enable_external_file_cache": False}) as database:
        duckdb.connect = lambda *_, **__: database.cursor()
        try:
            yield
        finally:
            duckdb.connect = connect


def fuzz(
    name: str,
    target: Target,
    runs: int,
    seed: int = 1,
    progress: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """Run so many inputs. What is wrong is collected, the first of each kind."""
    tally = Tally()
    warehouse = Warehouse()
    kinds: set[str] = set()
    scratch = Path("/dev/shm")
    parent = scratch if scratch.is_dir() else None
    with tempfile.TemporaryDirectory(dir=parent) as folder, one_database():
        path = Path(folder) / "input"
        for number in range(runs):
            data = input_of(name, target, number, seed)
            try:
                warehouse.take(one(target, path, data, tally))
            except Exception as error:
                kind = f"{type(error).__name__}: {str(error)[:200]}"
                if kind not in kinds:
                    kinds.add(kind)
                    tally.wrong.append(f"{name} --seed {seed} --only {number}: {kind}")
            progress(tally)
        warehouse.type_rows()
    return tally


def _shown_progress(name: str, runs: int) -> Callable[[Tally], None]:
    def show(tally: Tally) -> None:
        if tally.inputs % 1000 == 0 and sys.stderr.isatty():
            print(f"\r{name}: {tally.inputs:,} of {runs:,}", end="", file=sys.stderr)

    return show


def main() -> int:
    """The command line; 1 if anything was wrong."""
    known = targets()
    parser = argparse.ArgumentParser(prog="python -m tests.ingestion.fuzzing")
    parser.add_argument("targets", nargs="*", choices=[[], *known], metavar="decoder")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int)
    arguments = parser.parse_args()
    failed = False
    for name in arguments.targets or known:
        if arguments.only is not None:
            data = input_of(name, known[name], arguments.only, arguments.seed)
            with tempfile.TemporaryDirectory() as folder:
                print(data)
                for batch in one(known[name], Path(folder) / "input", data, Tally()):
                    print(batch.rows.to_pylist(), batch.rejected)
            continue
        begun = time.monotonic()
        runs = arguments.runs
        tally = fuzz(name, known[name], runs, arguments.seed, _shown_progress(name, runs))
        clear = "\r" if sys.stderr.isatty() else ""
        print(f"{clear}{name}: {tally}; {time.monotonic() - begun:.0f} s", flush=True)
        for wrong in tally.wrong:
            print(f"  {wrong}", flush=True)
        failed = failed or bool(tally.wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
