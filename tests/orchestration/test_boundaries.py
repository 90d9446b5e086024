"""Arrows run one way, the lock names public hosts only, and the text names no machine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUFF = str(Path(sys.executable).parent / "ruff")
ENGINES = ("ingestion", "renderers", "gateways")


def lint(package: str, code: str) -> str:
    """What ruff says of this code in a module of the package."""
    return subprocess.run(
        [RUFF, "check", "--no-cache", "--select", "TID251", "--stdin-filename",
         f"{package}/sample.py", "-"],
        input=code, cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip


@pytest.mark.parametrize("package", ENGINES)
def test_engines_know_neither_dagster_nor_orchestration_nor_each_other(package: str) -> None:
    others = [name for name in ENGINES if name != package]
    for name in ("dagster", "dagster_dbt", "orchestration", *others):
        assert "TID251" in lint(package, f"import {name}\n"), name
        assert "TID251" in lint(package, f"from {name}.x import y\n"), name
    assert "TID251" not in lint(package, f"import {package}\nimport duckdb\n")


@pytest.mark.parametrize("package", ENGINES)
def test_boundary_holds(package: str) -> None:
    found = subprocess.run(
        [RUFF, "check", "--no-cache", "--select", "TID251", package],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stdout


def test_lock_names_the_public_hosts_only() -> None:
    hosts = set(re.findall(r"https?://[^/\"]+", (ROOT / "uv.lock").read_text()))
    assert hosts == {"https://pypi.org", "https://files.pythonhosted.org"}


def test_help_and_check_do_not_load_dagster() -> None:
    script = (
        "import sys\n"
        "import orchestration.command_line\n"
        "assert not {'dagster', 'dbt', 'duckdb'} & set(sys.modules), 'loaded'"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
