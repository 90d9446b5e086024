"""The state of one Stripe account and what each endpoint does to it.

Objects are kept without their empty fields; `render` fills those in from the client's own
declarations. Only what billing needs is there; the rules are Stripe's as documented, and where
the documentation is silent the stricter reading is taken.
"""

import itertools
import json
import re
import time
import zlib
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from gateways.stripe_currencies import stripe_currency
from gateways.stripe_fake.contract import ApiError, check_length, skeleton

Params = dict[str, Any]
Object = dict[str, Any]

LINES_MAX = 250
LINES_SHOWN = 10
SEARCHABLE_FIELDS = {
    "customer": {"email", "name", "created"},
    "invoice": {"number", "status", "customer", "currency", "total", "created"},
}
_PREFIXES = {
    "customer": "cus",
    "invoice": "in",
    "invoiceitem": "ii",
    "line_item": "il",
    "tax_rate": "txr",
    "credit_note": "cn",
    "credit_note_line_item": "cnli",
    "customer_balance_transaction": "cbtxn",
    "event": "evt",
    "invoice_payment": "inpay",
}
_RESOURCES = {
    "customer": "Customer",
    "invoice": "Invoice",
    "invoiceitem": "InvoiceItem",
    "line_item": "InvoiceLineItem",
    "tax_rate": "TaxRate",
    "credit_note": "CreditNote",
    "credit_note_line_item": "CreditNoteLineItem",
    "customer_balance_transaction": "CustomerBalanceTransaction",
    "event": "Event",
    "invoice_payment": "InvoicePayment",
}
_EVENT_FIELDS = (
    "id",
    "object",
    "customer",
    "invoice",
    "number",
    "status",
    "currency",
    "total",
    "amount_due",
    "amount_remaining",
    "metadata",
)
# What all lines have in common is kept out of the state.
_LINE_DEFAULTS: Mapping[str, Any] = {
    "discount_amounts": [],
    "discounts": [],
    "livemode": False,
    "quantity": 1,
}
_CHARGE_OF_PAYMENT = "payment.payment_intent.latest_charge"
_EXPANDABLE = {"customer": "customer", "invoice": "invoice", "credit_note": "credit_note"}


