"""The warehouse as Dagster holds it: alone, from the first step of a run to its last."""

from collections.abc import Generator
from contextlib import contextmanager

import dagster as dg
from dagster import DagsterRunStatus, InitResourceContext, RunsFilter

from orchestration import environment, warehouse
from orchestration.steps import Steps

# One run works on the warehouse at a time; dagster.yaml sets this pool's limit.
POOL = "warehouse"

HOLDS_TAG = "billhouse/holds"


class Billhouse(dg.ConfigurableResource):
    """The steps of a bill run on this installation's warehouse, whose lock the run holds.

    Runs of Dagster's queue wait for the pool; runs of the command line, which no queue knows of,
    wait here.
    """

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Generator["Billhouse"]:
        """Hold the warehouse for the run."""
        where = environment.resolve().activate()
        say = context.log.info if context.log else print
        with warehouse.exclusive(where.warehouse, waiting=say):
            _claim(context, str(where.warehouse))
            yield self

    @property
    def steps(self) -> Steps:
        """The steps, each one call."""
        return Steps(environment=environment.resolve())


def _claim(context: InitResourceContext, file: str) -> None:
    """Mark this run as the holder of the warehouse, and runs that died holding it as failed.

    Whoever has the lock knows that every other run that had it is over, however it ended.
    """
    instance, run_id = context.instance, context.run_id
    if instance is None or run_id is None or not instance.has_run(run_id):
        return
    holders = RunsFilter(statuses=[DagsterRunStatus.STARTED], tags={HOLDS_TAG: file})
    for run in instance.get_runs(holders):
        if run.run_id != run_id:
            instance.report_run_failed(run, "The process of this run ended before the run did.")
    instance.add_run_tags(run_id, {HOLDS_TAG: file})
