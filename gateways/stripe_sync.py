"""Issued documents to Stripe, so that it holds each of them once, whatever happened before.

Every step can be repeated: a document that is already there is found by its metadata and left
alone, a half-made one is completed. Keys of idempotency come from operator, document number, step
and attempt; a key's answer is only kept for a day, so nothing is created before it has been looked
for. What Stripe holds at the end is compared with the document (7.4).
"""

import hashlib
import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import stripe

from gateways.gateway import (
    SETTLED_STATUSES,
    Gateway,
    GatewayError,
    LiveKeyRefused,
    NullGateway,
    SyncedObject,
    SyncReport,
    SyncResult,
    SyncStopped,
)
from gateways.redaction import keep_secrets_out_of, redact
from gateways.stripe_plan import (
    BalancePayload,
    CreditNotePayload,
    CustomerPayload,
    DocumentPlan,
    Held,
    InvoicePayload,
    LinePayload,
    PlanError,
    plan_document,
)

__all__ = [
    "Gateway",
    "GatewayError",
    "LiveKeyRefused",
    "NullGateway",
    "StripeGateway",
    "SyncReport",
    "SyncResult",
    "SyncStopped",
    "SyncedObject",
    "idempotency_key",
    "open_gateway",
]

logger = logging.getLogger("billhouse.gateways.stripe")

Json = dict[str, Any]
_T = TypeVar("_T")

# Stripe allows 25 requests a second and endpoint, 100 in all with a live key, 25 with a test key.
_REQUESTS_PER_SECOND_LIVE = 80
_REQUESTS_PER_SECOND_TEST = 20
_RATE_LIMIT_TRIES = 6
_BACKOFF_SECONDS_MAX = 8.0
# A kept failure is overcome with a new key, but not for ever.
_ATTEMPTS_MAX = 4
# Up to here accounts are searched one by one, beyond that all customers are listed once: search
# allows 20 requests a second, a list gives 100 customers a request.
_SEARCHES_MAX = 20
_RECENT_SECONDS = 2 * 86_400
_DUE_MARGIN_SECONDS = 900
_LATE_DAYS_UNTIL_DUE = 1
_WINDOW_DOCUMENTS = 200
_PAGE = 100
_KEY_CHARACTERS_MAX = 255


class _DocumentFailed(Exception):
    """This document cannot be synced; the others can."""


def open_gateway(api_key: str | None, base_url: str | None = None, **options: Any) -> Gateway:
    """Stripe with a key, nothing without one. `options` as of StripeGateway."""
    if not (api_key or "").strip():
        return NullGateway()
    return StripeGateway(api_key, base_url, **options)


