"""Dagster definitions, one folder per stage that Dagster itself performs."""

import warnings

from dagster import BetaWarning

# Of backfill_policy, which is why Dagster is pinned to the patch release.
warnings.simplefilter("ignore", BetaWarning)
