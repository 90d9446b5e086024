"""The fake keeps Stripe's contract; the real client speaks to it over HTTP."""

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from gateways.stripe_fake import StripeFake
from tests.gateways.conftest import KEY


@pytest.fixture
def v1(fake: StripeFake) -> Any:
    return client(fake.url)


def client(url: str, **options: Any) -> Any:
    options = {"max_network_retries": 0, **options}
    return stripe.StripeClient(KEY, base_addresses={"api": url}, **options).v1


def open_invoice(v1: Any, amount: int = 1000, **params: Any) -> Any:
    customer = params.pop("customer", None) or v1.customers.create({"name": "Zoé"}).id
    params = {"customer": customer, "currency": "eur", **params}
    params = {"collection_method": "send_invoice", "days_until_due": 14, **params}
    invoice = v1.invoices.create(params)
    v1.invoices.add_lines(invoice.id, {"lines": [{"amount": amount, "description": "Plan"}]})
    return v1.invoices.finalize_invoice(invoice.id)


# ----------------------------------------------------------------------------- the contract


@pytest.mark.parametrize(
    ("call", "message", "param"),
    [
        (lambda v1: v1.customers.create({"nickname": "x"}), "Received unknown parameter",
         "nickname"),
        (lambda v1: v1.customers.create({"address": {"street": "x"}}), "Received unknown parameter",
         "address[street]"),
        (lambda v1: v1.customers.create({"name": ""}), "You passed an empty string", "name"),
        (lambda v1: v1.customers.create({"name": "x" * 257}), "at most 256", "name"),
        (lambda v1: v1.customers.create({"email": "nobody"}), "Invalid email address", "email"),
        (lambda v1: v1.customers.create({"tax_exempt": "perhaps"}), "must be one of", "tax_exempt"),
        (lambda v1: v1.customers.create({"metadata": {"a": "x" * 501}}), "500", "metadata"),
        (lambda v1: v1.customers.create({"balance": "1.5"}), "Invalid integer", "balance"),
        (lambda v1: v1.customers.list({"limit": 101}), "limit", "limit"),
        (lambda v1: v1.customers.search({"query": "metadata[x]:1"}), "search query", "query"),
        (lambda v1: v1.invoices.create({}), "Missing required param", "customer"),
        (lambda v1: v1.invoices.create({"customer": "cus_x"}), "No such customer", "customer"),
        (lambda v1: v1.credit_notes.create({}), "Missing required param", "invoice"),
        (lambda v1: v1.tax_rates.create({"display_name": "VAT", "inclusive": "no",
                                         "percentage": 20}), "Invalid boolean", "inclusive"),
    ],
)  # fmt: skip
def test_wrong_parameters_are_refused_in_stripes_words(
    v1: Any, fake: StripeFake, call: Callable[[Any], object], message: str, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message) as caught:
        call(v1)
    assert caught.value.param == param
    assert not fake.changes


def test_wrong_lines_add_nothing(v1: Any) -> None:
    customer = v1.customers.create({"name": "Zoé"})
    invoice = v1.invoices.create({"customer": customer.id, "currency": "eur"})
    good = {"amount": 100}
    tax = {"amount": 1, "taxable_amount": 5, "tax_rate_data": {"display_name": "VAT"}}
    for bad in (
        {"amount": "1.5"},
        {"description": "no amount"},
        {"amount": 1, "period": {"start": 5, "end": 4}},
        {"amount": 1, "tax_amounts": [tax]},
        {"amount": 1, "quantity": 2},
    ):
        with pytest.raises(stripe.InvalidRequestError):
            v1.invoices.add_lines(invoice.id, {"lines": [good, bad]})
    with pytest.raises(stripe.InvalidRequestError, match="250"):
        v1.invoices.add_lines(invoice.id, {"lines": [good] * 251})
    assert v1.invoices.retrieve(invoice.id).total == 0


def test_answers_have_every_field_the_client_declares(v1: Any) -> None:
    invoice = open_invoice(v1)
    for name in stripe.Invoice.__annotations__:
        if name.islower() and not name.startswith("_") and name != "deleted":
            assert name in invoice.to_dict(), name


def test_other_keys_versions_and_addresses_are_refused(fake: StripeFake, v1: Any) -> None:
    with pytest.raises(stripe.AuthenticationError):
        stripe.StripeClient("sk_live_1", base_addresses={"api": fake.url}).v1.customers.list()
    with pytest.raises(stripe.InvalidRequestError, match="version"):
        v1.customers.list({}, {"stripe_version": "2020-08-27"})
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        v1.subscriptions.list()


# -------------------------------------------------------------------------------- invoices


