"""A bill is what is owed less what was billed (the one idea, 5.6, 6, 7)."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from . import calendar
from .charges import Charge, ChargeKey
from .reader import Account, Folder, Payment
from .taxes import Share, TaxLine, TaxRates, rates_on, tax_document

READY = "ready"
HELD = "held"
BELOW_MINIMUM = "below_minimum"
NOTHING_TO_BILL = "nothing_to_bill"


@dataclass(frozen=True)
class BilledShare:
    """What of an issued line bears which taxes; gross where prices include tax."""

    rates: TaxRates
    amount: Fraction


@dataclass(frozen=True)
class Line:
    key: ChargeKey
    amount: Fraction
    """Owed less billed: gross where prices include tax."""
    amount_net: Fraction
    is_correction: bool
    shares: tuple[BilledShare, ...]


@dataclass(frozen=True)
class Draft:
    account_id: str
    bill_date: date
    lines: tuple[Line, ...]
    taxes: tuple[TaxLine, ...]
    amount_net: Fraction
    amount_tax: Fraction
    amount_total: Fraction
    balance_forward: Fraction
    amount_due: Fraction
    status: str
    hold_reason: str


@dataclass(frozen=True)
class Document:
    """An issued document: never changed (7.2, 7.3)."""

    document_number: str
    document_kind: str
    draft: Draft
    due_date: date


@dataclass
class Ledger:
    """What was issued, and what of each key is billed by now."""

    documents: list[Document] = field(default_factory=list)
    billed: dict[ChargeKey, list[BilledShare]] = field(default_factory=lambda: defaultdict(list))
    """A stack per key: what is taken back comes off its end (6.2)."""
    numbers: dict[str, int] = field(default_factory=dict)

    def amount(self, key: ChargeKey) -> Fraction:
        return sum((one.amount for one in self.billed.get(key, ())), Fraction(0))

    def balance(self, account_id: str, payments: Iterable[Payment], day: date) -> Fraction:
        """Issued less paid, as known on a day (8.1)."""
        issued = sum(
            (
                document.draft.amount_total
                for document in self.documents
                if document.draft.account_id == account_id
            ),
            Fraction(0),
        )
        paid = sum(
            (
                payment.amount
                for payment in payments
                if payment.account_id == account_id and payment.received_on <= day
            ),
            Fraction(0),
        )
        return issued - paid


def take_back(stack: list[BilledShare], amount: Fraction) -> tuple[list[BilledShare], Fraction]:
    """Shares that undo `amount` of a stack, last billed first, and what is left over (6.2)."""
    shares: list[BilledShare] = []
    for billed in reversed(stack):
        if amount == 0 or billed.amount * amount >= 0:
            break
        taken = amount if abs(amount) < abs(billed.amount) else -billed.amount
        shares.append(BilledShare(billed.rates, taken))
        amount -= taken
    return shares, amount


def bill(stack: list[BilledShare], share: BilledShare) -> None:
    """Add an issued share to a key's stack; what has the other sign comes off its end."""
    amount = share.amount
    while stack and amount * stack[-1].amount < 0:
        last = stack.pop()
        if abs(last.amount) > abs(amount):
            stack.append(BilledShare(last.rates, last.amount + amount))
            return
        amount += last.amount
    if amount != 0:
        stack.append(BilledShare(share.rates, amount))


def difference(
    owed: dict[ChargeKey, Charge], ledger: Ledger, account: Account, window_start: date
) -> dict[ChargeKey, Fraction]:
    """Owed less billed per key, in the window of the run (1.2, 5.6)."""
    keys = set(owed) | {
        key
        for key in ledger.billed
        if key.account_id == account.account_id and key.period_end > window_start
    }
    found = {}
    for key in sorted(keys):
        amount = (owed[key].amount if key in owed else Fraction(0)) - ledger.amount(key)
        if amount != 0:
            found[key] = amount
    return found


