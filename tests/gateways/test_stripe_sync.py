"""Documents to Stripe: exactly once, exactly our figures, whatever goes wrong on the way."""

import logging
from typing import Any

import pytest
import stripe

from gateways.stripe_fake import StripeFake
from gateways.stripe_sync import (
    GatewayError,
    LiveKeyRefused,
    NullGateway,
    StripeGateway,
    SyncedObject,
    SyncResult,
    SyncStopped,
    idempotency_key,
    open_gateway,
)
from tests.gateways.conftest import KEY, OpenGateway
from tests.gateways.documents import credit_of, document

Known = dict[str, SyncedObject]


def sync(
    gateway: StripeGateway, documents: list[dict], known: Known | None = None
) -> tuple[dict[str, SyncResult], Known]:
    """Results by number, and what the next sync would know."""
    known = dict(known or {})
    results = {}
    for result in gateway.sync(documents, known):
        results[result.document_number] = result
        if result.synced:
            known[result.document_number] = result.synced
    return results, known


def holdings(fake: StripeFake) -> list[tuple[Any, ...]]:
    """What the account holds, without ids and times."""
    names = {item["id"]: item["metadata"]["account_id"] for item in fake.objects("customer")}
    invoices = [
        (item["number"], names[item["customer"]], item["status"], item["total"],
         len(item["_lines"]), item["amount_remaining"])
        for item in fake.objects("invoice")
    ]  # fmt: skip
    notes = [
        (item["metadata"]["document_number"], "note", item["status"], item["total"])
        for item in fake.objects("credit_note")
    ]
    credits = [
        (item["metadata"].get("document_number"), names[item["customer"]], item["amount"])
        for item in fake.objects("customer_balance_transaction")
    ]
    customers = [(item["name"], item["balance"]) for item in fake.objects("customer")]
    return [*sorted(invoices), *sorted(notes), *sorted(credits, key=str), *sorted(customers)]


def a_bill_run() -> list[dict]:
    """An invoice, its credit note, another invoice, and a credit that names none."""
    first = document("F1", lines=[("10.00", "standard"), ("4.00", "reduced")])
    return [
        first,
        document("F2", account_id="A2", lines=[("30.00", "standard")]),
        credit_of(first, "C1"),
        document("C2", account_id="A3", lines=[("-5.00", "standard")]),
    ]


# ----------------------------------------------------------------------------- the figures


def test_invoice_is_open_with_our_number_total_tax_and_due_date(
    fake: StripeFake, open_gateway: OpenGateway
) -> None:
    results, _ = sync(open_gateway(), [document()])
    result = results["F2026-00000001"]
    assert (result.status, result.object_kind, result.changed) == ("open", "invoice", True)
    client = stripe.StripeClient(KEY, base_addresses={"api": fake.url})
    invoice = client.v1.invoices.retrieve(str(result.stripe_id), {"expand": ["customer"]})
    assert (invoice.number, invoice.total, invoice.currency) == ("F2026-00000001", 1860, "eur")
    assert [tax.amount for tax in invoice.total_taxes or []] == [310]
    assert (invoice.collection_method, invoice.auto_advance) == ("send_invoice", False)
    assert invoice.due_date == 4098466799  # 2099-11-15 23:59:59 in Paris
    customer = invoice.customer
    assert isinstance(customer, stripe.Customer)
    assert (customer.name, customer.preferred_locales) == ("Zoé Müller", ["fr"])


@pytest.mark.parametrize(
    ("currency", "minor_units", "amount", "total", "rounding"),
    [("JPY", 0, "1234", 1357, 0), ("KWD", 3, "5.124", 5640, 4), ("ISK", 0, "500", 55000, 0)],
)
def test_currencies_without_and_with_three_decimals(
    fake: StripeFake, open_gateway: OpenGateway,
    currency: str, minor_units: int, amount: str, total: int, rounding: int,
) -> None:  # fmt: skip
    content = document(
        currency=currency,
        minor_units=minor_units,
        lines=[(amount, "standard")],
        rates={"standard": [("vat", "10")]},
    )
    results, _ = sync(open_gateway(), [content, credit_of(content, "C1")])
    assert results["F2026-00000001"].rounding == rounding
    assert results["C1"].status == "issued"
    [invoice] = fake.objects("invoice")
    assert (invoice["total"], invoice["amount_remaining"], invoice["status"]) == (total, 0, "paid")


