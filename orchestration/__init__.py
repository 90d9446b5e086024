"""When and in what order: Dagster definitions, the bill run's jobs, issuing and the command line.

What is billed and why stands in SQL and CSV; nothing of it is here.
"""