def draft(
    folder: Folder,
    account: Account,
    bill_date: date,
    window_start: date,
    owed: dict[ChargeKey, Charge],
    ledger: Ledger,
) -> Draft:
    """The proposal of one account and bill date (6, 7.1)."""
    operator = folder.operator
    hold_reason = ""
    keys: list[ChargeKey] = []
    shares: list[Share] = []
    for key, amount in difference(owed, ledger, account, window_start).items():
        line = len(keys)
        keys.append(key)
        back, rest = take_back(ledger.billed.get(key, []), amount)
        by_rates: dict[TaxRates, Fraction] = defaultdict(Fraction)
        for one in back:
            by_rates[one.rates] += one.amount
        if rest != 0:
            tax_date = owed[key].tax_date if key in owed else key.period_start
            rates = rates_on(folder, account, key.tax_category, tax_date)
            if rates is None:
                hold_reason = "no_tax_rate"
            by_rates[rates or ()] += rest
        # lines share the net, not the slices from which a line was taken back (6.3)
        shares += [Share(line, key.tax_category, rates, part) for rates, part in by_rates.items()]
    taxed = tax_document(
        shares, prices_include_tax=operator.prices_include_tax, minor_units=operator.minor_units
    )
    billed_before = {
        key for document in ledger.documents for key in (ln.key for ln in document.draft.lines)
    }
    lines = []
    for number, key in enumerate(keys):
        mine = [position for position, share in enumerate(shares) if share.line == number]
        lines.append(
            Line(
                key=key,
                amount=sum((shares[position].amount for position in mine), Fraction(0)),
                amount_net=sum((taxed.nets[position] for position in mine), Fraction(0)),
                is_correction=key in billed_before,
                shares=tuple(
                    BilledShare(shares[position].rates, shares[position].amount)
                    for position in mine
                ),
            )
        )
    net = sum((line.amount_net for line in lines), Fraction(0))
    tax = sum((line.amount_tax for line in taxed.taxes), Fraction(0))
    total = net + tax
    forward = ledger.balance(account.account_id, folder.payments, bill_date)
    status = READY
    if not lines:
        status = NOTHING_TO_BILL
    elif hold_reason:
        status = HELD
    elif 0 <= total < operator.minimum_invoice and not loses_a_charge(
        lines, folder, account, bill_date
    ):
        status = BELOW_MINIMUM
    return Draft(
        account_id=account.account_id,
        bill_date=bill_date,
        lines=tuple(lines),
        taxes=tuple(taxed.taxes),
        amount_net=net,
        amount_tax=tax,
        amount_total=total,
        balance_forward=forward,
        amount_due=total + forward,
        status=status,
        hold_reason=hold_reason,
    )


def loses_a_charge(
    lines: Iterable[Line], folder: Folder, account: Account, bill_date: date
) -> bool:
    """Whether a line lies before the window of the next run, which could not bill it any more.

    Such a draft is not carried to the next bill for being small (1.2, operator-folder).
    """
    operator = folder.operator
    start = calendar.window_start(
        calendar.add_months(bill_date, 1),
        account.cycle_day,
        lookback_periods=operator.lookback_periods,
        first_period=operator.first_period,
    )
    return any(line.key.period_end <= start for line in lines)


def document_number(ledger: Ledger, folder: Folder, kind: str, bill_date: date) -> str:
    """The next number of a gapless series (7.2)."""
    operator = folder.operator
    pattern = operator.invoice_number if kind == "invoice" else operator.credit_note_number
    series = f"{kind}/{bill_date.year}"
    ledger.numbers[series] = ledger.numbers.get(series, 0) + 1
    return pattern.format(year=bill_date.year, sequence=ledger.numbers[series])


def record(ledger: Ledger, folder: Folder, proposal: Draft) -> Document:
    """Append one document; a total below zero is a credit note (6.4, 7.2)."""
    kind = "credit_note" if proposal.amount_total < 0 else "invoice"
    document = Document(
        document_number=document_number(ledger, folder, kind, proposal.bill_date),
        document_kind=kind,
        draft=proposal,
        due_date=proposal.bill_date + timedelta(days=folder.operator.payment_terms_days),
    )
    ledger.documents.append(document)
    for line in proposal.lines:
        for share in line.shares:
            bill(ledger.billed[line.key], share)
    return document


