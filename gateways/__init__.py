"""The outside world: pure clients behind small protocols. Knows documents, not the warehouse."""
