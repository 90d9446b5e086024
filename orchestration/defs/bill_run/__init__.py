"""The bill run: drafts and books by dbt, its checks, jobs and schedules."""