def test_three_hundred_lines(fake: StripeFake, open_gateway: OpenGateway) -> None:
    lines = [(f"{n}.07", "standard" if n % 2 else "reduced") for n in range(1, 301)]
    results, _ = sync(open_gateway(), [document(lines=lines)])
    assert results["F2026-00000001"].status == "open"
    assert len(fake.objects("invoice")[0]["_lines"]) == 250
    before = len(fake.changes)
    assert not sync(open_gateway(), [document(lines=lines)])[0]["F2026-00000001"].changed
    assert len(fake.changes) == before


def test_total_that_differs_at_stripe_is_an_error_naming_the_document(
    fake: StripeFake, open_gateway: OpenGateway
) -> None:
    sync(open_gateway(), [document()])
    other = document(lines=[("11.00", "standard")])
    results, known = sync(open_gateway(), [other])
    result = results["F2026-00000001"]
    assert result.status == "failed"
    assert "F2026-00000001: in_" in str(result.detail)
    assert "total 1860 instead of 1320" in str(result.detail)
    assert "F2026-00000001" not in known


def test_draft_altered_by_hand_is_not_finalised(
    fake: StripeFake, open_gateway: OpenGateway
) -> None:
    fake.inject("drop_request", path=r".*/finalize")
    with pytest.raises(SyncStopped, match="F2026-00000001: no answer"):
        sync(open_gateway(max_network_retries=0), [document()])
    client = stripe.StripeClient(KEY, base_addresses={"api": fake.url})
    [draft] = fake.objects("invoice")
    client.v1.invoices.add_lines(draft["id"], {"lines": [{"amount": 1, "description": "x"}]})
    results, _ = sync(open_gateway(), [document()])
    assert "was altered in Stripe" in str(results["F2026-00000001"].detail)
    assert fake.objects("invoice")[0]["status"] == "draft"


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([("0.30", "none")], "0.30 EUR is below what Stripe can charge"),
        ([("1.00", "none"), ("-1.00", "none")], "nothing to collect"),
        ([("1000000.00", "none")], "1000000.00 EUR is above what Stripe can charge"),
    ],
)
def test_held_documents_cost_no_request(
    fake: StripeFake, open_gateway: OpenGateway, lines: list[tuple[str, str]], text: str
) -> None:
    content = document(lines=lines)
    gateway = open_gateway()
    results, known = sync(gateway, [content, credit_of(content, "C1")])
    assert results["F2026-00000001"].status == "held"
    assert text in str(results["F2026-00000001"].detail)
    assert results["C1"].status == "held"
    assert not fake.log
    assert known["F2026-00000001"].status == "held"
    assert gateway.report().statuses == {"held": 2}


# -------------------------------------------------------------------------------- credits


def test_credit_note_on_an_open_invoice_takes_what_is_due(
    fake: StripeFake, open_gateway: OpenGateway
) -> None:
    results, _ = sync(open_gateway(), a_bill_run())
    assert results["C1"].status == "issued"
    [note] = fake.objects("credit_note")
    assert (note["total"], note["pre_payment_amount"], note["post_payment_amount"]) == (
        1622,
        1622,
        0,
    )
    assert sum(tax["amount"] for tax in note["total_taxes"]) == 222
    by_number = {item["number"]: item for item in fake.objects("invoice")}
    assert (by_number["F1"]["status"], by_number["F1"]["amount_remaining"]) == ("paid", 0)


def test_credit_note_on_a_paid_invoice_goes_to_the_balance(
    fake: StripeFake, open_gateway: OpenGateway
) -> None:
    first, *_, credit, _ = a_bill_run()
    _, known = sync(open_gateway(), [first])
    client = stripe.StripeClient(KEY, base_addresses={"api": fake.url})
    client.v1.invoices.pay(str(known["F1"].stripe_id), {"paid_out_of_band": True})
    results, _ = sync(open_gateway(), [first, credit], known)
    assert results["C1"].status == "issued"
    assert fake.objects("customer")[0]["balance"] == -1622


def test_credit_note_without_its_invoice_fails_by_name(open_gateway: OpenGateway) -> None:
    results, _ = sync(open_gateway(), [credit_of(document("F1"), "C1")])
    assert "C1: the invoice F1 is not in Stripe" in str(results["C1"].detail)