class Account:
    """All objects of the account. Not thread-safe: the server serialises requests.

    `state_file`: a journal of JSON lines, replayed on start; a last line cut short by a kill is
    ignored. `search_delay`: seconds until a new object is found by search, which at Stripe is not
    read-after-write.
    """

    def __init__(self, state_file: Path | None = None, *, search_delay: int = 0) -> None:
        self.objects: dict[str, dict[str, Object]] = {kind: {} for kind in _PREFIXES}
        self.saved_answers: dict[str, Object] = {}
        self.search_delay = search_delay
        self.clock_offset = 0
        self.version = 0
        self._ids = itertools.count(1)
        self._of_customer: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._numbers: dict[str, str] = {}
        self._auto_rates: dict[str, str] = {}
        self._touched: dict[tuple[str, str], None] = {}
        self._state_file = state_file
        if state_file is not None and state_file.exists():
            self._replay(state_file)

    # ---------------------------------------------------------------------------- storage

    def now(self) -> int:
        return int(time.time()) + self.clock_offset

    def _replay(self, state_file: Path) -> None:
        last = 0
        with state_file.open(encoding="utf-8") as lines:
            for line in lines:
                try:
                    entry = json.loads(line)
                except ValueError:
                    break
                if entry["kind"] == "saved_answer":
                    self.saved_answers[entry["key"]] = entry["answer"]
                else:
                    self._put(entry["kind"], entry["object"])
                    last = max(last, int(entry["object"]["id"].rsplit("_", 1)[1]))
        self._ids = itertools.count(last + 1)
        self._touched.clear()
        # The journal is rewritten without what later lines replaced.
        compact = state_file.with_name(state_file.name + ".new")
        with compact.open("w", encoding="utf-8") as target:
            for kind, objects in self.objects.items():
                for item in objects.values():
                    target.write(_json({"kind": kind, "object": item}) + "\n")
            for key, answer in self.saved_answers.items():
                target.write(_json({"kind": "saved_answer", "key": key, "answer": answer}) + "\n")
        compact.replace(state_file)

    def commit(self, key: str | None, answer: Object | None) -> bool:
        """Ends a request: keeps its answer under its idempotency key, writes what it changed."""
        entries = [
            {"kind": kind, "object": self.objects[kind][identifier]}
            for kind, identifier in self._touched
        ]
        has_changed = bool(entries)
        self._touched.clear()
        if key is not None and answer is not None:
            packed = {**answer, "body": _packed(answer["body"])}
            self.saved_answers[key] = packed
            entries.append({"kind": "saved_answer", "key": key, "answer": packed})
        if entries and self._state_file is not None:
            with self._state_file.open("a", encoding="utf-8") as journal:
                journal.write("".join(_json(entry) + "\n" for entry in entries))
        self.version += has_changed
        return has_changed

    def saved_answer(self, key: str) -> Object | None:
        """What the idempotency key was first answered with."""
        saved = self.saved_answers.get(key)
        return {**saved, "body": _unpacked(saved["body"])} if saved else None

    def _put(self, kind: str, item: Object) -> Object:
        identifier = item["id"]
        if identifier not in self.objects[kind] and isinstance(item.get("customer"), str):
            self._of_customer[kind][item["customer"]].append(identifier)
        self.objects[kind][identifier] = item
        self._touched[kind, identifier] = None
        if kind == "invoice" and item.get("number"):
            self._numbers[item["number"]] = identifier
        if kind == "tax_rate" and item.get("_exact"):
            self._auto_rates[item["_exact"]] = identifier
        return item

    def _new(self, kind: str, fields: Mapping[str, Any]) -> Object:
        now = self.now()
        return {
            "id": f"{_PREFIXES[kind]}_{next(self._ids):014d}",
            "object": kind,
            "created": now,
            "livemode": False,
            "_indexed_at": now + self.search_delay,
            **{key: value for key, value in fields.items() if value not in (None, "")},
        }

    def _event(self, kind: str, item: Object) -> None:
        # Shorter than Stripe's: what tells one state of the object from another.
        snapshot = {key: item[key] for key in _EVENT_FIELDS if key in item}
        event = self._new("event", {"type": kind, "data": {"object": snapshot}})
        self._put("event", event)

    def get(self, kind: str, identifier: str, param: str = "id") -> Object:
        item = self.objects[kind].get(identifier)
        if item is None:
            raise _no_such(kind, identifier, param)
        return item

    def customer(self, identifier: str | None, param: str = "customer") -> Object:
        if not identifier:
            raise _missing("customer")
        customer = self.get("customer", identifier, param)
        if customer.get("deleted"):
            raise _no_such("customer", identifier, param)
        return customer

    # -------------------------------------------------------------------------- rendering

    def render(self, item: Object, expand: Iterable[str] = ()) -> Object:
        """The object as an answer: every declared field, nothing internal, lists cut short."""
        kind = item["object"]
        if item.get("deleted"):
            return {"id": item["id"], "object": kind, "deleted": True}
        result: Object = dict(skeleton(_RESOURCES[kind]))
        result.update((key, value) for key, value in item.items() if not key.startswith("_"))
        result.pop("deleted", None)
        if kind == "line_item":
            result.update(_LINE_DEFAULTS, subtotal=item["amount"])
        if kind in ("invoice", "credit_note"):
            path = f"/v1/{kind}s/{item['id']}/lines"
            lines = [self.render(line) for line in item["_lines"][:LINES_SHOWN]]
            result["lines"] = {
                "object": "list",
                "data": lines,
                "has_more": len(item["_lines"]) > LINES_SHOWN,
                "url": path,
            }
        for name in expand:
            if kind == "invoice_payment" and name == _CHARGE_OF_PAYMENT:
                result["payment"] = _with_charge(item)
                continue
            target = _EXPANDABLE.get(name)
            if target is None or not isinstance(result.get(name), str):
                raise ApiError(f"This property cannot be expanded ({name}).", param="expand")
            result[name] = self.render(self.objects[target][result[name]])
        return result

    def page(self, items: list[Object], params: Params, url: str) -> Object:
        """One page of a list, newest first, as Stripe's cursors cut it."""
        limit = _limit(params)
        for cursor, is_before in (("starting_after", False), ("ending_before", True)):
            if cursor in params:
                ids = [item["id"] for item in items]
                if params[cursor] not in ids:
                    raise _no_such("object", params[cursor], cursor)
                at = ids.index(params[cursor])
                items = items[max(0, at - limit) : at] if is_before else items[at + 1 :]
        expand = _data_expansions(params)
        return {
            "object": "list",
            "url": url,
            "has_more": len(items) > limit,
            "data": [self.render(item, expand) for item in items[:limit]],
        }

    def listed(self, kind: str, params: Params) -> list[Object]:
        if "customer" in params:
            of_customer = self._of_customer[kind].get(params["customer"], [])
            items = [self.objects[kind][identifier] for identifier in reversed(of_customer)]
        else:
            items = list(reversed(self.objects[kind].values()))
        created = params.get("created")
        if created is not None:
            bounds = created if isinstance(created, dict) else {"gte": created, "lte": created}
            tests: dict[str, Callable[[int, int], bool]] = {
                "gt": int.__gt__,
                "gte": int.__ge__,
                "lt": int.__lt__,
                "lte": int.__le__,
            }
            items = [
                item
                for item in items
                if all(tests[name](item["created"], bound) for name, bound in bounds.items())
            ]
        for name in ("status", "email", "invoice", "collection_method", "active"):
            if name in params:
                items = [item for item in items if item.get(name) == params[name]]
        return [item for item in items if not item.get("deleted")]

    def search(self, kind: str, params: Params) -> Object:
        """Clauses `field:'value'` and `metadata['key']:'value'`, joined by AND."""
        clauses = _clauses(params["query"], SEARCHABLE_FIELDS[kind])
        now = self.now()
        found = [
            item
            for item in reversed(self.objects[kind].values())
            if item["_indexed_at"] <= now
            and not item.get("deleted")
            and all(matches(item) for matches in clauses)
        ]
        start, limit = int(params.get("page") or 0), _limit(params)
        has_more = len(found) > start + limit
        return {
            "object": "search_result",
            "url": f"/v1/{kind}s/search",
            "has_more": has_more,
            "next_page": str(start + limit) if has_more else None,
            "data": [self.render(item) for item in found[start : start + limit]],
        }

    # -------------------------------------------------------------------------- customers

    def create_customer(self, params: Params) -> Object:
        _check_customer(params)
        fields = {key: value for key, value in params.items() if key not in ("expand", "balance")}
        customer = self._new("customer", {"metadata": {}, **fields})
        customer["balance"] = params.get("balance", 0)
        customer["invoice_prefix"] = f"FAKE{customer['id'][-6:]}"
        self._put("customer", customer)
        self._event("customer.created", customer)
        return customer

    def update_customer(self, identifier: str, params: Params) -> Object:
        customer = self.customer(identifier, "id")
        _check_customer(params)
        _update(customer, params)
        self._put("customer", customer)
        self._event("customer.updated", customer)
        return customer

    def delete_customer(self, identifier: str) -> Object:
        customer = self.customer(identifier, "id")
        customer["deleted"] = True
        self._put("customer", customer)
        self._event("customer.deleted", customer)
        return customer

    def create_balance_transaction(self, customer_id: str, params: Params) -> Object:
        customer = self.customer(customer_id, "id")
        fields = {key: value for key, value in params.items() if key != "expand"}
        return self._move_balance(customer, "adjustment", **{"metadata": {}, **fields})

    def _move_balance(self, customer: Object, kind: str, amount: int, **fields: Any) -> Object:
        currency = fields["currency"].lower()
        if customer.get("currency") not in (None, currency):
            raise ApiError(
                f"The customer's balance is in {customer['currency']}, not {currency}.",
                param="currency",
            )
        customer["currency"] = currency
        customer["balance"] += amount
        self._put("customer", customer)
        transaction = self._new(
            "customer_balance_transaction",
            {**fields, "type": kind, "currency": currency, "customer": customer["id"]},
        )
        transaction.update(amount=amount, ending_balance=customer["balance"])
        transaction.setdefault("metadata", {})
        return self._put("customer_balance_transaction", transaction)

    # --------------------------------------------------------------------------- invoices

    def create_invoice(self, params: Params) -> Object:
        customer = self.customer(params.get("customer"))
        check_length(params, "number", 26)
        check_length(params, "description", 1500)
        method = params.get("collection_method", "charge_automatically")
        has_due = "due_date" in params or "days_until_due" in params
        if (method == "send_invoice") != has_due:
            raise ApiError(
                "If `collection_method` is `send_invoice`, one of `due_date` or `days_until_due` "
                "must be given; otherwise neither.",
                param="days_until_due",
                is_validation=True,
            )
        if "due_date" in params and params["due_date"] <= self.now():
            raise ApiError(
                "Invalid timestamp: must be an integer Unix timestamp in the future.",
                param="due_date",
                is_validation=True,
            )
        self._check_number(params.get("number"), None)
        copied = (
            "auto_advance",
            "custom_fields",
            "description",
            "effective_at",
            "footer",
            "metadata",
            "number",
            "statement_descriptor",
        )
        fields = {key: params[key] for key in copied if key in params}
        days = params.get("days_until_due")
        due = params.get("due_date") if days is None else self.now() + days * 86_400
        invoice = self._new(
            "invoice",
            {
                "metadata": {},
                **fields,
                "customer": customer["id"],
                "customer_name": customer.get("name"),
                "customer_email": customer.get("email"),
                "customer_address": customer.get("address"),
                "collection_method": method,
                "currency": (params.get("currency") or customer.get("currency") or "usd").lower(),
                "due_date": due,
                "status": "draft",
                "billing_reason": "manual",
            },
        )
        invoice.setdefault("auto_advance", False)
        invoice.update(_lines=[], attempted=False, starting_balance=customer["balance"])
        invoice.update(
            amount_paid=0,
            attempt_count=0,
            amount_shipping=0,
            amount_overpaid=0,
            pre_payment_credit_notes_amount=0,
            post_payment_credit_notes_amount=0,
        )
        if params.get("pending_invoice_items_behavior") == "include":
            for item in self._pending_items(customer["id"], invoice["currency"]):
                item["invoice"] = invoice["id"]
                self._put("invoiceitem", item)
                invoice["_lines"].append(self._line_of_item(item, invoice))
        self._total(invoice)
        self._put("invoice", invoice)
        self._event("invoice.created", invoice)
        return invoice

    def _check_number(self, number: str | None, invoice_id: str | None) -> None:
        if number and self._numbers.get(number, invoice_id) != invoice_id:
            raise ApiError(
                f"The invoice number {number} is already used by another invoice.", param="number"
            )

    def update_invoice(self, identifier: str, params: Params) -> Object:
        invoice = self.get("invoice", identifier)
        if invoice["status"] != "draft" and set(params) - {"metadata", "expand", "auto_advance"}:
            raise ApiError(
                "Finalized invoices can't be updated in this way.", code="invoice_not_editable"
            )
        self._check_number(params.get("number"), identifier)
        _update(invoice, params)
        self._put("invoice", invoice)
        self._event("invoice.updated", invoice)
        return invoice

    def _draft(self, identifier: str) -> Object:
        invoice = self.get("invoice", identifier)
        if invoice["status"] != "draft":
            raise ApiError("This invoice is no longer editable.", code="invoice_not_editable")
        return invoice

    def add_lines(self, identifier: str, params: Params) -> Object:
        invoice = self._draft(identifier)
        if len(invoice["_lines"]) + len(params["lines"]) > LINES_MAX:
            raise ApiError(f"Invoices can have at most {LINES_MAX} items.", param="lines")
        lines = [
            self._line(invoice, line, f"lines[{index}]")
            for index, line in enumerate(params["lines"])
        ]
        for line in lines:
            item = self._new(
                "invoiceitem",
                {
                    "customer": invoice["customer"],
                    "invoice": invoice["id"],
                    "currency": invoice["currency"],
                    "description": line.get("description"),
                    "metadata": line["metadata"],
                    "period": line["period"],
                },
            )
            item["amount"] = line["amount"]
            self._put("invoiceitem", item)
            line["parent"] = {
                "type": "invoice_item_details",
                "invoice_item_details": {"invoice_item": item["id"], "proration": False},
            }
        invoice["_lines"].extend(lines)
        invoice["metadata"].update(params.get("invoice_metadata") or {})
        self._total(invoice)
        self._put("invoice", invoice)
        self._event("invoice.updated", invoice)
        return invoice

    def _line(self, invoice: Object, params: Params, where: str) -> Object:
        if "amount" not in params:
            raise _missing(f"{where}[amount]")
        if "quantity" in params or "quantity_decimal" in params:
            raise ApiError(
                "You may only specify one of amount and quantity.", param=where, is_validation=True
            )
        period = params.get("period") or {"start": self.now(), "end": self.now()}
        if period["end"] < period["start"]:
            raise ApiError(
                "The period's end must not be before its start.",
                param=f"{where}[period][end]",
                is_validation=True,
            )
        taxes = params.get("tax_amounts") or []
        if len(taxes) > 20:
            raise ApiError("A line takes at most 20 tax amounts.", param=f"{where}[tax_amounts]")
        line = self._new("line_item", {"description": params.get("description")})
        line.update(
            amount=params["amount"],
            currency=invoice["currency"],
            discountable=params.get("discountable", params["amount"] >= 0),
            invoice=invoice["id"],
            metadata=params.get("metadata") or {},
            period=period,
            taxes=[self._tax(tax, where) for tax in taxes],
        )
        return line

    def _tax(self, tax: Params, where: str) -> Object:
        data = tax["tax_rate_data"]
        percentage = data["percentage"]
        if not 0 <= percentage <= 100 or -percentage.as_tuple().exponent > 4:
            raise ApiError(
                "Invalid percentage: 0 to 100 with at most 4 decimals.",
                param=f"{where}[tax_amounts][tax_rate_data]",
            )
        exact = _json(sorted((key, str(value)) for key, value in data.items()))
        if exact not in self._auto_rates:
            rate = self._new("tax_rate", {**data, "_exact": exact, "metadata": {}})
            rate.update(percentage=_number(percentage), inclusive=data["inclusive"], active=False)
            self._put("tax_rate", rate)
        return {
            "amount": tax["amount"],
            "taxable_amount": tax["taxable_amount"],
            "tax_behavior": "inclusive" if data["inclusive"] else "exclusive",
            "tax_rate_details": {"tax_rate": self._auto_rates[exact]},
            "taxability_reason": tax.get("taxability_reason", "not_available"),
            "type": "tax_rate_details",
        }

    def update_line(self, invoice_id: str, line_id: str, params: Params) -> Object:
        invoice = self._draft(invoice_id)
        line = next((line for line in invoice["_lines"] if line["id"] == line_id), None)
        if line is None:
            raise _no_such("line_item", line_id)
        if params.get("tax_amounts") is not None:
            line["taxes"] = [self._tax(tax, "tax_amounts") for tax in params["tax_amounts"] or []]
        for name in ("amount", "description", "period"):
            if name in params:
                line[name] = params[name]
        line["metadata"].update(params.get("metadata") or {})
        self._total(invoice)
        self._put("invoice", invoice)
        return line

    @staticmethod
    def _total(invoice: Object) -> None:
        lines = invoice["_lines"]
        subtotal = sum(line["amount"] for line in lines)
        taxes = _total_taxes(lines)
        exclusive = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
        inclusive = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")
        invoice.update(
            subtotal=subtotal,
            subtotal_excluding_tax=subtotal - inclusive,
            total=subtotal + exclusive,
            total_excluding_tax=subtotal - inclusive,
            total_taxes=taxes,
        )
        due = max(0, invoice["total"])
        invoice.update(amount_due=due, amount_remaining=due)

    def finalize_invoice(self, identifier: str, params: Params) -> Object:
        invoice = self.get("invoice", identifier)
        if invoice["status"] != "draft":
            raise ApiError(
                "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
                code="invoice_already_finalized",
            )
        customer = self.customer(invoice["customer"])
        currency = stripe_currency(invoice["currency"])
        starting = customer["balance"] if customer.get("currency") == invoice["currency"] else 0
        due = max(0, invoice["total"] + starting)
        if due % currency.step:
            raise ApiError(
                f"Invalid amount: charges in {currency.code} must be multiples of {currency.step}.",
                code="amount_invalid",
            )
        if "auto_advance" in params:
            invoice["auto_advance"] = params["auto_advance"]
        # An amount that cannot be charged counts as paid and goes onto the next invoice.
        is_chargeable = currency.minimum <= due <= currency.maximum
        ending = min(0, invoice["total"] + starting) if due == 0 else 0 if is_chargeable else due
        if not is_chargeable:
            due = 0
        if not invoice.get("number"):
            invoice["number"] = f"{customer['invoice_prefix']}-{invoice['id'][-4:]}"
        invoice.update(
            starting_balance=starting,
            ending_balance=ending,
            amount_due=due,
            amount_remaining=due,
            status="open" if due else "paid",
            effective_at=invoice.get("effective_at", self.now()),
            hosted_invoice_url=f"https://invoice.example/i/{invoice['id']}",
            invoice_pdf=f"https://invoice.example/i/{invoice['id']}/pdf",
            status_transitions={"finalized_at": self.now()},
        )
        if ending != starting:
            self._move_balance(
                customer,
                "applied_to_invoice",
                ending - starting,
                currency=invoice["currency"],
                invoice=invoice["id"],
            )
        self._put("invoice", invoice)
        self._event("invoice.finalized", invoice)
        if invoice["status"] == "paid":
            self._event("invoice.paid", invoice)
        return invoice

    def void_invoice(self, identifier: str) -> Object:
        invoice = self._open(identifier, "void")
        invoice.update(status="void", amount_due=0, amount_remaining=0)
        self._put("invoice", invoice)
        self._event("invoice.voided", invoice)
        return invoice

    def mark_uncollectible(self, identifier: str) -> Object:
        invoice = self._open(identifier, "mark as uncollectible")
        invoice["status"] = "uncollectible"
        self._put("invoice", invoice)
        self._event("invoice.marked_uncollectible", invoice)
        return invoice

    def pay_invoice(self, identifier: str, params: Params) -> Object:
        invoice = self._open(identifier, "pay")
        if not params.get("paid_out_of_band"):
            raise ApiError(
                "The customer has no payment method.",
                status=402,
                kind="card_error",
                code="invoice_payment_intent_requires_action",
            )
        invoice.update(
            status="paid", amount_paid_off_stripe=invoice["amount_remaining"], amount_remaining=0
        )
        self._put("invoice", invoice)
        self._event("invoice.paid", invoice)
        return invoice

    def receive_payment(self, identifier: str, amount: int | None, method: str) -> Object:
        """What happens when the customer pays on Stripe's page; no request of Stripe's API."""
        invoice = self._open(identifier, "pay")
        amount = int(invoice["amount_remaining"]) if amount is None else amount
        if not 0 < amount <= invoice["amount_remaining"]:
            raise ApiError("The amount exceeds what is due.", param="amount")
        payment = self._new(
            "invoice_payment",
            {
                "invoice": invoice["id"],
                "currency": invoice["currency"],
                "status": "paid",
                "amount_paid": amount,
                "amount_requested": amount,
                "is_default": True,
                "status_transitions": {"paid_at": self.now()},
                "_method": method,
            },
        )
        number = payment["id"].rsplit("_", 1)[1]
        payment["payment"] = {"type": "payment_intent", "payment_intent": f"pi_{number}"}
        invoice["amount_paid"] += amount
        invoice["amount_remaining"] -= amount
        if not invoice["amount_remaining"]:
            invoice["status"] = "paid"
            self._event("invoice.paid", invoice)
        self._put("invoice_payment", payment)
        self._put("invoice", invoice)
        return payment

    def _open(self, identifier: str, verb: str) -> Object:
        invoice = self.get("invoice", identifier)
        if invoice["status"] != "open":
            raise ApiError(
                f"You can't {verb} an invoice that is {invoice['status']}.",
                code="invoice_not_editable",
            )
        return invoice

    def delete_invoice(self, identifier: str) -> Object:
        invoice = self._draft(identifier)
        invoice["deleted"] = True
        self._numbers.pop(invoice.get("number", ""), None)
        self._put("invoice", {**invoice, "number": None})
        return invoice

    def retrieve_invoice(self, identifier: str) -> Object:
        invoice = self.get("invoice", identifier)
        if invoice.get("deleted"):
            raise _no_such("invoice", identifier)
        return invoice

    # ---------------------------------------------------------------------- invoice items

    def create_invoice_item(self, params: Params) -> Object:
        customer = self.customer(params.get("customer"))
        if "amount" not in params:
            raise _missing("amount")
        invoice = self._draft(params["invoice"]) if params.get("invoice") else None
        copied = ("description", "metadata", "period", "invoice")
        item = self._new(
            "invoiceitem",
            {
                "metadata": {},
                "customer": customer["id"],
                **{k: params[k] for k in copied if k in params},
            },
        )
        item["amount"] = params["amount"]
        item["currency"] = (params.get("currency") or "usd").lower()
        item.setdefault("period", {"start": self.now(), "end": self.now()})
        self._put("invoiceitem", item)
        if invoice is not None:
            if len(invoice["_lines"]) >= LINES_MAX:
                raise ApiError(f"Invoices can have at most {LINES_MAX} items.", param="invoice")
            invoice["_lines"].append(self._line_of_item(item, invoice))
            self._total(invoice)
            self._put("invoice", invoice)
        return item

    def _line_of_item(self, item: Object, invoice: Object) -> Object:
        copied = {
            key: item[key] for key in ("amount", "description", "metadata", "period") if key in item
        }
        return self._line(invoice, copied, "invoiceitem")

    def _pending_items(self, customer_id: str, currency: str) -> list[Object]:
        items = self.listed("invoiceitem", {"customer": customer_id})
        return [i for i in items if not i.get("invoice") and i["currency"] == currency]

    # ------------------------------------------------------------------------- tax rates

    def create_tax_rate(self, params: Params) -> Object:
        fields = {key: value for key, value in params.items() if key != "expand"}
        rate = self._new("tax_rate", {"metadata": {}, **fields})
        rate.update(
            percentage=_number(params["percentage"]),
            inclusive=params["inclusive"],
            active=params.get("active", True),
        )
        return self._put("tax_rate", rate)

    def update_tax_rate(self, identifier: str, params: Params) -> Object:
        rate = self.get("tax_rate", identifier)
        _update(rate, params)
        return self._put("tax_rate", rate)

    # ------------------------------------------------------------------------ credit notes

    def create_credit_note(self, params: Params) -> Object:
        invoice = self.get("invoice", params["invoice"], "invoice")
        if invoice["status"] not in ("open", "paid"):
            raise ApiError(
                f"You can only create a credit note for an open or paid invoice; this "
                f"one is {invoice['status']}.",
                param="invoice",
            )
        lines = [
            self._credit_line(line, f"lines[{index}]", invoice)
            for index, line in enumerate(params.get("lines") or [])
        ]
        if not lines and "amount" not in params:
            raise ApiError(
                "You must provide one of amount, lines or shipping_cost.", is_validation=True
            )
        taxes = _total_taxes(lines)
        subtotal = sum(line["amount"] for line in lines) if lines else params["amount"]
        total = subtotal + sum(tax["amount"] for tax in taxes)
        if params.get("amount", total) != total:
            raise ApiError("The amount does not match the lines.", param="amount")
        credited = invoice["pre_payment_credit_notes_amount"]
        credited += invoice["post_payment_credit_notes_amount"]
        if not 0 < total <= invoice["total"] - credited:
            raise ApiError(
                f"The credit note's total {total} exceeds what the invoice has left: "
                f"{invoice['total'] - credited}.",
                param="lines",
            )
        before = min(total, invoice["amount_remaining"])
        after = total - before
        parts = ("credit_amount", "refund_amount", "out_of_band_amount")
        given = sum(params.get(name, 0) for name in parts)
        if given != after:
            raise ApiError(
                f"The sum of credit amount, refund amount and out of band amount ({given}) must "
                f"equal the post payment amount ({after}).",
                param="credit_amount",
            )
        customer = self.customer(invoice["customer"])
        ordinal = (
            len(
                [
                    1
                    for note in self.objects["credit_note"].values()
                    if note["invoice"] == invoice["id"]
                ]
            )
            + 1
        )
        note = self._new(
            "credit_note",
            {
                "metadata": {},
                "memo": params.get("memo"),
                "reason": params.get("reason"),
                "customer": customer["id"],
                "invoice": invoice["id"],
                "currency": invoice["currency"],
                "status": "issued",
                "effective_at": params.get("effective_at"),
                "number": f"{invoice['number']}-CN-{ordinal:02d}",
            },
        )
        note["metadata"] = params.get("metadata") or {}
        note.update(
            _lines=lines,
            amount=total,
            total=total,
            subtotal=subtotal,
            total_excluding_tax=subtotal,
            subtotal_excluding_tax=subtotal,
            total_taxes=taxes,
            pre_payment_amount=before,
            post_payment_amount=after,
            discount_amount=0,
            discount_amounts=[],
            refunds=[],
            amount_shipping=0,
            out_of_band_amount=params.get("out_of_band_amount", 0),
            type="mixed" if before and after else "post_payment" if after else "pre_payment",
            pdf=f"https://invoice.example/cn/{ordinal}",
        )
        invoice["pre_payment_credit_notes_amount"] += before
        invoice["post_payment_credit_notes_amount"] += after
        invoice["amount_remaining"] -= before
        invoice["amount_due"] -= before
        if before and not invoice["amount_remaining"]:
            invoice["status"] = "paid"
        if params.get("credit_amount"):
            self._move_balance(
                customer,
                "credit_note",
                -params["credit_amount"],
                currency=invoice["currency"],
                credit_note=note["id"],
            )
        self._put("credit_note", note)
        self._put("invoice", invoice)
        self._event("credit_note.created", note)
        return note

    def _credit_line(self, params: Params, where: str, invoice: Object) -> Object:
        if params["type"] != "custom_line_item":
            raise ApiError("Only custom_line_item is served here.", param=f"{where}[type]")
        quantity, unit = params.get("quantity", 1), params.get("unit_amount")
        if unit is None or unit < 0 or quantity < 0:
            raise ApiError(
                "Invalid non-negative integer", param=f"{where}[unit_amount]", is_validation=True
            )
        taxes = []
        for tax in params.get("tax_amounts") or []:
            rate = self.get("tax_rate", tax["tax_rate"], f"{where}[tax_amounts][tax_rate]")
            if not rate.get("_exact"):
                raise ApiError(
                    "The tax rate must have been automatically created by Stripe.",
                    param=f"{where}[tax_amounts][tax_rate]",
                )
            taxes.append(
                {
                    "amount": tax["amount"],
                    "taxable_amount": tax["taxable_amount"],
                    "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
                    "tax_rate_details": {"tax_rate": rate["id"]},
                    "taxability_reason": "not_available",
                    "type": "tax_rate_details",
                }
            )
        line = self._new("credit_note_line_item", {"description": params.get("description")})
        line.update(
            amount=unit * quantity,
            quantity=quantity,
            unit_amount=unit,
            taxes=taxes,
            tax_rates=[],
            discount_amount=0,
            discount_amounts=[],
            type="custom_line_item",
        )
        return line


