"""docs/rules.md tells the truth: every rule is held by a test that exists."""

import re
from pathlib import Path

import pytest
import yaml

from tests.golden.own import read_cases

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "dbt_project" / "models"
PAGE = ROOT / "docs" / "rules.md"
RULES_OF_SECTION = {1: 4, 2: 5, 3: 7, 4: 5, 5: 7, 6: 4, 7: 4, 8: 2}
RULES = [
    f"{section}.{number}"
    for section, rules in RULES_OF_SECTION.items()
    for number in range(1, rules + 1)
]
# Carried out by Python, or by every model at once: nothing that one model's unit test could show.
BEYOND_A_MODEL = {"1.3", "7.4"}


def rows() -> dict[str, list[str]]:
    """Rule to the cells of its row."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"\d\.\d", cells[0]):
            found[cells[0]] = cells
    return found


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def sentences() -> set[str]:
    """Every dbt unit test and every golden case, by name."""
    found = {case["name"] for case in read_cases()}
    for path in MODELS.rglob("*.yml"):
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        found |= {test["name"] for test in document.get("unit_tests") or ()}
    return found


def python_tests() -> set[str]:
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return set(re.findall(r"^def (test_\w+)", text, flags=re.MULTILINE))


def test_the_page_has_every_rule() -> None:
    assert list(rows()) == RULES


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_held_by_tests_that_exist(rule: str) -> None:
    names = set(named(rows()[rule][-1]))
    if rule not in BEYOND_A_MODEL:
        assert names & sentences(), f"{rule} has neither a unit test nor a golden case"
    assert names
    assert names <= sentences() | python_tests()


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_worked_out_by_models_that_exist(rule: str) -> None:
    models = {path.stem for path in MODELS.rglob("*.sql")}
    for name in named(rows()[rule][3]):
        assert name in models or (MODELS.parent / name).is_dir() or (ROOT / name).is_dir()
    for table in named(rows()[rule][2]):
        schema, _, name = table.partition(".")
        assert (MODELS / schema / f"{name}.sql").exists()


def test_every_golden_case_names_a_rule_of_the_page() -> None:
    assert {case["rule"] for case in read_cases()} <= set(RULES)