def test_credit_note_on_an_invoice_voided_by_hand_is_held(
    fake: StripeFake, open_gateway: OpenGateway
) -> None:
    _, known = sync(open_gateway(), [document("F1")])
    client = stripe.StripeClient(KEY, base_addresses={"api": fake.url})
    client.v1.invoices.void_invoice(str(known["F1"].stripe_id))
    results, _ = sync(open_gateway(), [document("F1"), credit_of(document("F1"), "C1")])
    assert "was voided in Stripe" in str(results["F1"].detail)
    assert (results["C1"].status, results["C1"].object_kind) == ("held", "none")


def test_credit_that_names_no_invoice_lowers_the_next_one(
    fake: StripeFake, open_gateway: OpenGateway
) -> None:
    credit = document("C2", lines=[("-5.00", "standard")])
    results, _ = sync(open_gateway(), [credit, document("F2", lines=[("20.00", "standard")])])
    assert (results["C2"].status, results["C2"].object_kind) == ("posted", "balance_transaction")
    [invoice] = fake.objects("invoice")
    assert (invoice["total"], invoice["amount_due"]) == (2400, 1800)


# ------------------------------------------------------------------------------ repetition


def test_second_sync_makes_no_request_at_all(fake: StripeFake, open_gateway: OpenGateway) -> None:
    _, known = sync(open_gateway(), a_bill_run())
    before = len(fake.log)
    gateway = open_gateway()
    results, _ = sync(gateway, a_bill_run(), known)
    assert len(fake.log) == before
    assert {result.changed for result in results.values()} == {False}
    assert gateway.report().calls == 0


def test_with_the_local_state_lost_only_reads_are_made(
    fake: StripeFake, open_gateway: OpenGateway
) -> None:
    _, known = sync(open_gateway(), a_bill_run())
    before, expected = len(fake.log), holdings(fake)
    results, again = sync(open_gateway(), a_bill_run())
    assert {entry.method for entry in list(fake.log)[before:]} == {"GET"}
    assert holdings(fake) == expected
    assert {r.changed for r in results.values()} == {False}
    assert {k: v.stripe_id for k, v in again.items()} == {k: v.stripe_id for k, v in known.items()}


def test_calls_made_are_those_the_server_saw(fake: StripeFake, open_gateway: OpenGateway) -> None:
    gateway = open_gateway()
    results, _ = sync(gateway, a_bill_run())
    assert sum(result.calls_made for result in results.values()) == len(fake.log)
    assert gateway.report().calls == len(fake.log)


def test_many_unknown_accounts_are_listed_rather_than_searched(
    fake: StripeFake, open_gateway: OpenGateway
) -> None:
    run = [document(f"F{n}", account_id=f"A{n}") for n in range(101)]
    sync(open_gateway(), run)
    before = len(fake.log)
    sync(open_gateway(), run)
    paths = [entry.path for entry in list(fake.log)[before:]]
    assert paths.count("/v1/customers/search") == 20
    assert paths.count("/v1/customers") == 2
    assert fake.account.version == len(fake.changes)


def test_results_come_in_the_order_of_the_documents(open_gateway: OpenGateway) -> None:
    run = [document(f"F{n}", account_id=f"A{n % 7}") for n in range(30)]
    results, _ = sync(open_gateway(), run)
    numbers = [number for number in results if number.startswith("F")]
    assert numbers == [f"F{n}" for n in range(30)]


# ------------------------------------------------------------------------------- crashes


POSTS_OF_A_RUN = 11
FAULTS = [
    "drop_request",
    "drop_answer",
    "error_saved",
    "error_unsaved",
    "error_saved_after_effect",
    "unavailable",
    "conflict",
    "rate_limit",
    "lock_timeout",
]
PATHS = [
    "/v1/customers",
    "/v1/invoices",
    "/v1/invoices/.*/add_lines",
    "/v1/invoices/.*/finalize",
    "/v1/credit_notes",
    "/v1/customers/.*/balance_transactions",
]
DAY = 86_400


def open_on(fake: StripeFake, **options: Any) -> StripeGateway:
    return StripeGateway(KEY, fake.url, **{"sleep": lambda _: None, "workers": 1, **options})


@pytest.fixture(scope="module")
def uninterrupted() -> list[tuple[Any, ...]]:
    with StripeFake() as fake:
        sync(open_on(fake), a_bill_run())
        assert len(fake.posts) == POSTS_OF_A_RUN
        return holdings(fake)


