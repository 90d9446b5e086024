"""Where a mutant is tried: the parsed project in memory, and warehouses prepared up to its turn.

A mutant never reaches the disk: it replaces the text of one model or macro in the parsed project.
Every prepared warehouse is copied before it is used, so that mutants do not meet.
"""

import contextlib
import json
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from orchestration import dbt, warehouse
from tests.golden.own import OwnCases
from tests.rerater import calendar, runs
from tests.rerater.agreement import Scenario
from tests.rerater.compare import Comparison
from tests.rerater.increments import more_than_new_files
from tests.rerater.pipeline import Pipeline
from tests.rerater.reader import Folder, read_folder

from .mutating import Mutant, mutants_of

DOMAINS = ("mediation", "rating")
REFERENCE = ("path:models/catalog", "path:models/customers")
"""Built before, and again only for a mutant that they can depend on."""
JUDGED = (*(f"path:models/{domain}" for domain in DOMAINS), "usage_accounting")
NOT_SQL = ("Binder Error", "Parser Error", "Catalog Error", "Compilation Error", "Syntax")
"""What the engine or dbt says of text that is no SQL: such a mutant says nothing about tests."""


EXPLAINING = ("explained_", "allowance_openings", "asked_allowances")
"""Models that tell how a figure came about: no figure depends on them, so no figure can tell."""
Condition = str | list["Condition"]
"""SQL as a setting holds it: one condition or several."""
Start = Callable[[Path], Path]
"""Which of the warehouses of a bench to begin with."""


CONDITION = "replace_where"
"""The setting of a model that holds SQL."""
LONGEST = 3
"""One mutant takes at most so many times what a rehearsal takes: what takes longer has lost a
condition of a join."""


class DoesNotBuild(Exception):
    """The mutant is no SQL that the engine takes."""


@dataclass(frozen=True)
class Bench:
    """A warehouse in which all is loaded and nothing judged, and what the re-rater says of it."""

    name: str
    home: Path
    bill_date: date
    folder: Folder
    result: runs.RunResult
    rules: str = ""
    """The digest of the rules, if the usage before was drafted for this bill date with them."""

    @property
    def pipeline(self) -> Pipeline:
        return Pipeline(self.home)


def prepared(home: Path) -> Path:
    """The warehouse in which all is loaded and nothing judged."""
    return home / "prepared.duckdb"


def judged(home: Path) -> Path:
    """The warehouse with everything judged, and nothing broken."""
    return home / "judged.duckdb"


def begin_anew(start: Path, file: Path) -> None:
    """Put a copy in the place of a warehouse, without the log that a killed process left there."""
    Path(f"{file}.wal").unlink(missing_ok=True)
    shutil.copyfile(start, file)


def in_condition(mutant: Mutant, condition: Condition) -> Condition:
    """What a macro has rendered, with the fault, if the line of the fault is in it."""
    if not isinstance(condition, str):
        return [in_condition(mutant, one) for one in condition]
    before, after = (text.split("{%")[0].strip(' ",') for text in (mutant.before, mutant.after))
    return " ".join(condition.split()).replace(before, after) if before else condition


def message_of(run: Any) -> str:
    return " ".join(str(run.message or run.status).split())