# ----------------------------------------------------------------------------- small parts


def _with_charge(payment: Object) -> Object:
    intent = payment["payment"]["payment_intent"]
    charge = {
        "id": intent.replace("pi_", "ch_"),
        "object": "charge",
        "payment_method_details": {"type": payment["_method"]},
    }
    return {
        "type": "payment_intent",
        "payment_intent": {"id": intent, "object": "payment_intent", "latest_charge": charge},
    }


def _no_such(kind: str, identifier: str, param: str = "id") -> ApiError:
    return ApiError(
        f"No such {kind.replace('_', ' ')}: '{identifier}'",
        status=404 if param == "id" else 400,
        code="resource_missing",
        param=param,
    )


def _missing(param: str) -> ApiError:
    return ApiError(
        f"Missing required param: {param}.",
        code="parameter_missing",
        param=param,
        is_validation=True,
    )


def _total_taxes(lines: Iterable[Object]) -> list[Object]:
    totals: dict[str, Object] = {}
    for line in lines:
        for tax in line["taxes"]:
            identifier = tax["tax_rate_details"]["tax_rate"]
            total = totals.setdefault(identifier, {**tax, "amount": 0, "taxable_amount": 0})
            total["amount"] += tax["amount"]
            total["taxable_amount"] += tax["taxable_amount"]
    return list(totals.values())