def sync_again_and_compare(fake: StripeFake, expected: list[tuple[Any, ...]]) -> None:
    """A last sync completes everything; two more find nothing to do."""
    results, known = sync(open_on(fake), a_bill_run())
    assert [r.detail for r in results.values() if r.status == "failed"] == []
    assert holdings(fake) == expected
    before = len(fake.log)
    sync(open_on(fake), a_bill_run(), known)
    assert len(fake.log) == before
    fake.advance_clock(3600)
    sync(open_on(fake), a_bill_run())
    assert all(entry.method == "GET" for entry in list(fake.log)[before:])


@pytest.mark.parametrize("fault", ["drop_answer", "error_saved_after_effect"])
def test_a_crash_after_each_step_is_resumed_without_doubles(
    fault: Any, uninterrupted: list[tuple[Any, ...]]
) -> None:
    for step in range(POSTS_OF_A_RUN):
        # A new customer cannot be searched yet when the next sync comes.
        with StripeFake(search_delay=3600) as fake:
            fake.inject(fault, skip=step)
            try:
                sync(open_on(fake, max_network_retries=0), a_bill_run())
            except SyncStopped as error:
                assert str(error).startswith(("F1", "F2", "C1", "C2"))
            assert fake.faults[0].times == 0, "the fault was never met"
            sync_again_and_compare(fake, uninterrupted)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("later", [60, DAY + 3600], ids=["a minute later", "a day later"])
def test_one_crash_after_another_is_resumed_without_doubles(
    fault: Any, later: int, uninterrupted: list[tuple[Any, ...]]
) -> None:
    """After a day no key is remembered; after a minute a new customer cannot be searched."""
    with StripeFake(search_delay=3600) as fake:
        for path in PATHS:
            fake.inject(fault, path=path)
        for _ in range(len(PATHS) + 1):
            try:
                sync(open_on(fake, max_network_retries=0), a_bill_run())
            except SyncStopped:
                fake.advance_clock(later)
        assert [left.path for left in fake.faults if left.times] == []
        sync_again_and_compare(fake, uninterrupted)


@pytest.mark.parametrize("fault", FAULTS)
def test_passing_faults_are_overcome_within_the_sync(
    fault: Any, uninterrupted: list[tuple[Any, ...]]
) -> None:
    with StripeFake() as fake:
        for path in PATHS:
            fake.inject(fault, path=path)
        results, _ = sync(open_on(fake), a_bill_run())
        assert {r.status for r in results.values()} <= {"open", "active", "issued", "posted"}
        assert [left.path for left in fake.faults if left.times] == []
        assert holdings(fake) == uninterrupted


def test_faults_of_reads_are_overcome_too(
    fake: StripeFake, uninterrupted: list[tuple[Any, ...]]
) -> None:
    sync(open_on(fake), a_bill_run())
    for fault in ("drop_answer", "rate_limit", "unavailable", "slow"):
        fake.inject(fault, method="GET", times=2)
        sync(open_on(fake), a_bill_run())
    assert holdings(fake) == uninterrupted


def test_results_reached_before_an_outage_are_yielded(fake: StripeFake) -> None:
    fake.inject("unavailable", skip=4, times=1000)
    numbers = []
    with pytest.raises(SyncStopped, match="F2: Stripe answers 503"):
        for result in open_on(fake).sync([document("F1"), document("F2", account_id="B")], {}):
            numbers.append(result.document_number)
    assert numbers == ["customer/A1", "F1"]


def test_revoked_key_stops_the_sync(fake: StripeFake) -> None:
    fake.inject("unauthorized", method="GET")
    with pytest.raises(SyncStopped, match="F2026-00000001: Stripe refuses the key"):
        sync(open_on(fake), [document()])


def test_one_failing_document_does_not_stop_the_others(fake: StripeFake) -> None:
    broken = document("F1")
    broken["amounts"]["total"] = "99.00"
    # Refused by Stripe: the number is taken by somebody else's invoice.
    client = stripe.StripeClient(KEY, base_addresses={"api": fake.url})
    customer = client.v1.customers.create({"name": "Somebody else"})
    client.v1.invoices.create({"customer": customer.id, "number": "F2"})
    gateway = open_on(fake)
    results, _ = sync(gateway, [broken, document("F2"), document("F3")])
    assert [results[n].status for n in ("F1", "F2", "F3")] == ["failed", "failed", "open"]
    assert "F1: the document does not foot" in str(results["F1"].detail)
    assert "F2: Stripe refuses it: " in str(results["F2"].detail)
    assert len(gateway.report().failures) == 2