class Laboratory:
    """The project, parsed once, and the benches."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.manifest = dbt.parse()
        self.benches: list[Bench] = []
        self.issued = home / "issued" / "billhouse.duckdb"
        self.patience = 0.0

    # Preparing ---------------------------------------------------------------------------------

    def prepare(self, scenarios: Sequence[str]) -> None:
        """Build the benches; the first one, issued, also serves the unit tests."""
        for text in scenarios:
            self.benches.append(self.bench(text))
        self.own_cases = self.golden()
        started = time.monotonic()
        self.rehearse()
        self.patience = LONGEST * (time.monotonic() - started)

    def bench(self, text: str) -> Bench:
        """The last state of a scenario, loaded; the runs before it are drafted and issued."""
        home = self.home / text.replace(":", "-")
        history, pipeline = runs.History(), Pipeline(home)
        states = Scenario.parse(text).states()
        grows = len(states) > len({bill_date for bill_date, _ in states})
        for number, (bill_date, tables) in enumerate(states):
            path = tables.write(home / str(bill_date))
            folder = read_folder(path)
            loaded_at = calendar.midnight(bill_date, folder.operator.zone)
            result = runs.run(history, folder, bill_date, loaded_at=loaded_at)
            if number + 1 == len(states):
                self.load(pipeline, path, bill_date, loaded_at)
                shutil.copyfile(pipeline.warehouse, prepared(home))
                rules = dbt.rules_digest() if grows else ""
                return Bench(text, home, bill_date, folder, result, rules)
            pipeline.draft(path, bill_date, loaded_at)
            if grows:
                continue
            held = pipeline.suspects(bill_date)
            pipeline.issue(path, bill_date)
            runs.issue(history, folder, result, held=held)
        raise ValueError(f"{text} has no bill date")

    def load(self, pipeline: Pipeline, path: Path, bill_date: date, loaded_at: datetime) -> None:
        with pipeline.steps(path) as steps:
            steps.load(loaded_at=loaded_at)
        self.build(pipeline.warehouse, bill_date, REFERENCE)

    def golden(self) -> list[tuple[OwnCases, Pipeline, date]]:
        """The folders of the golden cases, loaded."""
        found = []
        for cases in OwnCases.all():
            home = self.home / "golden" / cases.name
            pipeline = Pipeline(home)
            path = cases.tables.write(home / "operator")
            self.load(pipeline, path, cases.bill_date, cases.loaded_at)
            shutil.copyfile(pipeline.warehouse, prepared(home))
            found.append((cases, pipeline, cases.bill_date))
        return found

    def rehearse(self) -> None:
        """Nothing is broken yet, so nothing may be noticed; leaves whole warehouses behind."""
        for bench in self.benches:
            found = self.disagreement(bench, JUDGED, prepared)
            if bench.rules:
                found = found or self.disagreement_anew(bench)
            if found:
                raise RuntimeError(f"{bench.name}: differs before anything is broken: {found}")
            shutil.copyfile(bench.pipeline.warehouse, judged(bench.home))
        if found := self.golden_fault(JUDGED, prepared):
            raise RuntimeError(f"golden cases fail before anything is broken: {found}")
        for _, pipeline, _ in self.own_cases:
            shutil.copyfile(pipeline.warehouse, judged(pipeline.home))
        self.issued.parent.mkdir()
        shutil.copyfile(judged(self.benches[0].home), self.issued)

    # Breaking ----------------------------------------------------------------------------------

    def mutants(self) -> list[Mutant]:
        """Every mutant of the models of the domains, and of the macros that they use."""
        models = [
            node
            for node in self.manifest.nodes.values()
            if node.resource_type == "model"
            and node.fqn[1] in DOMAINS
            and not node.name.startswith(EXPLAINING)
        ]
        found = [
            mutant
            for node in sorted(models, key=lambda node: node.name)
            for mutant in mutants_of(node.unique_id, node.original_file_path, node.raw_code)
        ]
        used: set[str] = set()
        for node in models:
            self.add_macros(node.depends_on.macros, used)
        for unique_id in sorted(used):
            macro = self.manifest.macros[unique_id]
            found += mutants_of(unique_id, macro.original_file_path, macro.macro_sql)
        return found

    def add_macros(self, unique_ids: Sequence[str], used: set[str]) -> None:
        """The project's own macros that these use in turn, without those of the engine's folder."""
        for unique_id in unique_ids:
            macro = self.manifest.macros.get(unique_id)
            if macro is None or macro.package_name != "billhouse" or unique_id in used:
                continue
            if not macro.original_file_path.startswith(("macros/engine", "macros/material")):
                used.add(unique_id)
            self.add_macros(macro.depends_on.macros, used)
            for dispatched in (f"duckdb__{macro.name}", f"default__{macro.name}"):
                other = f"macro.billhouse.{dispatched}"
                if other in self.manifest.macros:
                    self.add_macros([other], used)
                    break

    @contextlib.contextmanager
    def broken(self, mutant: Mutant) -> Iterator[None]:
        """The project with one fault in it."""
        node = self.manifest.nodes.get(mutant.name)
        macro = self.manifest.macros.get(mutant.name)
        whole = {} if macro is None else self.conditions()
        try:
            self.set_text(node, macro, mutant.mutated)
            self.set_conditions({name: in_condition(mutant, text) for name, text in whole.items()})
            yield
        finally:
            self.set_text(node, macro, mutant.text)
            self.set_conditions(whole)

    def conditions(self) -> dict[str, Condition]:
        """The `replace_where` of each model: the text of macros, rendered when dbt parses."""
        return {
            node.unique_id: node.config[CONDITION]
            for node in self.manifest.nodes.values()
            if node.resource_type == "model" and node.config.get(CONDITION)
        }

    def set_conditions(self, texts: Mapping[str, Condition]) -> None:
        for unique_id, text in texts.items():
            self.manifest.nodes[unique_id].config[CONDITION] = text

    def set_text(self, node: Any, macro: Any, text: str) -> None:
        if node is not None:
            node.raw_code = text
        else:
            macro.macro_sql = text

    # Noticing ----------------------------------------------------------------------------------

    def noticed_by(self, mutant: Mutant) -> str | None:
        """What notices the fault first, none if nothing does. Raises DoesNotBuild.

        In a process of its own, for a query that does not end can only be ended with its process.
        """
        forked = multiprocessing.get_context("fork")
        receiver, sender = forked.Pipe(duplex=False)
        process = forked.Process(target=self.report, args=(mutant, sender))
        process.start()
        sender.close()
        try:
            if not receiver.poll(self.patience):
                return f"time: not done after {self.patience:.0f} s"
            found = receiver.recv()
        finally:
            process.kill()
            process.join()
        if isinstance(found, Exception):
            raise found
        return found

    def report(self, mutant: Mutant, sender: Connection) -> None:
        """Send what notices the mutant, or the exception that it came to."""
        try:
            sender.send(self.first_noticed(mutant))
        except Exception as error:
            sender.send(error)

    def first_noticed(self, mutant: Mutant) -> str | None:
        """The same, in this process."""
        with self.broken(mutant):
            if found := self.unit_test_fault(mutant):
                return f"unit test {found}"
            selection, start = self.what_it_reaches(mutant)
            for bench in self.benches:
                if bench.rules:
                    # the run goes on from the one before: there is nothing to begin with behind it
                    found = self.disagreement(bench, self.whole(selection), prepared)
                    found = found or self.disagreement_anew(bench)
                else:
                    found = self.disagreement(bench, selection, start)
                if found:
                    return f"re-rater ({bench.name}): {found}"
            if found := self.golden_fault(selection, start):
                return f"golden case {found}"
        return None

    def what_it_reaches(self, mutant: Mutant) -> tuple[Sequence[str], Start]:
        """The models that a mutant can change, and the warehouse on which to build them anew.

        A table that only ever grows would keep what the unbroken model wrote: then all is built.
        """
        node = self.manifest.nodes.get(mutant.name)
        if node is None:
            return (*REFERENCE, *JUDGED), prepared
        if node.config.get("incremental_strategy") == "append":
            return JUDGED, prepared
        return [f"{node.name}+,{one}" for one in JUDGED], judged

    def unit_test_fault(self, mutant: Mutant) -> str:
        """The first unit test that fails, of the model or of those that use the macro."""
        models = {
            node.unique_id: node.name
            for node in self.manifest.nodes.values()
            if node.resource_type == "model"
            and node.fqn[1] in DOMAINS
            and (node.unique_id == mutant.name or self.uses(node, mutant.name))
        }
        tested = {test.depends_on.nodes[0] for test in self.manifest.unit_tests.values()}
        names = [name for unique_id, name in models.items() if unique_id in tested]
        if not names:
            return ""
        selection = [f"{name},test_type:unit" for name in names]
        for run in self.invoke(self.issued, date(2026, 11, 1), ["test", "--select", *selection]):
            if run.status not in ("pass", "success", "skipped"):
                self.refuse_what_is_no_sql(run)
                return run.node.name
        return ""

    def uses(self, node: Any, macro: str) -> bool:
        used: set[str] = set()
        self.add_macros(node.depends_on.macros, used)
        return macro in used

    def disagreement(self, bench: Bench, selection: Sequence[str], start: Start) -> str:
        """The first figure on which the pipeline and the re-rater differ."""
        pipeline = bench.pipeline
        begin_anew(start(bench.home), pipeline.warehouse)
        if fault := self.build(pipeline.warehouse, bench.bill_date, selection, bench.rules):
            return fault
        if bench.rules and (fault := more_than_new_files(pipeline)):
            return fault
        return self.first_difference(bench)

    def disagreement_anew(self, bench: Bench) -> str:
        """The same after one more run, which judges and rates everything over what stands."""
        pipeline = bench.pipeline
        if fault := self.build(pipeline.warehouse, bench.bill_date, JUDGED):
            return fault
        return self.first_difference(bench)

    def first_difference(self, bench: Bench) -> str:
        found = Comparison(bench.folder, bench.result, bench.pipeline).compare_usage()
        return str(found[0])[:160] if found else ""

    @staticmethod
    def whole(selection: Sequence[str]) -> Sequence[str]:
        """All that is judged, and the reference data where a mutant can reach them."""
        return selection if REFERENCE[0] in selection else JUDGED

    def golden_fault(self, selection: Sequence[str], start: Start) -> str:
        """The first golden case that does not hold."""
        for cases, pipeline, bill_date in self.own_cases:
            begin_anew(start(pipeline.home), pipeline.warehouse)
            if fault := self.build(pipeline.warehouse, bill_date, selection):
                return fault
            if failures := cases.failures(pipeline):
                return failures[0]
        return ""

    def build(self, file: Path, bill_date: date, selection: Sequence[str], rules: str = "") -> str:
        """Build models without their tests; the first error, if there is one.

        Without the digest of the rules a run judges and rates everything.
        """
        variables = json.dumps({"bill_date": str(bill_date), "rules_digest": rules})
        command = ["run", "--select", *selection, "--vars", variables]
        for run in self.invoke(file, bill_date, command):
            if run.status not in ("success", "skipped"):
                self.refuse_what_is_no_sql(run)
                return f"{run.node.name} fails: {message_of(run)[:120]}"
        return ""

    def refuse_what_is_no_sql(self, run: Any) -> None:
        if any(words in message_of(run) for words in NOT_SQL):
            raise DoesNotBuild(message_of(run))

    def invoke(self, file: Path, bill_date: date, command: Sequence[str]) -> list[Any]:
        """One dbt command in this process, on this warehouse; gives its results."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        folder = self.home / "dbt"
        quiet = ["--log-level", "none", "--log-level-file", "none", "--log-path", str(folder)]
        project = ["--project-dir", str(dbt.DBT_PROJECT), "--profiles-dir", str(dbt.DBT_PROJECT)]
        with warehouse.exclusive(file), environment("BILLHOUSE_WAREHOUSE", str(file)):
            try:
                result: Any = dbtRunner(manifest=self.manifest).invoke(
                    [*quiet, *command, *project, "--no-write-json", "--target-path", str(folder)]
                )
            finally:
                DuckDBConnectionManager.close_all_connections()
        if result.result is None:
            raise DoesNotBuild(str(result.exception))
        return list(result.result.results)


@contextlib.contextmanager
def environment(name: str, value: str) -> Iterator[None]:
    """Set an environment variable meanwhile."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
