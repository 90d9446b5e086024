"""The usage formats: each module of this folder is one, found by its constant `FORMAT`.

To add a format, add one module with `FORMAT = UsageFormat(...)` and a docstring that states the
mapping column by column, and one test. Modules that begin with an underscore are shared helpers.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from ingestion.decoding import UsageFormat


@cache
def registered_formats() -> dict[str, UsageFormat]:
    """All formats by name, in the order of their names. A module without FORMAT is an error."""
    formats: dict[str, UsageFormat] = {}
    for module_info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        if module_info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        usage_format: UsageFormat = module.FORMAT
        if usage_format.name in formats:
            raise ValueError(f"two usage formats are called {usage_format.name}")
        formats[usage_format.name] = usage_format
    return formats