# ------------------------------------------------------------------- changed by other hands


def test_deleted_draft_is_made_anew(fake: StripeFake) -> None:
    fake.inject("drop_request", path=r".*/add_lines")
    with pytest.raises(SyncStopped):
        sync(open_on(fake, max_network_retries=0), [document()])
    client = stripe.StripeClient(KEY, base_addresses={"api": fake.url})
    client.v1.invoices.delete(fake.objects("invoice")[0]["id"])
    results, _ = sync(open_on(fake), [document()])
    assert results["F2026-00000001"].status == "open"
    assert [item["status"] for item in fake.objects("invoice")] == ["open"]


@pytest.mark.parametrize("is_remembered", [True, False])
def test_deleted_customer_is_made_anew(fake: StripeFake, is_remembered: bool) -> None:
    _, known = sync(open_on(fake), [document("F1")])
    client = stripe.StripeClient(KEY, base_addresses={"api": fake.url})
    client.v1.customers.delete(fake.objects("customer")[0]["id"])
    run = [document("F1"), document("F2")]
    results, _ = sync(open_on(fake), run, known if is_remembered else {})
    assert (results["F1"].status, results["F2"].status) == ("open", "open")
    assert len(fake.objects("customer")) == 1
    assert [item["number"] for item in fake.objects("invoice")] == ["F1", "F2"]


def test_customer_follows_the_newest_document_only(fake: StripeFake) -> None:
    old, new = document("F1", name="Old Name"), document("F2", name="New Name")
    _, known = sync(open_on(fake), [old])
    results, known = sync(open_on(fake), [old, new], known)
    assert results["customer/A1"].changed
    assert [item["name"] for item in fake.objects("customer")] == ["New Name"]
    before = len(fake.changes)
    sync(open_on(fake), [old, new], known)
    sync(open_on(fake), [old, new])
    assert len(fake.changes) == before
    # Back again within the day: the key of the first change is remembered, its answer is old.
    sync(open_on(fake), [document("F3", name="Old Name")], known)
    sync(open_on(fake), [document("F4", name="New Name")])
    assert [item["name"] for item in fake.objects("customer")] == ["New Name"]


def test_invoice_doubled_by_hand_is_an_error(fake: StripeFake) -> None:
    sync(open_on(fake), [document("F1")])
    [invoice] = fake.objects("invoice")
    client = stripe.StripeClient(KEY, base_addresses={"api": fake.url})
    client.v1.invoices.create({"customer": invoice["customer"], "metadata": invoice["metadata"]})
    results, _ = sync(open_on(fake), [document("F1")])
    assert "F1: Stripe holds it more than once" in str(results["F1"].detail)


def test_operators_sharing_an_account_do_not_meet(fake: StripeFake) -> None:
    sync(open_on(fake), [document("F1", operator_id="one")])
    sync(open_on(fake), [document("G1", operator_id="two")])
    assert len(fake.objects("customer")) == 2


# --------------------------------------------------------------------------- dates and texts


def test_due_date_that_has_passed_is_due_at_once(fake: StripeFake) -> None:
    content = document(due_date="2020-01-15", bill_date="2020-01-01")
    results, _ = sync(open_on(fake), [content])
    assert results["F2026-00000001"].status == "open"
    [invoice] = fake.objects("invoice")
    assert invoice["due_date"] - fake.account.now() in range(86_300, 86_401)
    assert invoice["metadata"]["due_date"] == "2020-01-15"
    assert invoice["effective_at"] == 1577880000  # noon of the bill date


def test_clock_behind_stripes_is_no_obstacle(fake: StripeFake) -> None:
    content = document(due_date="2020-01-15", bill_date="2020-01-01")
    results, _ = sync(open_on(fake, now=lambda: 0.0), [content])
    assert results["F2026-00000001"].status == "open"


