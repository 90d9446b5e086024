"""A Stripe-compatible stateful server on loopback, so that nothing needs a key or the internet."""

from gateways.stripe_fake.server import Fault, LogEntry, StripeFake

__all__ = ["Fault", "LogEntry", "StripeFake"]