def _check_customer(params: Params) -> None:
    check_length(params, "name", 256)
    check_length(params, "email", 512)
    check_length(params, "phone", 20)
    email = params.get("email")
    if email and not re.fullmatch(r"[!-~]+@[!-~]+", email):
        raise ApiError(
            f"Invalid email address: {email}",
            code="email_invalid",
            param="email",
            is_validation=True,
        )
    country = (params.get("address") or {}).get("country")
    if country and not re.fullmatch(r"[A-Z]{2}", country):
        raise ApiError(
            f"Country '{country}' is unknown.", param="address[country]", is_validation=True
        )


def _update(item: Object, params: Params) -> None:
    """Empty text unsets; metadata and nested objects are merged key by key."""
    for name, value in params.items():
        if name == "expand":
            continue
        if isinstance(value, dict):
            merged = {**item.get(name, {}), **value}
            item[name] = {key: entry for key, entry in merged.items() if entry != ""}
        elif value == "":
            item.pop(name, None)
        else:
            item[name] = _number(value) if isinstance(value, Decimal) else value


def _number(value: Decimal) -> int | float:
    # JSON numbers of a percentage, as Stripe answers them; nothing is computed with it.
    return int(value) if value == value.to_integral_value() else float(value)


def _limit(params: Params) -> int:
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise ApiError("The limit must be 1 to 100.", param="limit", is_validation=True)
    return limit