def test_invoice_states(v1: Any) -> None:
    invoice = open_invoice(v1)
    assert (invoice.status, invoice.amount_due, invoice.lines.data[0].amount) == (
        "open",
        1000,
        1000,
    )
    with pytest.raises(stripe.InvalidRequestError, match="already finalized"):
        v1.invoices.finalize_invoice(invoice.id)
    with pytest.raises(stripe.InvalidRequestError, match="no longer editable"):
        v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 1}]})
    with pytest.raises(stripe.InvalidRequestError, match="no longer editable"):
        v1.invoices.delete(invoice.id)
    paid = v1.invoices.pay(invoice.id, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_remaining, paid.amount_paid_off_stripe) == ("paid", 0, 1000)
    with pytest.raises(stripe.InvalidRequestError):
        v1.invoices.void_invoice(invoice.id)
    assert v1.invoices.void_invoice(open_invoice(v1).id).status == "void"
    assert v1.invoices.mark_uncollectible(open_invoice(v1).id).status == "uncollectible"


def test_due_date_lies_ahead(v1: Any) -> None:
    customer = v1.customers.create({"name": "Zoé"})
    params = {"customer": customer.id, "collection_method": "send_invoice"}
    with pytest.raises(stripe.InvalidRequestError, match="in the future") as caught:
        v1.invoices.create({**params, "due_date": 1_600_000_000})
    assert caught.value.param == "due_date"
    with pytest.raises(stripe.InvalidRequestError, match="days_until_due"):
        v1.invoices.create(params)


def test_number_is_taken_once(v1: Any) -> None:
    open_invoice(v1, number="F1")
    with pytest.raises(stripe.InvalidRequestError, match="already used"):
        open_invoice(v1, number="F1")
    with pytest.raises(stripe.InvalidRequestError, match="at most 26"):
        open_invoice(v1, number="F" * 27)


def test_too_small_an_amount_is_marked_paid_and_falls_on_the_next_invoice(v1: Any) -> None:
    customer = v1.customers.create({"name": "Zoé"}).id
    small = open_invoice(v1, 20, customer=customer)
    assert (small.status, small.amount_due, small.ending_balance) == ("paid", 0, 20)
    assert open_invoice(v1, 1000, customer=customer).amount_due == 1020


def test_negative_total_becomes_a_credit(v1: Any) -> None:
    customer = v1.customers.create({"name": "Zoé"}).id
    assert open_invoice(v1, -300, customer=customer).status == "paid"
    assert v1.customers.retrieve(customer).balance == -300
    assert open_invoice(v1, 1000, customer=customer).amount_due == 700
    amounts = [t.amount for t in v1.customers.balance_transactions.list(customer).data]
    assert amounts == [300, -300]


def test_three_decimal_charges_end_in_zero(v1: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="multiples of 10"):
        open_invoice(v1, 5124, currency="kwd")
    assert open_invoice(v1, 5120, currency="kwd").status == "open"


def test_pending_items_are_taken_when_asked_for(v1: Any) -> None:
    customer = v1.customers.create({"name": "Zoé"}).id
    v1.invoice_items.create({"customer": customer, "amount": 700, "currency": "eur"})
    params = {"customer": customer, "currency": "eur"}
    assert v1.invoices.create({**params, "pending_invoice_items_behavior": "exclude"}).total == 0
    assert v1.invoices.create({**params, "pending_invoice_items_behavior": "include"}).total == 700


def test_credit_notes_are_bounded_by_their_invoice(v1: Any) -> None:
    invoice = open_invoice(v1)

    def credit(amount: int, **params: Any) -> Any:
        line = {"type": "custom_line_item", "quantity": 1, "unit_amount": amount}
        return v1.credit_notes.create({"invoice": invoice.id, "lines": [line], **params})

    assert credit(400).pre_payment_amount == 400
    assert v1.invoices.retrieve(invoice.id).amount_remaining == 600
    with pytest.raises(stripe.InvalidRequestError, match="exceeds"):
        credit(601)
    with pytest.raises(stripe.InvalidRequestError, match="non-negative"):
        credit(-1)
    v1.invoices.pay(invoice.id, {"paid_out_of_band": True})
    with pytest.raises(stripe.InvalidRequestError, match="post payment amount"):
        credit(600)
    assert credit(600, credit_amount=600).post_payment_amount == 600
    assert [note.total for note in v1.credit_notes.list({"invoice": invoice.id}).data] == [600, 400]


def test_only_rates_made_by_stripe_stand_on_credit_notes(v1: Any) -> None:
    invoice = open_invoice(v1)
    rate = v1.tax_rates.create({"display_name": "VAT", "inclusive": False, "percentage": 20})
    tax = {"amount": 1, "taxable_amount": 5, "tax_rate": rate.id}
    line = {"type": "custom_line_item", "unit_amount": 5, "tax_amounts": [tax]}
    with pytest.raises(stripe.InvalidRequestError, match="automatically created"):
        v1.credit_notes.create({"invoice": invoice.id, "lines": [line]})


# ----------------------------------------------------------------------- lists and searches


def test_lists_are_paged_newest_first(v1: Any) -> None:
    ids = [v1.customers.create({"name": str(n)}).id for n in range(25)]
    assert [c.id for c in v1.customers.list({"limit": 7}).auto_paging_iter()] == ids[::-1]
    page = v1.customers.list({"limit": 3, "ending_before": ids[20]})
    assert [c.id for c in page.data] == [ids[23], ids[22], ids[21]]


