"""The fake account behind real HTTP on loopback.

Besides Stripe's own paths, for tests and the demo:
`GET /_log` (the requests served, without keys), `DELETE /_log`, `POST /_faults` and
`DELETE /_faults` (see `Fault`), `POST /_pay` {"invoice", "amount", "method"} (the customer pays),
`POST /_clock` {"advance": seconds}, `GET /_state` (counts).
"""

import hashlib
import json
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import stripe

from gateways.stripe_fake.account import Account, Object, Params
from gateways.stripe_fake.contract import ApiError, decode, validate

# Stripe may forget a key once it is this old; the same key is then a new operation.
KEY_AGE_MAX_SECONDS = 86_400
_KEY_CHARACTERS_MAX = 255
_BODY_BYTES_MAX = 4_000_000
_LOG_ENTRIES_MAX = 10_000

FaultKind = Literal[
    "drop_request",
    "drop_answer",
    "rate_limit",
    "lock_timeout",
    "conflict",
    "error_saved",
    "error_unsaved",
    "error_saved_after_effect",
    "unavailable",
    "unauthorized",
    "slow",
]


@dataclass
class Fault:
    """What goes wrong with the next `times` requests that match, after `skip` of them.

    `drop_request`: the connection ends before any effect; `drop_answer`: after it.
    `error_saved`: a 500 without effect that the idempotency key keeps; `…_after_effect`: the
    effect stands although the kept answer is a 500; `error_unsaved`: nothing stands, nothing kept.
    """

    kind: FaultKind
    method: str = "POST"
    path: str = r".*"
    times: int = 1
    skip: int = 0
    seconds: float = 0.0

    def strikes(self, method: str, path: str) -> bool:
        if self.times <= 0 or method != self.method or not re.fullmatch(self.path, path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass(frozen=True)
class LogEntry:
    """One served request. `has_changed`: the account is not what it was before."""

    method: str
    path: str
    params: dict[str, Any]
    idempotency_key: str | None
    stripe_version: str | None
    status: int
    is_replayed: bool
    has_changed: bool
    fault: str | None


@dataclass(frozen=True)
class _Answer:
    status: int
    body: Object
    headers: dict[str, str]
    is_replayed: bool = False
    has_changed: bool = False
    fault: str | None = None
    is_dropped: bool = False


Handler = Callable[[Account, tuple[str, ...], Params, str], Object]


def _routes() -> list[tuple[str, re.Pattern[str], str | None, Handler]]:
    def shown(operation: Callable[..., Object]) -> Handler:
        return lambda account, ids, params, _: account.render(
            operation(account, *ids, params), params.get("expand") or ()
        )

    def plain(operation: Callable[..., Object]) -> Handler:
        return lambda account, ids, params, _: account.render(
            operation(account, *ids), params.get("expand") or ()
        )

    def retrieve(kind: str) -> Handler:
        return lambda account, ids, params, _: account.render(
            account.get(kind, ids[-1]), params.get("expand") or ()
        )

    def listing(kind: str) -> Handler:
        return lambda account, ids, params, url: account.page(
            account.listed(kind, params), params, url
        )

    def search(kind: str) -> Handler:
        return lambda account, ids, params, url: account.search(kind, params)

    def lines(kind: str) -> Handler:
        return lambda account, ids, params, url: account.page(
            account.get(kind, ids[0])["_lines"], params, url
        )

    def events(account: Account, ids: tuple[str, ...], params: Params, url: str) -> Object:
        wanted = set(params.get("types") or []) | ({params["type"]} if "type" in params else set())
        found = account.listed("event", params)
        return account.page([e for e in found if not wanted or e["type"] in wanted], params, url)

    def transactions(account: Account, ids: tuple[str, ...], params: Params, url: str) -> Object:
        account.customer(ids[0], "id")
        kind = "customer_balance_transaction"
        return account.page(account.listed(kind, {**params, "customer": ids[0]}), params, url)

    one = r"([A-Za-z0-9_]+)"
    customer, invoice = rf"/v1/customers/{one}", rf"/v1/invoices/{one}"
    table: list[tuple[str, str, str | None, Handler]] = [
        ("GET", "/v1/customers/search", "CustomerSearchParams", search("customer")),
        ("GET", "/v1/customers", "CustomerListParams", listing("customer")),
        ("POST", "/v1/customers", "CustomerCreateParams", shown(Account.create_customer)),
        ("GET", customer, "CustomerRetrieveParams", retrieve("customer")),
        ("POST", customer, "CustomerUpdateParams", shown(Account.update_customer)),
        ("DELETE", customer, "CustomerDeleteParams", plain(Account.delete_customer)),
        (
            "GET",
            f"{customer}/balance_transactions",
            "CustomerBalanceTransactionListParams",
            transactions,
        ),
        (
            "POST",
            f"{customer}/balance_transactions",
            "CustomerBalanceTransactionCreateParams",
            shown(Account.create_balance_transaction),
        ),
        (
            "GET",
            f"{customer}/balance_transactions/{one}",
            "CustomerBalanceTransactionRetrieveParams",
            retrieve("customer_balance_transaction"),
        ),
        ("GET", "/v1/invoices/search", "InvoiceSearchParams", search("invoice")),
        ("GET", "/v1/invoices", "InvoiceListParams", listing("invoice")),
        ("POST", "/v1/invoices", "InvoiceCreateParams", shown(Account.create_invoice)),
        ("GET", invoice, "InvoiceRetrieveParams", plain(Account.retrieve_invoice)),
        ("POST", invoice, "InvoiceUpdateParams", shown(Account.update_invoice)),
        ("DELETE", invoice, "InvoiceDeleteParams", plain(Account.delete_invoice)),
        ("POST", f"{invoice}/add_lines", "InvoiceAddLinesParams", shown(Account.add_lines)),
        ("GET", f"{invoice}/lines", "InvoiceListLinesParams", lines("invoice")),
        (
            "POST",
            f"{invoice}/lines/{one}",
            "InvoiceLineItemUpdateParams",
            shown(Account.update_line),
        ),
        (
            "POST",
            f"{invoice}/finalize",
            "InvoiceFinalizeInvoiceParams",
            shown(Account.finalize_invoice),
        ),
        ("POST", f"{invoice}/void", "InvoiceVoidInvoiceParams", plain(Account.void_invoice)),
        (
            "POST",
            f"{invoice}/mark_uncollectible",
            "InvoiceMarkUncollectibleParams",
            plain(Account.mark_uncollectible),
        ),
        ("POST", f"{invoice}/pay", "InvoicePayParams", shown(Account.pay_invoice)),
        ("GET", "/v1/invoiceitems", "InvoiceItemListParams", listing("invoiceitem")),
        ("POST", "/v1/invoiceitems", "InvoiceItemCreateParams", shown(Account.create_invoice_item)),
        ("GET", rf"/v1/invoiceitems/{one}", "InvoiceItemRetrieveParams", retrieve("invoiceitem")),
        ("GET", "/v1/tax_rates", "TaxRateListParams", listing("tax_rate")),
        ("POST", "/v1/tax_rates", "TaxRateCreateParams", shown(Account.create_tax_rate)),
        ("GET", rf"/v1/tax_rates/{one}", "TaxRateRetrieveParams", retrieve("tax_rate")),
        ("POST", rf"/v1/tax_rates/{one}", "TaxRateUpdateParams", shown(Account.update_tax_rate)),
        ("GET", "/v1/credit_notes", "CreditNoteListParams", listing("credit_note")),
        ("POST", "/v1/credit_notes", "CreditNoteCreateParams", shown(Account.create_credit_note)),
        ("GET", rf"/v1/credit_notes/{one}", "CreditNoteRetrieveParams", retrieve("credit_note")),
        (
            "GET",
            rf"/v1/credit_notes/{one}/lines",
            "CreditNoteListLinesParams",
            lines("credit_note"),
        ),
        ("GET", "/v1/invoice_payments", "InvoicePaymentListParams", listing("invoice_payment")),
        ("GET", "/v1/events", "EventListParams", events),
        ("GET", rf"/v1/events/{one}", "EventRetrieveParams", retrieve("event")),
    ]
    return [(method, re.compile(path), params, act) for method, path, params, act in table]


class StripeFake:
    """A Stripe-compatible server on 127.0.0.1, for tests and the demo.

    Use as a context manager, or call `start` and `stop`. `url` is what the client needs as its
    base address. `api_version`: the only one it speaks.
    """

    def __init__(
        self, *, port: int = 0, state_file: Path | str | None = None, search_delay: int = 0
    ) -> None:
        path = Path(state_file) if state_file is not None else None
        self.account = Account(path, search_delay=search_delay)
        self.api_version = stripe.api_version
        self.faults: list[Fault] = []
        self.log: deque[LogEntry] = deque(maxlen=_LOG_ENTRIES_MAX)
        self._routes = _routes()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _RequestHandler)
        self._server.fake = self
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> Self:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        return self

    def serve_forever(self) -> None:
        """Serves in the calling thread until `stop` is called from another one."""
        self._server.serve_forever(poll_interval=0.2)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        if self._thread is not None:
            self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -------------------------------------------------------------------- for tests

    def inject(self, kind: FaultKind, **match: Any) -> None:
        """Adds a fault; see `Fault` for the fields."""
        with self._lock:
            self.faults.append(Fault(kind, **match))

    def advance_clock(self, seconds: int) -> None:
        with self._lock:
            self.account.clock_offset += seconds

    def pay(self, invoice_id: str, amount: int | None = None, method: str = "card") -> None:
        """The customer pays, in full or in part, on Stripe's own page."""
        with self._lock:
            self.account.receive_payment(invoice_id, amount, method)
            self.account.commit(None, None)

    @property
    def changes(self) -> list[LogEntry]:
        """The requests that changed the account."""
        return [entry for entry in self.log if entry.has_changed]

    @property
    def posts(self) -> list[LogEntry]:
        return [entry for entry in self.log if entry.method != "GET"]

    def objects(self, kind: str) -> list[Object]:
        """All objects of a kind that are not deleted, oldest first."""
        with self._lock:
            found = self.account.objects[kind].values()
            return [item for item in found if not item.get("deleted")]

    # -------------------------------------------------------------------- requests

    def handle(self, method: str, target: str, headers: Any, body: str) -> _Answer:
        """Serves one request; requests are served one after the other."""
        url = urlsplit(target)
        with self._lock:
            if url.path.startswith("/_"):
                return self._control(method, url.path, body)
            fault = next((f for f in self.faults if f.strikes(method, url.path)), None)
        if fault is not None and fault.kind == "slow":
            time.sleep(fault.seconds)
        with self._lock:
            encoded = body if method == "POST" else url.query
            key = headers.get("Idempotency-Key") if method == "POST" else None
            params: Params = {}
            try:
                self._check_headers(headers, key)
                params = decode(encoded)
                answer = self._serve(method, url.path, params, key, fault)
            except ApiError as error:
                self.account.commit(None, None)
                answer = _Answer(error.status, error.body, error.headers)
            except ValueError:
                answer = _Answer(400, ApiError("Invalid request body").body, {})
            self.log.append(
                LogEntry(
                    method=method,
                    path=url.path,
                    params=params,
                    idempotency_key=key,
                    stripe_version=headers.get("Stripe-Version"),
                    status=answer.status,
                    is_replayed=answer.is_replayed,
                    has_changed=answer.has_changed,
                    fault=fault.kind if fault else None,
                )
            )
            return answer

    def _check_headers(self, headers: Any, key: str | None) -> None:
        scheme, _, token = (headers.get("Authorization") or "").partition(" ")
        if scheme != "Bearer" or not re.fullmatch(r"[sr]k_test_[A-Za-z0-9_]+", token):
            raise ApiError("Invalid API Key provided: only test keys are served here.", status=401)
        if headers.get("Stripe-Version", self.api_version) != self.api_version:
            raise ApiError(
                f"Only API version {self.api_version} is served here.", is_validation=True
            )
        if key is not None and not 0 < len(key) <= _KEY_CHARACTERS_MAX:
            raise ApiError(
                f"The idempotency key can have at most {_KEY_CHARACTERS_MAX} characters.",
                kind="idempotency_error",
            )

    def _serve(
        self, method: str, path: str, params: Params, key: str | None, fault: Fault | None
    ) -> _Answer:
        kind = fault.kind if fault else None
        if kind == "drop_request":
            return _Answer(0, {}, {}, fault=kind, is_dropped=True)
        if kind in _REFUSALS:
            raise _REFUSALS[kind]()
        fingerprint = hashlib.sha256(
            json.dumps([method, path, params], sort_keys=True).encode()
        ).hexdigest()
        if key is not None:
            saved = self.account.saved_answer(key)
            if saved is not None and self.account.now() - saved["at"] < KEY_AGE_MAX_SECONDS:
                if saved["fingerprint"] != fingerprint:
                    raise ApiError(
                        f"Keys for idempotent requests can only be used with the same parameters "
                        f"they were first used with. Try using a key other than '{key}' if you "
                        f"meant to execute a different request.",
                        kind="idempotency_error",
                    )
                return _Answer(
                    saved["status"],
                    saved["body"],
                    {"Idempotent-Replayed": "true", "Original-Request": saved["request"]},
                    is_replayed=True,
                    is_dropped=kind == "drop_answer",
                )
        act, ids, typed = self._routed(method, path, params)
        if kind == "error_saved":
            status, body = 500, _server_error()
        else:
            status, body = 200, {}
            try:
                body = act(self.account, ids, typed, path)
            except ApiError as error:
                if error.is_validation:
                    raise
                status, body = error.status, error.body
            if kind == "error_saved_after_effect":
                status, body = 500, _server_error()
        answer = {
            "at": self.account.now(),
            "fingerprint": fingerprint,
            "status": status,
            "body": body,
            "request": f"req_{len(self.log):014d}",
        }
        has_changed = self.account.commit(key, answer if key is not None else None)
        # Stripe tells clients not to repeat a request whose failure it has kept.
        headers = {"Stripe-Should-Retry": "false"} if status == 500 else {}
        return _Answer(
            status,
            body,
            headers,
            has_changed=has_changed,
            is_dropped=kind == "drop_answer",
            fault=kind,
        )

    def _routed(
        self, method: str, path: str, params: Params
    ) -> tuple[Handler, tuple[str, ...], Params]:
        for route_method, pattern, params_class, act in self._routes:
            match = pattern.fullmatch(path)
            if match and route_method == method:
                if params_class is None:
                    return act, match.groups(), params
                is_create = method == "POST" and not match.groups()
                return (act, match.groups(), validate(params_class, params, is_create=is_create))
        raise ApiError(f"Unrecognized request URL ({method}: {path}).", status=404)

    def _control(self, method: str, path: str, body: str) -> _Answer:
        if path == "/_log" and method == "DELETE":
            self.log.clear()
        elif path == "/_log":
            return _Answer(200, {"data": [asdict(entry) for entry in self.log]}, {})
        elif path == "/_faults" and method == "DELETE":
            self.faults.clear()
        elif path == "/_faults" and method == "POST":
            self.faults.append(Fault(**json.loads(body)))
        elif path == "/_clock" and method == "POST":
            self.account.clock_offset += int(json.loads(body)["advance"])
        elif path == "/_pay" and method == "POST":
            wanted = json.loads(body)
            try:
                payment = self.account.receive_payment(
                    wanted["invoice"], wanted.get("amount"), wanted.get("method", "card")
                )
            except ApiError as error:
                return _Answer(error.status, error.body, {})
            self.account.commit(None, None)
            return _Answer(200, self.account.render(payment), {})
        elif path == "/_state":
            counts = {
                kind: sum(1 for item in items.values() if not item.get("deleted"))
                for kind, items in self.account.objects.items()
            }
            return _Answer(200, {"counts": counts, "version": self.account.version}, {})
        else:
            return _Answer(404, {"error": {"message": f"No such control: {path}"}}, {})
        return _Answer(200, {}, {})


