"""What every payment gateway is to the rest: documents in, results out, nothing else known.

Another provider is another module that has a class with these two methods.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

# Nothing remains to be done for a document in one of these states.
SETTLED_STATUSES = frozenset({"open", "paid", "uncollectible", "issued", "posted", "held"})


class GatewayError(Exception):
    """The whole sync cannot go on. The message holds no secret."""


class LiveKeyRefused(GatewayError):
    """A live key where nothing real may be charged."""


class SyncStopped(GatewayError):
    """Stripe cannot be reached or refuses us; the message names the document it happened at."""


@dataclass(frozen=True, kw_only=True)
class SyncedObject:
    """What is known of one object in Stripe. One row of raw.stripe_objects.

    `document_number` is `customer/<account_id>` for customers. `payload_sha256`: digest of what
    was sent.
    """

    document_number: str
    object_kind: str
    stripe_id: str | None
    status: str
    payload_sha256: str


@dataclass(frozen=True, kw_only=True)
class SyncResult:
    """What the sync did for one document or customer.

    `object_kind`: customer, invoice, credit_note, balance_transaction or none. `status`: Stripe's
    own (open, paid, …), `issued` for credit notes, `posted` for balance transactions, `active` for
    customers, `held` (nothing sent, see `detail`) or `failed` (see `detail`). `calls_made`:
    requests, retries by the client not counted. `changed`: something at Stripe was changed.
    `rounding`: what Stripe's total exceeds the document's by, in minor units; not 0 only where
    Stripe cannot charge the exact amount.
    """

    document_number: str
    object_kind: str
    stripe_id: str | None
    status: str
    calls_made: int
    changed: bool
    payload_sha256: str
    detail: str | None = None
    rounding: int = 0

    @property
    def synced(self) -> SyncedObject | None:
        """What to remember; None after a failure, so that the next sync looks again."""
        if self.status == "failed":
            return None
        return SyncedObject(
            document_number=self.document_number,
            object_kind=self.object_kind,
            stripe_id=self.stripe_id,
            status=self.status,
            payload_sha256=self.payload_sha256,
        )


@dataclass(frozen=True, kw_only=True)
class SyncReport:
    """The last sync in figures. `statuses`: documents by status."""

    gateway: str
    documents: int
    changed: int
    calls: int
    statuses: Mapping[str, int]
    failures: Sequence[str]
    message: str


class Gateway(Protocol):
    """Takes issued documents to a payment provider."""

    def sync(
        self, documents: Iterable[Mapping[str, Any]], known: Mapping[str, SyncedObject]
    ) -> Iterator[SyncResult]:
        """Results in the order of the documents; to be stored as they come."""
        ...

    def report(self) -> SyncReport:
        """What the last sync did, for people."""
        ...


class NullGateway:
    """No key, no Stripe: counts the documents and says so."""

    def __init__(self) -> None:
        self._documents = 0

    def sync(
        self, documents: Iterable[Mapping[str, Any]], known: Mapping[str, SyncedObject]
    ) -> Iterator[SyncResult]:
        self._documents = sum(1 for _ in documents)
        yield from ()

    def report(self) -> SyncReport:
        return SyncReport(
            gateway="none",
            documents=self._documents,
            changed=0,
            calls=0,
            statuses={},
            failures=(),
            message=f"No Stripe key is set: {self._documents} documents were not sent.",
        )