class StripeGateway:
    """Stripe by its own client.

    `api_key`: sk_… or rk_…; `base_url`: another server than Stripe's, https or loopback.
    `max_network_retries`: by the client, for lost connections, conflicts and server errors.
    `workers`: accounts worked on at once; the documents of one account keep their order.
    `requests_per_second`: None takes what the kind of key allows, no limit on loopback.
    `allow_live`: a live key may be used for the demo operators too.
    """

    def __init__(
        self,
        api_key: str | None,
        base_url: str | None = None,
        *,
        max_network_retries: int = 3,
        workers: int = 4,
        requests_per_second: float | None = None,
        allow_live: bool = False,
        demo_operators: frozenset[str] = frozenset({"demo"}),
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        key = (api_key or "").strip()
        if not re.fullmatch(r"[sr]k_(test|live)_\w+", key):
            raise GatewayError(
                "The Stripe key must begin with sk_test_, rk_test_, sk_live_ or rk_live_."
            )
        self._is_live = key.startswith(("sk_live_", "rk_live_"))
        is_loopback = _is_loopback(base_url)
        if base_url is not None and not is_loopback and not base_url.startswith("https://"):
            raise GatewayError("The Stripe address must be https, or http on loopback.")
        if self._is_live and is_loopback:
            raise LiveKeyRefused("A live Stripe key is not sent to a server on loopback.")
        if requests_per_second is None and not is_loopback:
            requests_per_second = (
                _REQUESTS_PER_SECOND_LIVE if self._is_live else _REQUESTS_PER_SECOND_TEST
            )
        self._allow_live = allow_live
        self._demo_operators = demo_operators
        self._workers = workers
        self._now = now
        self._sleep = sleep
        self._pacer = _Pacer(requests_per_second, sleep)
        stripe.enable_telemetry = False
        keep_secrets_out_of("stripe")
        self._client = stripe.StripeClient(
            key,
            base_addresses=cast(Any, {"api": base_url.rstrip("/")} if base_url else {}),
            max_network_retries=max_network_retries,
        )
        self._customers = _CustomerDirectory(self)
        self._tax_rates: dict[str, tuple[str, Decimal]] = {}
        self._stop = threading.Event()
        self._counts = _Counts()

    def __repr__(self) -> str:
        return f"StripeGateway({'live' if self._is_live else 'test'})"

    # ------------------------------------------------------------------------------- sync

    def sync(
        self, documents: Iterable[Mapping[str, Any]], known: Mapping[str, SyncedObject]
    ) -> Iterator[SyncResult]:
        """Brings each document to Stripe; yields results in the documents' order.

        `documents`: decoded canonical documents, oldest first, with `document_sha256` beside the
        schema's keys if the caller has it. `known`: earlier results by document number (and
        `customer/<account_id>`); may be empty, then Stripe is asked. A customer's result comes
        before its document's, and only when there is news. A document that fails yields `failed`
        and does not stop the others. Raises SyncStopped when Stripe cannot be reached or refuses
        the key, after the results that were reached, and LiveKeyRefused before any request.
        """
        self._counts = _Counts()
        self._customers = _CustomerDirectory(self)
        self._stop.clear()
        remaining = iter(documents)
        with ThreadPoolExecutor(self._workers, thread_name_prefix="stripe") as pool:
            try:
                while window := list(islice(remaining, _WINDOW_DOCUMENTS)):
                    yield from self._sync_window(window, known, pool)
            finally:
                self._stop.set()

    def _sync_window(
        self,
        window: Sequence[Mapping[str, Any]],
        known: Mapping[str, SyncedObject],
        pool: ThreadPoolExecutor,
    ) -> Iterator[SyncResult]:
        results: dict[int, list[SyncResult]] = {}
        groups: dict[tuple[str, str], list[tuple[int, DocumentPlan]]] = {}
        for index, document in enumerate(window):
            try:
                plan = plan_document(document)
            except PlanError as error:
                results[index] = [_unplanned(document, error)]
                continue
            self._refuse_live_key(plan)
            groups.setdefault((plan.operator_id, plan.account_id), []).append((index, plan))
        runs = [pool.submit(self._sync_account, group, known) for group in groups.values()]
        stopped: Exception | None = None
        for run in runs:
            done, error = run.result()
            results.update(done)
            stopped = stopped or error
        for index in sorted(results):
            for result in results[index]:
                self._counts.add(result)
                yield result
        if stopped is not None:
            raise stopped

    def _refuse_live_key(self, plan: DocumentPlan) -> None:
        if self._is_live and plan.operator_id in self._demo_operators and not self._allow_live:
            raise LiveKeyRefused(
                f"A live Stripe key with the demo operator {plan.operator_id}: refused. "
                f"Use a test key."
            )

    def _sync_account(
        self, group: Sequence[tuple[int, DocumentPlan]], known: Mapping[str, SyncedObject]
    ) -> tuple[dict[int, list[SyncResult]], Exception | None]:
        account = _AccountSync(self, known)
        done: dict[int, list[SyncResult]] = {}
        for index, plan in group:
            if self._stop.is_set():
                break
            try:
                done[index] = account.sync(plan)
            except GatewayError as error:
                self._stop.set()
                return done, error
        return done, None

    def mark_paid(
        self, invoices: Iterable[SyncedObject], *, operator_id: str
    ) -> Iterator[SyncResult]:
        """Tells Stripe of invoices that were paid in full elsewhere, so that it asks no more.

        `invoices`: from an earlier sync. One that Stripe knows as paid already costs one read.
        """
        if self._is_live and operator_id in self._demo_operators and not self._allow_live:
            raise LiveKeyRefused("A live Stripe key with a demo operator: refused.")
        account = _AccountSync(self, {})
        for invoice in invoices:
            if invoice.object_kind == "invoice" and invoice.stripe_id is not None:
                yield account.mark_paid(invoice, invoice.stripe_id, operator_id)

    def report(self) -> SyncReport:
        counts = self._counts
        message = (
            f"{counts.documents} documents: {counts.changed} sent or completed, "
            f"{counts.statuses['held']} held, {len(counts.failures)} failed, "
            f"{counts.calls} requests."
        )
        return SyncReport(
            gateway="stripe live" if self._is_live else "stripe test",
            documents=counts.documents,
            changed=counts.changed,
            calls=counts.calls,
            statuses=dict(counts.statuses),
            failures=tuple(counts.failures),
            message=message,
        )

    # --------------------------------------------------------------------------- requests

    def request(self, act: Callable[[], _T], subject: str) -> _T:
        """One request, repeated while Stripe asks us to slow down.

        Errors of the connection, the key or the server raise SyncStopped or stripe.APIError.
        """
        for attempt in range(_RATE_LIMIT_TRIES):
            self._pacer.wait()
            try:
                return act()
            except stripe.RateLimitError as error:
                if attempt == _RATE_LIMIT_TRIES - 1:
                    raise SyncStopped(f"{subject}: Stripe still limits the rate.") from None
                self._sleep(_backoff_seconds(error, attempt))
            except (stripe.AuthenticationError, stripe.PermissionError) as error:
                raise SyncStopped(
                    f"{subject}: Stripe refuses the key: {redact(error.user_message)}"
                ) from None
            except stripe.APIConnectionError:
                raise SyncStopped(f"{subject}: no answer from Stripe.") from None
        raise AssertionError("unreachable")

    def pages(self, act: Callable[[Json], Any], params: Json) -> Iterator[Json]:
        """All objects of a list, plain."""
        return _pages(lambda query: self.request(partial(act, query), "list").to_dict(), params)

    @property
    def v1(self) -> Any:
        """The client's services. Their parameters are built as plain dicts, hence untyped."""
        return self._client.v1

    def now(self) -> int:
        return int(self._now())

    @property
    def customers(self) -> "_CustomerDirectory":
        return self._customers

    def tax_rate(self, identifier: str, account: "_AccountSync") -> tuple[str, Decimal]:
        """Name and percentage of a tax rate, which never change."""
        if identifier not in self._tax_rates:
            rate = account.get(lambda: self.v1.tax_rates.retrieve(identifier))
            percentage = Decimal(str(rate["percentage"]))
            self._tax_rates[identifier] = rate["display_name"], percentage
        return self._tax_rates[identifier]


# -------------------------------------------------------------------------------- one account


class _AccountSync:
    """The documents of one account, one after the other."""

    def __init__(self, gateway: StripeGateway, known: Mapping[str, SyncedObject]) -> None:
        self._gateway = gateway
        self._known = known
        self._calls = 0
        self._has_changed = False
        self._was_replayed = False
        self._subject = ""
        self._operator = ""
        self._extra: list[SyncResult] = []
        self._customer_known: dict[str, SyncedObject] = {}
        self._invoices: dict[str, list[Json]] = {}

    def sync(self, plan: DocumentPlan) -> list[SyncResult]:
        """The document's result, after its customer's if there is news of that."""
        known = self._known.get(plan.document_number)
        self._begin(plan.document_number, plan.operator_id)
        kind = plan.payload.kind
        if (
            known is not None
            and known.status in SETTLED_STATUSES
            and known.payload_sha256 == plan.payload_sha256
        ):
            return [self._result(plan, known.object_kind, known.stripe_id, known.status)]
        try:
            match plan.payload:
                case Held() as held:
                    text = f"{plan.document_number}: {held.text()}, not sent"
                    result = self._result(plan, kind, None, "held", text)
                case InvoicePayload() as payload:
                    invoice = self._sync_invoice(plan, payload)
                    result = self._result(plan, kind, invoice["id"], invoice["status"])
                case CreditNotePayload() as payload:
                    result = self._sync_credit_note(plan, payload)
                case BalancePayload() as payload:
                    transaction = self._sync_balance(plan, payload)
                    result = self._result(plan, kind, transaction["id"], "posted")
        except _DocumentFailed as error:
            result = self._failure(plan, redact(error))
        except stripe.APIError as error:
            raise self._stopped(error) from None
        except stripe.StripeError as error:
            result = self._failure(plan, self._refused(error))
        if result.status == "failed":
            logger.warning("%s", result.detail)
        return [*self._extra, result]

    def _begin(self, number: str, operator_id: str) -> None:
        self._calls, self._has_changed, self._extra = 0, False, []
        self._subject, self._operator = number, operator_id

    def mark_paid(self, known: SyncedObject, stripe_id: str, operator_id: str) -> SyncResult:
        """Marks an open invoice as paid outside Stripe."""
        self._begin(known.document_number, operator_id)
        detail = None

        def paid(_: Json | None = None) -> Json | None:
            invoice = self._present_invoice(stripe_id)
            return None if invoice is None or invoice["status"] == "open" else invoice

        try:
            invoice = paid()
            if invoice is None:
                invoice = self._post(
                    "paid",
                    lambda options: self._gateway.v1.invoices.pay(
                        stripe_id, {"paid_out_of_band": True}, options
                    ),
                    paid,
                    paid,
                )
            status = invoice["status"]
        except stripe.APIError as error:
            raise self._stopped(error) from None
        except stripe.StripeError as error:
            status, detail = "failed", self._refused(error)
        return SyncResult(
            document_number=known.document_number,
            object_kind="invoice",
            stripe_id=stripe_id,
            status=status,
            calls_made=self._calls,
            changed=self._has_changed,
            payload_sha256=known.payload_sha256,
            detail=detail,
        )

    def _failure(self, plan: DocumentPlan, detail: str) -> SyncResult:
        result = self._result(plan, plan.payload.kind, None, "failed", detail)
        return replace(result, rounding=0)

    def _stopped(self, error: stripe.APIError) -> SyncStopped:
        message = redact(error.user_message)
        return SyncStopped(f"{self._subject}: Stripe answers {error.http_status}: {message}")

    def _refused(self, error: stripe.StripeError) -> str:
        text = f"{self._subject}: Stripe refuses it: {redact(error.user_message)}"
        param = getattr(error, "param", None)
        return f"{text} ({param})" if param else text

    def _result(
        self,
        plan: DocumentPlan,
        kind: str,
        stripe_id: str | None,
        status: str,
        detail: str | None = None,
    ) -> SyncResult:
        return SyncResult(
            document_number=plan.document_number,
            object_kind=kind,
            stripe_id=stripe_id,
            status=status,
            calls_made=self._calls,
            changed=self._has_changed,
            payload_sha256=plan.payload_sha256,
            detail=detail,
            rounding=plan.payload.rounding,
        )

    # ---------------------------------------------------------------------------- requests

    def get(self, act: Callable[[], Any]) -> Json:
        """One object, plain."""
        self._calls += 1
        return self._gateway.request(act, self._subject).to_dict()

    def pages(self, act: Callable[[Json], Any], params: Json) -> Iterator[Json]:
        """All objects of a list, plain."""
        return _pages(lambda query: self.get(partial(act, query)), params)

    def _post(
        self,
        step: str,
        act: Callable[[Json], Any],
        standing: Callable[[], Json | None],
        present: Callable[[Json], Json | None],
        subject: str | None = None,
    ) -> Json:
        """A request that changes something, made to take effect exactly once.

        `act(options)` makes it. `standing()` looks whether its effect stands, by a list, which is
        read-after-write at Stripe where search is not. `present(answer)` gives the object as it is
        now when the answer was an old, kept one, or None if it is gone or does not say what it
        should. A kept failure, a key used with other parameters and a gone object lead to a new
        key; anything uncertain stops, and the next sync looks again.
        """
        self._was_replayed = True
        for attempt in range(_ATTEMPTS_MAX):
            key = idempotency_key(self._operator, subject or self._subject, step, attempt)
            for is_second in (False, True):
                self._calls += 1
                try:
                    answer = self._gateway.request(
                        lambda: act({"idempotency_key": key}),  # noqa: B023
                        self._subject,
                    )
                except stripe.IdempotencyError:
                    break
                except stripe.APIError as error:
                    is_kept = _is_replayed(error.headers)
                    found = standing()
                    if found is not None:
                        self._has_changed = True
                        return found
                    if is_kept:
                        break
                    if is_second or error.http_status == 409:
                        raise
                    continue
                if not _is_replayed(answer.last_response and answer.last_response.headers):
                    self._has_changed, self._was_replayed = True, False
                    return answer.to_dict()
                now = present(answer.to_dict())
                if now is None:
                    break
                # The change was made by a request whose answer was lost.
                self._has_changed = True
                return now
            found = standing()
            if found is not None:
                return found
        raise SyncStopped(
            f"{self._subject}: Stripe keeps failing at {step}; nothing was doubled, sync again."
        )

    # --------------------------------------------------------------------------- customers

    def _customer_id(self, plan: DocumentPlan) -> str | None:
        """The account's customer, if it exists already."""
        key = plan.customer.key
        known = self._customer_known.get(key) or self._known.get(key)
        if known is not None:
            return known.stripe_id
        found = self._gateway.customers.find(plan.customer, self)
        if found is None:
            return None
        if _is_same_customer(found, plan.customer):
            return self._customer_synced(plan.customer, found, has_changed=False)
        return found["id"]

    def _ensure_customer(self, plan: DocumentPlan, *, gone: str | None = None) -> str:
        """The account's customer, created or brought up to date with this document.

        `gone`: the id of one that was deleted in Stripe and must not be taken again.
        """
        customer, key = plan.customer, plan.customer.key
        known = self._customer_known.get(key) or self._known.get(key)
        if known is not None and known.stripe_id not in (None, gone):
            if known.payload_sha256 == customer.sha256:
                return str(known.stripe_id)
            updated = self._update_customer(customer, str(known.stripe_id))
            return self._customer_synced(customer, updated)
        found = self._gateway.customers.find(customer, self)
        if found is not None and found["id"] != gone:
            if _is_same_customer(found, customer):
                return self._customer_synced(customer, found, has_changed=False)
            return self._customer_synced(customer, self._update_customer(customer, found["id"]))
        created = self._post(
            "customer",
            lambda options: self._gateway.v1.customers.create(customer.params(), options),
            lambda: self._gateway.customers.find_recent(customer, self),
            self._present_customer,
            subject=key,
        )
        if not self._was_replayed:
            # It has no invoices yet.
            self._invoices[created["id"]] = []
        return self._customer_synced(customer, created)

    def _update_customer(self, customer: CustomerPayload, identifier: str) -> Json:
        def present(_: Json | None = None) -> Json | None:
            now = self.get(lambda: self._gateway.v1.customers.retrieve(identifier))
            return now if _is_same_customer(now, customer) else None

        try:
            return self._post(
                f"update-{customer.sha256[:16]}",
                lambda options: self._gateway.v1.customers.update(
                    identifier, customer.params(clear_empty=True), options
                ),
                present,
                present,
                subject=customer.key,
            )
        except stripe.InvalidRequestError as error:
            if error.code != "resource_missing":
                raise
            # Deleted in Stripe: creating the invoice will tell, and make a new one.
            return {"id": identifier}

    def _present_customer(self, answer: Json) -> Json | None:
        customer = self.get(lambda: self._gateway.v1.customers.retrieve(answer["id"]))
        return None if customer.get("deleted") else customer

    def _customer_synced(
        self, customer: CustomerPayload, found: Json, *, has_changed: bool = True
    ) -> str:
        synced = SyncResult(
            document_number=customer.key,
            object_kind="customer",
            stripe_id=found["id"],
            status="active",
            calls_made=0,
            changed=has_changed,
            payload_sha256=customer.sha256,
        )
        self._extra.append(synced)
        self._customer_known[customer.key] = cast(SyncedObject, synced.synced)
        return found["id"]

    # ---------------------------------------------------------------------------- invoices

    def _sync_invoice(self, plan: DocumentPlan, payload: InvoicePayload) -> Json:
        customer_id = self._customer_id(plan)
        invoice = self._find_invoice(customer_id, plan.document_number) if customer_id else None
        if invoice is None:
            invoice = self._create_invoice(plan, payload, self._ensure_customer(plan))
        if invoice["status"] == "draft":
            invoice = self._complete_invoice(plan, payload, invoice)
        self._check_invoice(plan, payload, invoice)
        if invoice["status"] == "void":
            raise _DocumentFailed(
                f"{plan.document_number}: {invoice['id']} was voided in Stripe; credit the "
                f"document here as well"
            )
        return invoice

    def _find_invoice(
        self, customer_id: str, number: str, *, is_fresh: bool = False
    ) -> Json | None:
        if is_fresh or customer_id not in self._invoices:
            self._invoices[customer_id] = list(
                self.pages(self._gateway.v1.invoices.list, {"customer": customer_id})
            )
        found = [
            invoice for invoice in self._invoices[customer_id] if self._is_ours(invoice, number)
        ]
        standing = [invoice for invoice in found if invoice["status"] != "void"]
        if len(standing) > 1:
            names = ", ".join(invoice["id"] for invoice in standing)
            raise _DocumentFailed(f"{number}: Stripe holds it more than once: {names}")
        return standing[0] if standing else found[0] if found else None

    def _is_ours(self, found: Json, number: str) -> bool:
        metadata = found.get("metadata") or {}
        return (
            metadata.get("document_number") == number
            and metadata.get("billhouse_operator") == self._operator
        )

    def _create_invoice(
        self, plan: DocumentPlan, payload: InvoicePayload, customer_id: str
    ) -> Json:
        is_late = self._is_late(payload)
        try:
            return self._post_invoice(plan, payload, customer_id, is_late=is_late)
        except stripe.InvalidRequestError as error:
            if error.param == "due_date":
                # Stripe's clock is ahead of ours.
                return self._post_invoice(plan, payload, customer_id, is_late=True)
            if error.param == "number":
                # It may stand with a customer that was deleted since.
                found = self._find_by_number(plan)
                if found is not None:
                    return found
            if error.param != "customer" or error.code != "resource_missing":
                raise
        customer_id = self._ensure_customer(plan, gone=customer_id)
        return self._post_invoice(plan, payload, customer_id, is_late=is_late)

    def _find_by_number(self, plan: DocumentPlan) -> Json | None:
        query = {"query": f"number:'{_escaped(plan.document_number)}'", "limit": _PAGE}
        found = self.get(lambda: self._gateway.v1.invoices.search(query))["data"]
        return next((item for item in found if self._is_ours(item, plan.document_number)), None)

    def _is_late(self, payload: InvoicePayload) -> bool:
        return payload.due_at <= self._gateway.now() + _DUE_MARGIN_SECONDS

    def _post_invoice(
        self, plan: DocumentPlan, payload: InvoicePayload, customer_id: str, *, is_late: bool
    ) -> Json:
        params = {**payload.params(), "customer": customer_id}
        if is_late:
            # Stripe takes no due date in the past; the true one stands in the metadata.
            params["days_until_due"] = _LATE_DAYS_UNTIL_DUE
        else:
            params["due_date"] = payload.due_at
        if payload.dated_at <= self._gateway.now():
            params["effective_at"] = payload.dated_at
        return self._post(
            "invoice",
            lambda options: self._gateway.v1.invoices.create(params, options),
            lambda: self._find_invoice(customer_id, plan.document_number, is_fresh=True),
            lambda answer: self._present_invoice(answer["id"]),
        )

    def _present_invoice(self, identifier: str) -> Json | None:
        try:
            invoice = self.get(lambda: self._gateway.v1.invoices.retrieve(identifier))
        except stripe.InvalidRequestError as error:
            if error.code == "resource_missing":
                return None
            raise
        return None if invoice.get("deleted") else invoice

    def _complete_invoice(self, plan: DocumentPlan, payload: InvoicePayload, draft: Json) -> Json:
        """Adds the lines that are missing, looks at the totals, finalises."""
        services = self._gateway.v1.invoices
        present = self._lines_of(draft)
        wanted = {line.key: line for line in payload.lines}
        for key, amount in present.items():
            if key not in wanted or wanted[key].amount != amount:
                raise _DocumentFailed(
                    f"{plan.document_number}: the draft {draft['id']} was altered in Stripe "
                    f"(line {key}); delete it there and sync again"
                )
        missing = [line.params() for key, line in wanted.items() if key not in present]

        def completed(_: Json | None = None) -> Json | None:
            invoice = self._present_invoice(draft["id"])
            if invoice is None or len(self._lines_of(invoice)) < len(wanted):
                return None
            return invoice

        invoice = draft
        if missing:
            invoice = self._post(
                f"lines-{len(present)}",
                lambda options: services.add_lines(draft["id"], {"lines": missing}, options),
                completed,
                completed,
            )
        self._check_invoice(plan, payload, invoice)

        def finalised(_: Json | None = None) -> Json | None:
            invoice = self._present_invoice(draft["id"])
            return invoice if invoice is not None and invoice["status"] != "draft" else None

        if invoice["status"] != "draft":
            return invoice
        return self._post(
            "finalize",
            lambda options: services.finalize_invoice(
                draft["id"], {"auto_advance": False}, options
            ),
            finalised,
            finalised,
        )

    def _lines_of(self, invoice: Json) -> dict[str, int]:
        """Amounts of the lines by our key; a line that is not ours has its own id."""
        lines = invoice["lines"]["data"]
        if invoice["lines"]["has_more"]:
            service = self._gateway.v1.invoices.line_items
            lines = self.pages(lambda params: service.list(invoice["id"], params), {})
        return {
            (line.get("metadata") or {}).get("line", line["id"]): line["amount"] for line in lines
        }

    def _check_invoice(self, plan: DocumentPlan, payload: InvoicePayload, invoice: Json) -> None:
        self._check(
            plan,
            invoice,
            {
                "total": (payload.total, invoice["total"]),
                "tax": (payload.tax, _tax_total(invoice)),
                "currency": (payload.currency.lower(), invoice["currency"]),
                "number": (payload.number, invoice["number"]),
            },
        )

    def _check(
        self, plan: DocumentPlan, found: Json, pairs: Mapping[str, tuple[object, object]]
    ) -> None:
        """Ours against Stripe's, amounts in minor units."""
        stated = (found.get("metadata") or {}).get("document_sha256")
        pairs = {**pairs, "document_sha256": (plan.document_sha256, stated)}
        differences = [
            f"{name} {theirs} instead of {ours}"
            for name, (ours, theirs) in pairs.items()
            if ours != theirs
        ]
        if differences:
            raise _DocumentFailed(
                f"{plan.document_number}: {found['id']} in Stripe differs from the document: "
                + ", ".join(differences)
            )

    # ------------------------------------------------------------------------ credit notes

    def _sync_credit_note(self, plan: DocumentPlan, payload: CreditNotePayload) -> SyncResult:
        number, credited = plan.document_number, payload.invoice_number
        invoice = self._credited_invoice(plan, credited)
        if invoice is None or invoice["status"] == "draft":
            raise _DocumentFailed(
                f"{number}: the invoice {credited} is not in Stripe; sync that first"
            )
        notes = self._gateway.v1.credit_notes

        def standing() -> Json | None:
            listed = self.pages(notes.list, {"invoice": invoice["id"]})
            return next((note for note in listed if self._is_ours(note, number)), None)

        note = standing()
        if note is None and invoice["status"] in ("void", "uncollectible"):
            return self._result(
                plan,
                "none",
                None,
                "held",
                f"{number}: {credited} is {invoice['status']} in Stripe, nothing is owed there",
            )
        if note is None:
            params = self._credit_note_params(payload, invoice)
            note = self._post(
                "credit_note",
                lambda options: notes.create(params, options),
                standing,
                lambda answer: self.get(lambda: notes.retrieve(answer["id"])),
            )
        self._check(
            plan,
            note,
            {
                "total": (payload.total, note["total"]),
                "tax": (payload.tax, _tax_total(note)),
                "currency": (payload.currency.lower(), note["currency"]),
                "invoice": (invoice["id"], note["invoice"]),
            },
        )
        return self._result(plan, "credit_note", note["id"], note["status"])

    def _credited_invoice(self, plan: DocumentPlan, credited: str) -> Json | None:
        known = self._known.get(credited)
        if known is not None and known.object_kind == "invoice" and known.stripe_id:
            return self._present_invoice(known.stripe_id)
        customer_id = self._customer_id(plan)
        # Read anew: what remains to be paid decides how the credit is given.
        return self._find_invoice(customer_id, credited, is_fresh=True) if customer_id else None

    def _credit_note_params(self, payload: CreditNotePayload, invoice: Json) -> Json:
        params: Json = {
            "invoice": invoice["id"],
            "memo": payload.memo,
            "metadata": dict(payload.metadata),
            "email_type": "none",
            "lines": [self._credit_line_params(line, invoice) for line in payload.lines],
        }
        if payload.dated_at <= self._gateway.now():
            params["effective_at"] = payload.dated_at
        # What the customer no longer owes on the invoice is a credit on the next one (8.1).
        surplus = payload.total - invoice["amount_remaining"]
        if surplus > 0:
            params["credit_amount"] = surplus
        return params

    def _credit_line_params(self, line: LinePayload, invoice: Json) -> Json:
        params: Json = {
            "type": "custom_line_item",
            "description": line.description,
            "quantity": 1,
            "unit_amount": line.amount,
        }
        # Only rates that Stripe made for the invoice can be named on its credit notes.
        taxes: dict[str, Json] = {}
        for part in line.taxes:
            rate = self._tax_rate_of(part.name, Decimal(part.percentage), invoice)
            tax = taxes.setdefault(rate, {"amount": 0, "taxable_amount": 0, "tax_rate": rate})
            tax["amount"] += part.amount
            tax["taxable_amount"] += part.taxable_amount
        if taxes:
            params["tax_amounts"] = list(taxes.values())
        return params

    def _tax_rate_of(self, name: str, percentage: Decimal, invoice: Json) -> str:
        identifiers = [tax["tax_rate_details"]["tax_rate"] for tax in invoice["total_taxes"]]
        rates = {found: self._gateway.tax_rate(found, self) for found in identifiers}
        # The catalogue's name for the tax may have changed since; the percentage may not.
        for matches in (
            lambda rate: rate == (name, percentage),
            lambda rate: rate[1] == percentage,
        ):
            for identifier, rate in rates.items():
                if matches(rate):
                    return identifier
        raise _DocumentFailed(
            f"{self._subject}: {invoice['id']} in Stripe bears no tax {name} {percentage} %"
        )

    # ----------------------------------------------------------------------------- balance

    def _sync_balance(self, plan: DocumentPlan, payload: BalancePayload) -> Json:
        service = self._gateway.v1.customers.balance_transactions
        number = plan.document_number
        customer_id = self._customer_id(plan)

        def standing(identifier: str) -> Json | None:
            listed = self.pages(lambda params: service.list(identifier, params), {})
            return next((found for found in listed if self._is_ours(found, number)), None)

        found = standing(customer_id) if customer_id else None
        if found is None:
            owner = self._ensure_customer(plan)
            params = {
                # Negative is in the customer's favour.
                "amount": -payload.total,
                "currency": payload.currency.lower(),
                "description": payload.description,
                "metadata": dict(payload.metadata),
            }
            found = self._post(
                "balance",
                lambda options: service.create(owner, params, options),
                lambda: standing(owner),
                lambda answer: self.get(lambda: service.retrieve(owner, answer["id"])),
            )
        self._check(
            plan,
            found,
            {
                "total": (-payload.total, found["amount"]),
                "currency": (payload.currency.lower(), found["currency"]),
            },
        )
        return found


def _pages(get: Callable[[Json], Json], params: Json) -> Iterator[Json]:
    params = {**params, "limit": _PAGE}
    while True:
        page = get(params)
        yield from page["data"]
        if not page["has_more"]:
            return
        params = {**params, "starting_after": page["data"][-1]["id"]}


# ----------------------------------------------------------------------------- the directory


class _CustomerDirectory:
    """Finds the customer of an account that is not known here."""

    def __init__(self, gateway: StripeGateway) -> None:
        self._gateway = gateway
        self._lock = threading.Lock()
        self._searches = 0
        self._all: dict[tuple[str, str], Json] | None = None

    def find(self, customer: CustomerPayload, account: _AccountSync) -> Json | None:
        """By search, which lags by a minute: a customer made since is met by its key again."""
        with self._lock:
            if self._all is None and self._searches < _SEARCHES_MAX:
                self._searches += 1
                try:
                    return self._search(customer, account)
                except stripe.InvalidRequestError:
                    # Search is not offered in every country.
                    pass
            if self._all is None:
                self._all = self._listed(account, {})
        return self._all.get((customer.operator_id, customer.account_id))

    def find_recent(self, customer: CustomerPayload, account: _AccountSync) -> Json | None:
        """By a list of the last days' customers, which is read-after-write."""
        since = self._gateway.now() - _RECENT_SECONDS
        recent = self._listed(account, {"created": {"gte": since}})
        return recent.get((customer.operator_id, customer.account_id))

    def _search(self, customer: CustomerPayload, account: _AccountSync) -> Json | None:
        query = " AND ".join(
            f"metadata['{key}']:'{_escaped(value)}'" for key, value in customer.metadata.items()
        )
        params = {"query": query, "limit": _PAGE}
        found = account.get(lambda: self._gateway.v1.customers.search(params))["data"]
        found = [item for item in found if item["metadata"] == item["metadata"] | customer.metadata]
        return min(found, key=lambda item: (item["created"], item["id"]), default=None)

    def _listed(self, account: _AccountSync, params: Json) -> dict[tuple[str, str], Json]:
        found: dict[tuple[str, str], Json] = {}
        fields = ("id", "name", "email", "address", "preferred_locales", "metadata")
        # Newest first: the oldest one of an account stays.
        for item in account.pages(self._gateway.v1.customers.list, params):
            metadata = item.get("metadata") or {}
            key = metadata.get("billhouse_operator"), metadata.get("account_id")
            if key[0] is not None and key[1] is not None:
                found[key[0], key[1]] = {name: item.get(name) for name in fields}
        return found


# ------------------------------------------------------------------------------- small parts


class _Pacer:
    """At most so many requests a second, over all threads."""

    def __init__(self, per_second: float | None, sleep: Callable[[float], None]) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._sleep = sleep
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        if not self._interval:
            return
        with self._lock:
            now = time.monotonic()
            start = max(now, self._next)
            self._next = start + self._interval
        if start > now:
            self._sleep(start - now)


@dataclass
class _Counts:
    documents: int = 0
    changed: int = 0
    calls: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, result: SyncResult) -> None:
        self.calls += result.calls_made
        if result.object_kind == "customer":
            return
        self.documents += 1
        self.changed += result.changed
        self.statuses[result.status] += 1
        if result.status == "failed":
            self.failures.append(result.detail or result.document_number)


