"""What Dagster knows: an unbroken graph whose keys are the warehouse's tables."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration import billing_calendar, dbt
from tests.support.operator_builder import write_operator

ROOT = Path(__file__).parents[2]
DOMAINS = {
    "raw", "catalog", "customers", "mediation", "rating", "charging", "invoicing", "finance",
    "assurance", "documents",
}  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The definitions, loaded for a French operator with two cycle days."""
    folder = write_operator(
        tmp_path_factory.mktemp("operator"),
        operator={"billing": {"cycle_days": [15, 1], "first_period": "2026-01-01"}},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BILLHOUSE_OPERATOR", str(folder))
        forget()
        import orchestration.definitions as definitions
        from orchestration.defs import partitions
        from orchestration.defs.bill_run import schedules
        from orchestration.defs.raw import sensors

        yield {
            "defs": definitions.defs,
            "graph": definitions.defs.resolve_asset_graph(),
            "partitions": partitions,
            "schedules": schedules,
            "sensors": sensors,
            "operator": folder,
        }
    forget()


def forget() -> None:
    """Have the definitions read anew: partitions are made of operator.yaml on import."""
    for name in list(sys.modules):
        if name.startswith(("orchestration.defs", "orchestration.definitions")):
            del sys.modules[name]


@pytest.fixture(scope="module")
def graph(modules: Any) -> Any:
    return modules["graph"]


def test_definitions_are_loadable(modules: Any) -> None:
    dg.Definitions.validate_loadable(modules["defs"])


def test_no_asset_is_a_stub(graph: Any) -> None:
    stubs = [key for key in graph.get_all_asset_keys() if not graph.get(key).is_executable]
    assert stubs == []


def test_keys_are_the_tables_of_the_warehouse(graph: Any) -> None:
    manifest = dbt.read_manifest()
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]
    relations = {(node["schema"], node["alias"]) for node in nodes}
    relations |= {(s["schema"], s["identifier"]) for s in manifest["sources"].values()}
    keys = {tuple(key.path) for key in graph.get_all_asset_keys()}
    assert keys - relations == {
        ("documents", "archived_documents"),
        ("documents", "month_end_packs"),
        ("documents", "rendered_documents"),
    }
    assert relations - keys == set()


def test_group_is_the_schema(graph: Any) -> None:
    for key in graph.get_all_asset_keys():
        # What Stripe answers stands among the raw tables and belongs to payments; the month's pack
        # is files and belongs to finance.
        elsewhere = {"stripe_objects": "payments", "month_end_packs": "finance"}
        group = elsewhere.get(key.path[-1], key.path[0])
        assert graph.get(key).group_name == group, key
    assert {key.path[0] for key in graph.get_all_asset_keys()} <= DOMAINS


def test_every_dbt_model_has_an_owner_and_says_what_it_is(graph: Any) -> None:
    python_owned = {"raw", "documents"}
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        if key.path[0] not in python_owned and not key.path[-1].startswith("issued_"):
            assert node.owners, key


def test_lineage_reaches_from_raw_usage_to_the_rendered_document(graph: Any) -> None:
    reached: set[dg.AssetKey] = set()
    to_visit = [dg.AssetKey(["documents", "rendered_documents"])]
    while to_visit:
        key = to_visit.pop()
        if key not in reached:
            reached.add(key)
            to_visit += graph.get(key).parent_keys
    assert dg.AssetKey(["raw", "usage_records"]) in reached
    assert dg.AssetKey(["raw", "rates"]) in reached


def test_partition_keys_are_the_bill_dates(modules: Any) -> None:
    partitions = modules["partitions"].bill_run_partitions
    keys = partitions.get_partition_keys(current_time=instant(date(2026, 3, 2)))
    assert keys[:6] == [
        "2026-01-01", "2026-01-15", "2026-02-01", "2026-02-15", "2026-03-01", "2026-03-15",
    ]  # fmt: skip
    calendar = billing_calendar.read(modules["operator"])
    assert all(calendar.objection(date.fromisoformat(key)) is None for key in keys)
    # Past, and the coming year.
    assert "2027-02-15" in keys
    assert "2028-01-01" not in keys


