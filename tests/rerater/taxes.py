"""Tax per document, on net or out of gross (6)."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from .money import round_half_up, spread
from .reader import Account, Folder, Tax

Money = Callable[[Fraction], Fraction]


class TaxRate(NamedTuple):
    """One tax at one rate, as a line keeps it (6.2)."""

    sequence: int
    tax_id: str
    rate_percent: Fraction
    compound: bool


TaxRates = tuple[TaxRate, ...]
"""The taxes of one category on one day, in order; empty for outside tax and for the exempt."""


@dataclass(frozen=True)
class Share:
    """What of a line bears which taxes: a line taken back bears those it was billed with."""

    line: int
    tax_category: str
    rates: TaxRates
    amount: Fraction
    """Net, or gross where prices include tax."""


@dataclass(frozen=True)
class TaxLine:
    tax_category: str
    tax_id: str
    rate_percent: Fraction
    taxable_amount: Fraction
    amount_tax: Fraction


@dataclass(frozen=True)
class Taxed:
    """The taxes of a document and the net of each of its shares (in the order given)."""

    taxes: list[TaxLine]
    nets: list[Fraction]


def jurisdiction_of(account: Account, taxes: Iterable[Tax]) -> str:
    """The account's most specific jurisdiction that has rows (taxes.csv)."""
    known = {row.jurisdiction for row in taxes}
    own = account.tax_jurisdiction
    if not own:
        own = f"{account.country}-{account.region}" if account.region else account.country
    return own if own in known else own.split("-")[0]


def rates_on(folder: Folder, account: Account, tax_category: str, day: date) -> TaxRates | None:
    """The taxes of a category on a day; none where the category has no rate there (5.7, 6.2).

    An empty category is outside tax; an exempt account bears none.
    """
    if not tax_category or account.tax_exempt_reason:
        return ()
    jurisdiction = jurisdiction_of(account, folder.taxes)
    rows = [
        TaxRate(row.sequence, row.tax_id, row.rate_percent, row.compound)
        for row in folder.taxes
        if row.jurisdiction == jurisdiction
        and row.tax_category == tax_category
        and row.valid_from <= day < row.valid_to
    ]
    return tuple(sorted(rows)) or None


def tax_on_net(shares: list[Share], money: Money) -> list[TaxLine]:
    """Per category, tax and rate: net sum x rate, half up; compound on net plus earlier (6.2)."""
    nets: dict[tuple[str, TaxRates], Fraction] = defaultdict(Fraction)
    for one in shares:
        nets[one.tax_category, one.rates] += one.amount
    bases: dict[tuple[str, TaxRate], Fraction] = defaultdict(Fraction)
    for (category, rates), net in nets.items():
        earlier = Fraction(0)
        for rate in rates:
            base = net + earlier if rate.compound else net
            bases[category, rate] += base
            earlier += money(base * rate.rate_percent / 100)
    return [
        TaxLine(
            category, rate.tax_id, rate.rate_percent, base, money(base * rate.rate_percent / 100)
        )
        for (category, rate), base in sorted(bases.items())
    ]


def shares_of_gross(rates: TaxRates) -> list[Fraction]:
    """Each tax as a share of the net, compound ones on what came before them (6.3)."""
    found: list[Fraction] = []
    for rate in rates:
        base = 1 + sum(found) if rate.compound else Fraction(1)
        found.append(base * rate.rate_percent / 100)
    return found


def tax_in_gross(shares: list[Share], money: Money, digits: int) -> Taxed:
    """Per category: tax = gross x rate / (100 + rate), half up; lines share the net (6.3)."""
    groups: dict[tuple[str, TaxRates], list[int]] = defaultdict(list)
    for position, one in enumerate(shares):
        groups[one.tax_category, one.rates].append(position)
    nets = [one.amount for one in shares]
    taxes: list[TaxLine] = []
    for (category, rates), positions in sorted(groups.items()):
        if not rates:
            continue
        gross = sum((shares[position].amount for position in positions), Fraction(0))
        parts = shares_of_gross(rates)
        whole = 1 + sum(parts)
        amounts = [money(gross * part / whole) for part in parts]
        net = gross - sum(amounts)
        exact = {(position,): shares[position].amount / whole for position in positions}
        for (position,), amount in spread(net, exact, digits).items():
            nets[position] = amount
        earlier = Fraction(0)
        for rate, amount in zip(rates, amounts, strict=True):
            base = net + earlier if rate.compound else net
            taxes.append(TaxLine(category, rate.tax_id, rate.rate_percent, base, amount))
            earlier += amount
    return Taxed(taxes, nets)


def tax_document(shares: list[Share], *, prices_include_tax: bool, minor_units: int) -> Taxed:
    """The taxes of one document (6.2, 6.3)."""

    def money(amount: Fraction) -> Fraction:
        return round_half_up(amount, minor_units)

    if prices_include_tax:
        return tax_in_gross(shares, money, minor_units)
    return Taxed(tax_on_net(shares, money), [one.amount for one in shares])
