"""Breaks the SQL of mediation and rating on purpose, to see whether the tests notice."""
