"""Both sides through the same bill runs: where they differ, how much was compared, and of what."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from . import calendar, runs
from .compare import Comparison
from .coverage import features
from .increments import growing
from .pipeline import Pipeline
from .reader import read_folder
from .stories import story
from .strategies import Generator, Tables, generate, generate_history

States = list[tuple[date, Tables]]
"""The operator folder at each bill date, in ascending order; one that repeats is drafted anew."""

SHAPES = ("months", "history", "batches")


@dataclass(frozen=True)
class Scenario:
    """One generated operator. Its text, `months:113:60:3000`, is all that it takes to repeat it."""

    shape: str
    """`months`: one bill run over several months; `history`: every bill run, each issued.

    `batches`: like `months`, drafted after each of several batches of usage.
    """
    seed: int
    accounts: int
    records: int

    @classmethod
    def parse(cls, text: str) -> "Scenario":
        shape, seed, accounts, records = text.split(":")
        if shape not in SHAPES:
            raise ValueError(f"{text}: the shape is one of {', '.join(SHAPES)}")
        return cls(shape, int(seed), int(accounts), int(records))

    def __str__(self) -> str:
        return f"{self.shape}:{self.seed}:{self.accounts}:{self.records}"

    def states(self) -> States:
        """The operator folder at each of its bill dates."""
        seed, accounts, events = self.seed, self.accounts, self.records
        if self.shape == "history":
            return generate_history(seed, accounts=accounts, events=events)
        bill_date = Generator(seed, accounts=accounts, events=events).boundaries[-1]
        tables = generate(seed, accounts=accounts, events=events)
        if self.shape == "batches":
            return [(bill_date, grown) for grown in growing(tables, seed, str(bill_date))]
        return [(bill_date, tables)]


@dataclass
class Agreement:
    """What the comparison of one scenario came to."""

    events: int = 0
    """Rated events compared, each once."""
    accounts: int = 0
    """Accounts whose drafts were compared at every bill date."""
    bill_dates: int = 0
    """Bill dates compared, each after the facts had changed."""
    coverage: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    """Of the first bill run that has any; the first one as a story."""


def agree(states: States, home: Path) -> Agreement:
    """Run both sides through the states and compare all that they say, run by run.

    Stops at the first bill run that differs: what follows differs because of it.
    """
    history, pipeline = runs.History(), Pipeline(home / "warehouse")
    found = Agreement()
    seen: set[str] = set()
    for number, (bill_date, tables) in enumerate(states):
        path = tables.write(home / str(bill_date))
        folder = read_folder(path)
        loaded_at = calendar.midnight(bill_date, folder.operator.zone)
        before = dict(history.states)
        result = runs.run(history, folder, bill_date, loaded_at=loaded_at)
        pipeline.draft(path, bill_date, loaded_at)
        comparison = Comparison(folder, result, pipeline)
        differences = comparison.compare()
        if differences:
            first = story(differences[0], folder, result)
            others = [str(one) for one in differences[1:]]
            found.differences = [f"{bill_date}: {one}" for one in (first, *others)]
            return found
        found.accounts = len(folder.accounts)
        found.bill_dates += number == 0 or bill_date != states[number - 1][0]
        fresh = set(comparison.compared) - seen
        found.events += len(fresh)
        found.coverage += features(folder, result, before, fresh)
        seen |= fresh
        # more usage comes for this bill date: it is drafted anew, not issued
        if [bill_date] == [later for later, _ in states[number + 1 : number + 2]]:
            continue
        held = pipeline.suspects(bill_date)
        objections = pipeline.issue(path, bill_date)
        if objections:
            found.differences = [f"{bill_date}: not issued: {one}" for one in objections]
            return found
        runs.issue(history, folder, result, held=held)
    return found