HOSTILE = [
    "'; drop table accounts; --",
    '" AND metadata["account_id"]:"A2',
    "' AND metadata['account_id']:'A2",
    "back\\slash\\' quote",
    "[0][amount]=1&total=0",
    "../../v1/customers",
    "{{ 7 * 7 }} ${7*7} %(x)s %s",
    "<script>alert(1)</script>",
    "\u202egnp.exe\u0000\r\nX-Injected: 1",
    "𝓩𝓸𝓮 👩‍👩‍👧 العربية",
    "=cmd|' /C calc'!A0",
    "x" * 400,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_stay_names(fake: StripeFake, text: str) -> None:
    contents = [
        document("F1", account_id=text, name=text, descriptions=[text, text], street=text),
        document("F2", account_id="A2"),
    ]
    results, _ = sync(open_on(fake), contents)
    assert {r.status for r in results.values()} == {"open", "active"}
    customers = {item["metadata"]["account_id"]: item for item in fake.objects("customer")}
    assert set(customers) == {text, "A2"}
    before = len(fake.changes)
    results, _ = sync(open_on(fake), contents)
    assert {r.changed for r in results.values()} == {False}
    assert len(fake.changes) == before


def test_no_number_and_no_call_reaches_stripe(fake: StripeFake) -> None:
    contents = a_bill_run()
    contents[0]["lines"][0]["description"] = "Plan of 33612345678"
    sync(open_on(fake), contents)
    seen = repr(fake.log) + repr(fake.account.objects)
    for private in ("33612345678", "33698765432", "0.120000", "charge_key"):
        assert private not in seen


# ------------------------------------------------------------------------------------ keys


def test_key_is_in_no_message_log_or_report(
    fake: StripeFake, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    gateway = open_on(fake)
    results, _ = sync(gateway, a_bill_run())
    fake.inject("unauthorized", method="GET")
    with pytest.raises(SyncStopped) as caught:
        sync(open_on(fake), a_bill_run())
    seen = caplog.text + repr(results) + repr(gateway) + repr(gateway.report()) + repr(fake.log)
    seen += repr(caught.value) + str(caught.value.__cause__)
    assert "Request to Stripe api" in caplog.text
    assert KEY.removeprefix("sk_test_") not in seen
    # Nor do the bodies of requests, which name people.
    assert "Zo" not in caplog.text


@pytest.mark.parametrize("key", ["pk_test_1", "sk_liveX", "whsec_1", "sk_test_a b"])
def test_other_keys_are_refused_without_being_shown(key: str) -> None:
    with pytest.raises(GatewayError) as caught:
        StripeGateway(key)
    assert key not in str(caught.value)


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1"])
def test_live_key_is_refused_for_the_demo_operator(key: str) -> None:
    gateway = StripeGateway(key, max_network_retries=0)
    with pytest.raises(LiveKeyRefused, match="demo"):
        list(gateway.sync([document(operator_id="demo")], {}))


def test_live_key_is_not_sent_to_loopback(fake: StripeFake) -> None:
    with pytest.raises(LiveKeyRefused):
        StripeGateway("sk_live_1", fake.url)


def test_plain_http_is_for_loopback_only() -> None:
    with pytest.raises(GatewayError, match="https"):
        StripeGateway("sk_test_1", "http://stripe.example")


@pytest.mark.parametrize("key", [None, "", "  "])
def test_without_a_key_nothing_is_sent_and_the_report_says_so(key: str | None) -> None:
    gateway = open_gateway(key)
    assert isinstance(gateway, NullGateway)
    assert list(gateway.sync([document(), document("F2")], {})) == []
    assert gateway.report().message == "No Stripe key is set: 2 documents were not sent."


def test_idempotency_keys_fit_and_never_meet() -> None:
    assert idempotency_key("op", "F1", "invoice", 0) == "billhouse/op/F1/invoice/0"
    odd = [("o", "é" * 300), ("o", "a b"), ("o/a", "b"), ("o", "a/b"), ("o", "a\nb")]
    keys = {idempotency_key(operator, subject, "s", 0) for operator, subject in odd}
    assert len(keys) >= 4
    assert all(len(key) <= 255 and key.isascii() and key.isprintable() for key in keys)


def test_rate_is_paced() -> None:
    slept: list[float] = []
    with StripeFake() as fake:
        gateway = StripeGateway(KEY, fake.url, requests_per_second=1, sleep=slept.append)
        list(gateway.sync([document()], {}))
        # Each request after the first is told to wait for its second.
        assert len(slept) == len(fake.log) - 1
    assert [round(seconds) for seconds in slept] == list(range(1, len(slept) + 1))
