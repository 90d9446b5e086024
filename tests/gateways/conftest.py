"""A fake Stripe account over real HTTP, and a client that waits for nothing."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from stripe._http_client import HTTPClient

from gateways.stripe_fake import StripeFake
from gateways.stripe_sync import StripeGateway

KEY = "sk_test_51Secret0123456789"

OpenGateway = Callable[..., StripeGateway]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HTTPClient, "INITIAL_DELAY", 0)
    monkeypatch.setattr(HTTPClient, "MAX_DELAY", 0)


@pytest.fixture
def fake() -> Iterator[StripeFake]:
    with StripeFake() as server:
        yield server


@pytest.fixture
def open_gateway(fake: StripeFake) -> OpenGateway:
    """Opens a gateway on the fake; each call is a new process's worth of memory."""

    def opened(**options: Any) -> StripeGateway:
        return StripeGateway(KEY, fake.url, **{"sleep": lambda _: None, **options})

    return opened