def test_assets_of_a_bill_run_have_its_partitions_and_one_run_each(modules: Any) -> None:
    graph = modules["graph"]
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        if key.path[0] == "raw" and key.path[1] != "stripe_objects":
            assert node.partitions_def is None
        elif key == dg.AssetKey(["documents", "month_end_packs"]):
            months = node.partitions_def.get_partition_keys(current_time=instant(date(2026, 3, 2)))
            assert months == ["2026-01", "2026-02", "2026-03"]
            assert node.backfill_policy == dg.BackfillPolicy.multi_run(1)
        else:
            assert node.partitions_def == modules["partitions"].bill_run_partitions, key
            assert node.backfill_policy == dg.BackfillPolicy.multi_run(1), key


def test_everything_that_opens_the_warehouse_is_in_its_pool(modules: Any) -> None:
    repository = modules["defs"].get_repository_def()
    for job in repository.get_all_jobs():
        for node in job.all_node_defs:
            assert node.pool == "warehouse", node.name


def test_jobs_hold_what_they_say(modules: Any) -> None:
    def selected(name: str) -> set[str]:
        job = modules["defs"].resolve_job_def(name)
        return {"/".join(key.path) for key in job.asset_layer.selected_asset_keys}

    assert "raw/usage_records" in selected("load_usage")
    draft, issue = selected("draft_bill_run"), selected("issue_bill_run")
    assert {"raw/usage_records", "rating/rated_usage", "invoicing/draft_invoices"} <= draft
    assert {"invoicing/issued_documents", "invoicing/invoices"} <= issue
    assert {
        "documents/archived_documents",
        "documents/rendered_documents",
        "raw/stripe_objects",
    } <= issue
    assert draft & issue == set()


def test_issuing_is_behind_a_blocking_check(modules: Any) -> None:
    key = dg.AssetCheckKey(
        dg.AssetKey(["invoicing", "int_documents_to_issue"]), "drafts_may_be_issued"
    )
    assert modules["graph"].get(key).blocking
    issue = modules["defs"].resolve_job_def("issue_bill_run")
    draft = modules["defs"].resolve_job_def("draft_bill_run")
    assert key in checks_of(issue)
    assert key not in checks_of(draft)


def checks_of(job: dg.JobDefinition) -> set[dg.AssetCheckKey]:
    """The checks that a job runs."""
    return set(job.asset_layer.asset_graph.asset_check_keys)


def test_every_table_of_offenders_is_checked(graph: Any) -> None:
    checked = {key.asset_key for key in graph.asset_check_keys}
    for node in dbt.read_manifest()["nodes"].values():
        is_offenders = bool({"before_issue", "after_issue"} & set(node.get("tags", [])))
        if is_offenders and node["resource_type"] == "model":
            assert dg.AssetKey([node["schema"], node["alias"]]) in checked, node["name"]


def test_schedules_run_on_cycle_days_in_the_operators_time_zone(modules: Any) -> None:
    schedules = modules["schedules"]
    for schedule, hour in (
        (schedules.draft_on_cycle_days, schedules.DRAFT_HOUR),
        (schedules.issue_on_cycle_days, schedules.ISSUE_HOUR),
    ):
        assert schedule.cron_schedule == f"0 {hour} 1,15 * *"
        assert schedule.execution_timezone == "Europe/Paris"
        assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
        context = dg.build_schedule_context(
            scheduled_execution_time=instant(date(2026, 3, 15), hour)
        )
        assert schedule(context).partition_key == "2026-03-15"


def test_sensor_asks_for_one_load_per_change_of_the_usage_folder(modules: Any) -> None:
    sensor = modules["sensors"].new_usage_files
    folder: Path = modules["operator"] / "cdr" / "core"
    assert isinstance(sensor(dg.build_sensor_context()), dg.SkipReason)
    (folder / "a.csv").write_text("record_id\n", encoding="utf-8")
    first = sensor(dg.build_sensor_context())
    assert sensor(dg.build_sensor_context()).run_key == first.run_key
    (folder / "b.csv").write_text("record_id\n", encoding="utf-8")
    assert sensor(dg.build_sensor_context()).run_key != first.run_key


def test_definitions_load_without_an_operator_folder(tmp_path: Path) -> None:
    """Dagster's pages open on a fresh clone."""
    script = (
        "from orchestration.defs.partitions import CALENDAR_MISSING, bill_run_partitions\n"
        "from orchestration.definitions import defs\n"
        "assert 'no such file' in CALENDAR_MISSING\n"
        "print(bill_run_partitions.get_first_partition_key())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"BILLHOUSE_OPERATOR": str(tmp_path / "none"), "PATH": "/usr/bin:/bin"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "2026-01-01"), done.stderr


def instant(day: date, hour: int = 12) -> Any:
    """An instant of the day in the operator's time zone."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo("Europe/Paris"))