def issue(
    ledger: Ledger, folder: Folder, drafts: Iterable[Draft], *, held: Collection[str] = ()
) -> list[Document]:
    """Issue what is ready, in the order of accounts (7.2).

    `held`: accounts whose drafts are suspect and wait for their release (7.1); what is suspect is
    not this side's judgement.
    """
    return [
        record(ledger, folder, proposal)
        for proposal in sorted(drafts, key=lambda one: one.account_id)
        if proposal.status == READY and proposal.account_id not in held
    ]


def credit(ledger: Ledger, folder: Folder, number: str) -> Document:
    """Credit an invoice in full: a document of its own, its keys are owed again (7.3)."""
    invoice = next(one for one in ledger.documents if one.document_number == number).draft
    lines = tuple(
        Line(
            key=line.key,
            amount=-line.amount,
            amount_net=-line.amount_net,
            is_correction=True,
            shares=tuple(BilledShare(one.rates, -one.amount) for one in reversed(line.shares)),
        )
        for line in invoice.lines
    )
    taxes = tuple(
        TaxLine(
            one.tax_category, one.tax_id, one.rate_percent, -one.taxable_amount, -one.amount_tax
        )
        for one in invoice.taxes
    )
    proposal = Draft(
        account_id=invoice.account_id,
        bill_date=invoice.bill_date,
        lines=lines,
        taxes=taxes,
        amount_net=-invoice.amount_net,
        amount_tax=-invoice.amount_tax,
        amount_total=-invoice.amount_total,
        balance_forward=Fraction(0),
        amount_due=-invoice.amount_total,
        status=READY,
        hold_reason="",
    )
    return record(ledger, folder, proposal)


def unpaid_past_due(
    ledger: Ledger, folder: Folder, account: Account, bill_date: date
) -> list[tuple[str, date, Fraction]]:
    """Invoices open `after_days` past due: (number, that day, what is open on it) (5.3, 8.1).

    Payments go to the invoice that they name, else to the oldest open one.
    """
    operator = folder.operator
    if operator.late_fee_percent == 0 and operator.late_fee_amount == 0:
        return []
    found = []
    for document in ledger.documents:
        if document.draft.account_id != account.account_id or document.document_kind != "invoice":
            continue
        day = document.due_date + timedelta(days=operator.late_fee_after_days)
        if day > bill_date:
            continue
        amount = open_amounts(ledger, folder.payments, account, day)[document.document_number]
        if amount > 0:
            found.append((document.document_number, day, amount))
    return found


def open_amounts(
    ledger: Ledger, payments: Iterable[Payment], account: Account, day: date
) -> dict[str, Fraction]:
    """What is open of each invoice on a day: named payments first, else oldest first (8.1)."""
    opened = {
        one.document_number: one.draft.amount_total
        for one in ledger.documents
        if one.draft.account_id == account.account_id and one.draft.bill_date <= day
    }
    surplus = -sum(
        (
            one.draft.amount_total
            for one in ledger.documents
            if one.draft.account_id == account.account_id
            # not of the day itself: a run that is repeated must not see what it issued (7.2)
            and one.draft.bill_date < day
            and one.draft.amount_total < 0
        ),
        Fraction(0),
    )
    opened = {number: max(amount, Fraction(0)) for number, amount in opened.items()}
    received = sorted(
        (
            payment
            for payment in payments
            if payment.account_id == account.account_id and payment.received_on <= day
        ),
        key=lambda payment: (payment.received_on, payment.payment_id),
    )
    for payment in received:
        named = min(payment.amount, opened.get(payment.invoice_number, Fraction(0)))
        if named > 0:
            opened[payment.invoice_number] -= named
        surplus += payment.amount - named
    for number in opened:
        taken = min(surplus, opened[number])
        opened[number] -= taken
        surplus -= taken
    return opened