def test_search_lags_and_lists_do_not() -> None:
    with StripeFake(search_delay=60) as fake:
        v1 = client(fake.url)
        odd = 'it\'s \\ "odd"'
        customer = v1.customers.create({"name": "Zoé", "metadata": {"account_id": odd}})
        query = {"query": "metadata['account_id']:'it\\'s \\\\ \"odd\"'"}
        assert v1.customers.search(query).data == []
        assert [c.id for c in v1.customers.list().data] == [customer.id]
        fake.advance_clock(61)
        assert [c.id for c in v1.customers.search(query).data] == [customer.id]


def test_expansion(v1: Any) -> None:
    invoice = open_invoice(v1)
    assert v1.invoices.retrieve(invoice.id, {"expand": ["customer"]}).customer.name == "Zoé"
    assert v1.invoices.list({"expand": ["data.customer"]}).data[0].customer.name == "Zoé"
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        v1.invoices.retrieve(invoice.id, {"expand": ["moon"]})


def test_events_tell_what_happened(v1: Any) -> None:
    invoice = open_invoice(v1)
    kinds = [event.type for event in v1.events.list().data]
    assert kinds == ["invoice.finalized", "invoice.updated", "invoice.created", "customer.created"]
    [event] = v1.events.list({"type": "invoice.finalized"}).data
    assert event.data.object.id == invoice.id


# ------------------------------------------------------------------------------ idempotency


def test_same_key_same_answer_other_parameters_error(fake: StripeFake, v1: Any) -> None:
    first = v1.customers.create({"name": "A"}, {"idempotency_key": "k"})
    again = v1.customers.create({"name": "A"}, {"idempotency_key": "k"})
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError):
        v1.customers.create({"name": "B"}, {"idempotency_key": "k"})
    assert len(fake.objects("customer")) == 1
    assert [entry.is_replayed for entry in fake.log] == [False, True, False]


def test_key_is_forgotten_after_a_day(fake: StripeFake, v1: Any) -> None:
    v1.customers.create({"name": "A"}, {"idempotency_key": "k"})
    fake.advance_clock(86_400)
    v1.customers.create({"name": "A"}, {"idempotency_key": "k"})
    assert len(fake.objects("customer")) == 2


def test_failed_validation_keeps_no_key_and_a_failure_does(fake: StripeFake, v1: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        v1.customers.create({"nickname": "A"}, {"idempotency_key": "k"})
    v1.customers.create({"name": "A"}, {"idempotency_key": "k"})
    fake.inject("error_saved")
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            v1.customers.create({"name": "B"}, {"idempotency_key": "b"})
    fake.inject("error_unsaved")
    with pytest.raises(stripe.APIError):
        v1.customers.create({"name": "C"}, {"idempotency_key": "c"})
    v1.customers.create({"name": "C"}, {"idempotency_key": "c"})
    assert [c["name"] for c in fake.objects("customer")] == ["A", "C"]


def test_lost_answer_is_given_again(fake: StripeFake) -> None:
    fake.inject("drop_answer")
    v1 = client(fake.url, max_network_retries=1)
    v1.customers.create({"name": "A"})
    assert len(fake.objects("customer")) == 1
    assert [entry.fault for entry in fake.log] == ["drop_answer", None]


# ------------------------------------------------------------------------- a process of its own


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[[], tuple[subprocess.Popen[str], str]]]:
    processes = []

    def start() -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateways.stripe_fake", "--state", str(tmp_path / "x" / "s")],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        processes.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_state_outlives_the_process(
    started: Callable[[], tuple[subprocess.Popen[str], str]], tmp_path: Path
) -> None:
    process, url = started()
    assert url.startswith("http://127.0.0.1:")
    v1 = client(url)
    invoice = open_invoice(v1, number="F1")
    v1.customers.create({"name": "A"}, {"idempotency_key": "k"})
    process.kill()
    process.wait()
    # A kill in the middle of a write leaves part of a line.
    with (tmp_path / "x" / "s").open("a") as journal:
        journal.write('{"kind": "customer", "obj')
    process, url = started()
    v1 = client(url)
    assert v1.invoices.retrieve(invoice.id).to_dict() == invoice.to_dict()
    assert v1.customers.create({"name": "A"}, {"idempotency_key": "k"}).name == "A"
    assert len(v1.customers.list().data) == 2
    with pytest.raises(stripe.InvalidRequestError, match="already used"):
        open_invoice(v1, number="F1")
    assert get(f"{url}/_state")["counts"]["invoice"] == 1
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=5) == 0


def test_tests_in_another_process_can_steer_it(fake: StripeFake) -> None:
    fault = json.dumps({"kind": "rate_limit"}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{fake.url}/_faults", data=fault)).close()
    with pytest.raises(stripe.RateLimitError):
        client(fake.url).customers.create({"name": "A"})
    [entry] = get(f"{fake.url}/_log")["data"]
    assert (entry["method"], entry["path"], entry["status"]) == ("POST", "/v1/customers", 429)
    assert KEY not in json.dumps(entry)


def get(url: str) -> Any:
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)
