"""Issuing, and the documents that come of it."""