def idempotency_key(operator_id: str, subject: str, step: str, attempt: int) -> str:
    """Readable where possible, a digest where a name does not fit into a header."""
    key = f"billhouse/{operator_id}/{subject}/{step}/{attempt}"
    if len(key) <= _KEY_CHARACTERS_MAX and re.fullmatch(r"[\w./-]+", key, re.ASCII):
        return key
    # The separator is no character of any part, so that two names never meet in one digest.
    parts = "\x1f".join((operator_id, subject, step, str(attempt)))
    return f"billhouse/{hashlib.sha256(parts.encode()).hexdigest()}"


def _unplanned(document: Mapping[str, Any], error: PlanError) -> SyncResult:
    return SyncResult(
        document_number=str(document.get("document_number")),
        object_kind="none",
        stripe_id=None,
        status="failed",
        calls_made=0,
        changed=False,
        payload_sha256="",
        detail=str(error),
    )


def _is_same_customer(found: Json, customer: CustomerPayload) -> bool:
    address = found.get("address") or {}
    theirs = (
        found.get("name") or None,
        found.get("email") or None,
        *(address.get(k) or None for k in ("line1", "city", "state", "postal_code", "country")),
        (found.get("preferred_locales") or [None])[0],
    )
    ours = (
        customer.name,
        customer.email,
        customer.line1,
        customer.city,
        customer.state,
        customer.postal_code,
        customer.country,
        customer.locale,
    )
    return theirs == ours and not found.get("deleted")


def _tax_total(found: Json) -> int:
    return sum(tax["amount"] for tax in found.get("total_taxes") or [])


def _is_replayed(headers: Mapping[str, str] | None) -> bool:
    return (headers or {}).get("Idempotent-Replayed") == "true"


def _backoff_seconds(error: stripe.RateLimitError, attempt: int) -> float:
    stated = (error.headers or {}).get("Retry-After", "")
    return float(stated) if stated.isdigit() else min(0.5 * 2**attempt, _BACKOFF_SECONDS_MAX)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _is_loopback(base_url: str | None) -> bool:
    return base_url is not None and urlsplit(base_url).hostname in ("127.0.0.1", "::1", "localhost")