def _data_expansions(params: Params) -> list[str]:
    expansions = params.get("expand") or []
    for name in expansions:
        if not name.startswith("data."):
            raise ApiError(f"This property cannot be expanded ({name}).", param="expand")
    return [name.removeprefix("data.") for name in expansions]


_CLAUSE = re.compile(
    r"""\s*(?:(?P<field>[a-z_]+)|metadata\[(?P<key>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\])
        :(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\d+)\s*(?:AND|$)""",
    re.VERBOSE,
)


def _clauses(query: str, fields: set[str]) -> list[Callable[[Object], bool]]:
    clauses: list[Callable[[Object], bool]] = []
    position = 0
    while position < len(query):
        match = _CLAUSE.match(query, position)
        if match is None or (match["field"] and match["field"] not in fields):
            raise ApiError(
                f"The search query is invalid: {query[position:]}",
                param="query",
                code="search_query_invalid",
                is_validation=True,
            )
        value = _unquoted(match["value"])
        if match["field"]:
            clauses.append(lambda item, f=match["field"], v=value: str(item.get(f)) == v)
        else:
            key = _unquoted(match["key"])
            clauses.append(lambda item, k=key, v=value: item["metadata"].get(k) == v)
        position = match.end()
    return clauses


def _unquoted(text: str) -> str:
    if text[0] in "'\"":
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def _packed(body: Object) -> str:
    return b64encode(zlib.compress(_json(body).encode(), 1)).decode()


def _unpacked(packed: str) -> Object:
    return json.loads(zlib.decompress(b64decode(packed)))


def _json(content: Any) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False, default=str)