def _server_error() -> Object:
    return ApiError("An unknown error occurred", kind="api_error").body


_REFUSALS: dict[str | None, Callable[[], ApiError]] = {
    "rate_limit": lambda: ApiError("Request rate limit exceeded.", status=429, code="rate_limit"),
    "lock_timeout": lambda: ApiError(
        "This object cannot be accessed right now because another request is using it.",
        status=429,
        code="lock_timeout",
        headers={"Stripe-Should-Retry": "true"},
    ),
    "conflict": lambda: ApiError(
        "There is currently another in-progress request using this idempotency key.",
        status=409,
        kind="idempotency_error",
        code="idempotency_key_in_use",
    ),
    "error_unsaved": lambda: ApiError("An unknown error occurred", status=500, kind="api_error"),
    "unavailable": lambda: ApiError("Service unavailable", status=503, kind="api_error"),
    "unauthorized": lambda: ApiError(
        "Expired API Key provided", status=401, code="api_key_expired"
    ),
}


class _Server(ThreadingHTTPServer):
    fake: StripeFake
    daemon_threads = True
    # A test may leave connections open; the next run must get the port again.
    allow_reuse_address = True


class _RequestHandler(BaseHTTPRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"
    server_version = "StripeFake"
    # Small answers leave at once; without it every other one waits 40 ms.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._respond("")

    def do_DELETE(self) -> None:
        self._respond("")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _BODY_BYTES_MAX:
            self.send_error(413)
            return
        self._respond(self.rfile.read(length).decode("utf-8", "strict"))

    def _respond(self, body: str) -> None:
        answer = self.server.fake.handle(self.command, self.path, self.headers, body)
        if answer.is_dropped:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        content = json.dumps(answer.body, ensure_ascii=False).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Stripe-Version", self.server.fake.api_version)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the terminal; `/_log` has it."""
