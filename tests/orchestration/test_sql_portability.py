"""Models use the SQL that DuckDB and Apache Spark have in common; what differs is a macro in
macros/engine/. Each lint is shown to catch what it is for."""

import re
from pathlib import Path

import pytest

DBT_PROJECT = Path(__file__).parents[2] / "dbt_project"
MODELS = sorted((DBT_PROJECT / "models").rglob("*.sql"))

FORBIDDEN = {
    "qualify": r"\bqualify\b",
    "asof join": r"\basof\b",
    "recursive cte": r"\bwith\s+recursive\b",
    ":: cast": r"::",
    "list or struct literal": r"(?<![\w\]])\[|\bstruct_pack\s*\(|\blist_value\s*\(|\{\s*'",
    "hugeint": r"\bu?hugeint\b",
    "double-quoted name": r'"',
    "floating-point type": r"\b(double|float|real)\b",
    "varchar or text (say string)": r"\b(varchar|text)\b(?!\s*\()",
    "timestamptz": r"\btimestamptz\b|\btimestamp\s+with\s+time\s+zone\b",
    "select * exclude or replace": r"\*\s*(exclude|except|replace)\b",
    "group by all": r"\b(group|order)\s+by\s+all\b",
    "positional group or order": r"\b(group|order)\s+by\s+\d",
    "division (use muldiv)": r"(?<!\*)/(?!\*)",
    "filter clause": r"\bfilter\s*\(\s*where\b",
    "current time": r"\b(current_date|current_timestamp|now\s*\(|today\s*\()",
}


def plain_sql(text: str) -> str:
    """The SQL with comments and quoted text blanked and Jinja replaced by a name."""
    text = re.sub(r"\{#.*?#\}", " ", text, flags=re.S)
    text = re.sub(r"\{\{.*?\}\}", " jinja ", text, flags=re.S)
    text = re.sub(r"\{%.*?%\}", " ", text, flags=re.S)
    text = re.sub(r"--[^\n]*", " ", text)
    return re.sub(r"'(?:[^']|'')*'", "''", text).lower()


def order_by_items(sql: str) -> list[str]:
    """Every sort key of every `order by`, up to the end of its clause."""
    items: list[str] = []
    for found in re.finditer(r"\border\s+by\b", sql):
        depth, start = 0, found.end()
        end = len(sql)
        for position in range(start, len(sql)):
            character = sql[position]
            if character == "(":
                depth += 1
            elif character == ")":
                if depth == 0:
                    end = position
                    break
                depth -= 1
            elif character == "," and depth == 0:
                items.append(sql[start:position].strip())
                start = position + 1
            elif depth == 0 and re.match(r"(rows|range|limit)\b", sql[position:]):
                end = position
                break
        items.append(sql[start:end].strip())
    return items


def faults(text: str) -> list[str]:
    """What a model uses that only one engine has."""
    sql = plain_sql(text)
    found = [name for name, pattern in FORBIDDEN.items() if re.search(pattern, sql)]
    found += [
        f"no nulls first/last: order by {item}"
        for item in order_by_items(sql)
        if not re.search(r"\bnulls\s+(first|last)$", item) and item != "jinja"
    ]
    return found


def form_faults(text: str) -> list[str]:
    """Where a model leaves the house form: grain first, `select * from` the last step last."""
    body = re.sub(r"\{#.*?#\}|\{\{\s*config\(.*?\)\s*\}\}", "", text, flags=re.S).strip()
    found: list[str] = []
    if not body.startswith("--"):
        found.append("the first line does not state the grain")
    if not re.search(r"\nselect \* from \w+$", body):
        found.append("the last line is not `select * from <last step>`")
    if re.search(r"^\s*(SELECT|WITH|FROM|WHERE|JOIN|CASE|GROUP|ORDER)\b", body, flags=re.M):
        found.append("keywords are not in lower case")
    return found


@pytest.mark.parametrize("model", MODELS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_model_is_portable_and_in_the_house_form(model: Path) -> None:
    text = model.read_text(encoding="utf-8")
    assert faults(text) + form_faults(text) == []


@pytest.mark.parametrize(
    ("sql", "caught"),
    [
        ("select a from b qualify row_number() over (order by a nulls last) = 1", "qualify"),
        ("select a::int from b", ":: cast"),
        ("select [1, 2] as numbers", "list or struct literal"),
        ('select "a" from b', "double-quoted name"),
        ("select cast(a as double) from b", "floating-point type"),
        ("select a / 100 from b", "division (use muldiv)"),
        ("select * exclude (a) from b", "select * exclude or replace"),
        ("select a, sum(b) from c group by all", "group by all"),
        ("select a from b order by a", "no nulls first/last: order by a"),
        ("select lag(a) over (partition by b order by c desc) from d", "order by c desc"),
        ("select current_date as today", "current time"),
    ],
)
def test_lint_catches(sql: str, caught: str) -> None:
    assert any(caught in fault for fault in faults(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "select a from b order by a nulls last, c desc nulls first",
        "select 'a::b \"c\" [d] 1/2' as said -- a::b",
        "select sum(a) over (order by b nulls last rows unbounded preceding) from c",
        "select {{ muldiv('a', 'b', 100, 2) }} from c",
    ],
)
def test_lint_lets_pass(sql: str) -> None:
    assert faults(sql) == []
