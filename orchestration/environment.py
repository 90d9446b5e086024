"""Where things are: the operator folder, the warehouse, the documents, Dagster's home, Stripe.

Answered once. A flag of the command line wins over its environment variable, which wins over the
default. `activate` writes the answer back into the environment, so that dbt and Dagster, which
read it there, see the same places.
"""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT = PROJECT_ROOT / "dbt_project"

DEFAULT_OPERATOR = PROJECT_ROOT / "data" / "demo"
DEFAULT_WAREHOUSE = PROJECT_ROOT / "data" / "warehouse" / "billhouse.duckdb"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The places and keys of one installation; paths are absolute."""

    operator: Path
    warehouse: Path
    documents: Path
    dagster_home: Path
    stripe_api_key: str | None = field(default=None, repr=False)
    stripe_url: str | None = None

    @property
    def branding(self) -> Path | None:
        """The operator's logo and colours, when the folder brings them."""
        folder = self.operator / "branding"
        return folder if folder.is_dir() else None

    @property
    def scratch(self) -> Path:
        """By-products of runs (DuckDB's spill files, dbt's logs); may be deleted at any time."""
        return self.warehouse.parent / ".scratch"

    def activate(self) -> Environment:
        """Create the folders that runs write to and publish the places to child processes."""
        for folder in (self.warehouse.parent, self.documents, self.scratch):
            folder.mkdir(parents=True, exist_ok=True)
        prepare_dagster_home(self.dagster_home)
        os.environ["BILLHOUSE_OPERATOR"] = str(self.operator)
        os.environ["BILLHOUSE_WAREHOUSE"] = str(self.warehouse)
        os.environ["BILLHOUSE_DOCUMENTS"] = str(self.documents)
        os.environ["DAGSTER_HOME"] = str(self.dagster_home)
        for name, value in (
            ("STRIPE_API_KEY", self.stripe_api_key),
            ("BILLHOUSE_STRIPE_URL", self.stripe_url),
        ):
            if value:
                os.environ[name] = value
        return self


def resolve(
    *,
    operator: Path | None = None,
    warehouse: Path | None = None,
    documents: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> Environment:
    """The environment that these flags and variables (default: the process's own) describe."""
    variables = os.environ if variables is None else variables

    def place(flag: Path | None, variable: str, default: Path) -> Path:
        named = flag or (Path(variables[variable]) if variables.get(variable) else default)
        return named.expanduser().absolute()

    file = place(warehouse, "BILLHOUSE_WAREHOUSE", DEFAULT_WAREHOUSE)
    return Environment(
        operator=place(operator, "BILLHOUSE_OPERATOR", DEFAULT_OPERATOR),
        warehouse=file,
        documents=place(documents, "BILLHOUSE_DOCUMENTS", file.parent / "documents"),
        dagster_home=place(None, "DAGSTER_HOME", file.parent / "dagster"),
        stripe_api_key=variables.get("STRIPE_API_KEY") or None,
        stripe_url=variables.get("BILLHOUSE_STRIPE_URL") or None,
    )


def prepare_dagster_home(home: Path) -> None:
    """Create Dagster's home and give it this project's dagster.yaml, unless it has its own."""
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "dagster.yaml"
    if not settings.exists():
        shutil.copyfile(PROJECT_ROOT / "dagster.yaml", settings)


def collect_garbage_seldom() -> None:
    """Look for unreachable cycles after 50,000 new objects, not after 700.

    Dagster and dbt make many objects that stay; to walk them hundreds of times was about a tenth of
    what it costs to import both.
    """
    gc.set_threshold(50_000, 10, 10)
