"""Bill runs that are killed anywhere end as if nothing had happened."""
