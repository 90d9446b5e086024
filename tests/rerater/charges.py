"""What each account owes, whatever was billed (5)."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor
from typing import NamedTuple

from . import calendar
from .calendar import Stretch
from .mediation import Mediation
from .money import round_half_up, share
from .price import Part
from .rating import active_stretch
from .reader import EVER, Account, Discount, Folder, Product, SubscribedDiscount, SubscribedProduct

RECURRING = "recurring"
USAGE = "usage"
ONCE = "once"
INSTALMENT = "instalment"
ADJUSTMENT = "adjustment"
MINIMUM_TOP_UP = "minimum_top_up"
CAP_CREDIT = "cap_credit"
DISCOUNT = "discount"
LATE_FEE = "late_fee"


class ChargeKey(NamedTuple):
    """5.6: owed less billed is taken per key."""

    account_id: str
    subscription_id: str
    charge_kind: str
    charge_id: str
    period_start: date
    period_end: date
    tax_category: str

    @property
    def period(self) -> Stretch:
        return Stretch(self.period_start, self.period_end)


@dataclass(frozen=True)
class Charge:
    key: ChargeKey
    charged_from: date
    charged_to: date
    due: date
    """The first day on which it is owed (5.2)."""
    quantity: Fraction
    amount: Fraction
    """In minor units of the currency; gross where prices include tax (6.3)."""
    rounding: Fraction = Fraction(0)
    """Rated money less billed money (6.1)."""
    product_id: str = ""
    tax_date: date = EVER


class Charging:
    """The charges of one account as a run sees them."""

    def __init__(
        self, folder: Folder, mediation: Mediation, account: Account, bill_date: date
    ) -> None:
        self.folder = folder
        self.operator = folder.operator
        self.mediation = mediation
        self.account = account
        self.bill_date = bill_date
        self.window_start = mediation.account_window(account, bill_date)
        self.first_day = calendar.boundary_at_or_after(
            self.operator.first_period, account.cycle_day
        )
        self.held = mediation.held_by_account[account.account_id]
        self.subscription_ids = {
            row.subscription_id
            for row in folder.subscriptions
            if row.account_id == account.account_id
        }

    def money(self, exact: Fraction) -> Fraction:
        """Half up to the currency's minor unit (5.1, 6.1)."""
        return round_half_up(exact, self.operator.minor_units)

    def period_of(self, day: date) -> Stretch:
        return calendar.period_of(day, self.account.cycle_day)

    def charged_stretch(self, held: SubscribedProduct) -> Stretch | None:
        """The days on which a product is held and its subscription active (5.1)."""
        return Stretch(held.valid_from, held.valid_to).overlap(active_stretch(self.mediation, held))

    def is_owed(self, charge: Charge) -> bool:
        """Owed at the bill date, and its service period ends after the window's start (1.2)."""
        return charge.due <= self.bill_date and charge.key.period_end > self.window_start

    # Products -------------------------------------------------------------------------------

    def service_periods(
        self, held: SubscribedProduct, stretch: Stretch, months: int
    ) -> Iterable[Stretch]:
        """The (interval) periods of a product that can be owed in this window (5.1)."""
        start = max(stretch.start, self.window_start)
        if months == 1:
            period = self.period_of(start)
        else:
            begin = held.valid_from if held.valid_from != EVER else stretch.start
            anchor = held.interval_from or calendar.boundary_at_or_before(
                begin if begin != EVER else self.first_day, self.account.cycle_day
            )
            period = calendar.interval_of(start, anchor, months)
        while period.start <= self.bill_date and period.start < stretch.end:
            yield period
            if months == 1:
                period = self.period_of(period.end)
            else:
                period = calendar.interval_of(period.end, period.end, months)

    def recurring(self) -> list[Charge]:
        """Price x quantity for each period in which a product is held (5.1, 5.2)."""
        charges = []
        for held in self.held:
            whole = self.charged_stretch(held)
            stretch = whole.overlap(Stretch(self.first_day, date.max)) if whole else None
            if stretch is None:
                continue
            first = self.mediation.product_on(held.product_id, stretch.start)
            months = first.interval_months if first else 1
            for period in self.service_periods(held, stretch, months):
                charged = stretch.overlap(period)
                if charged is None:
                    continue
                product = self.mediation.product_on(held.product_id, charged.start)
                if product is None or product.charge not in ("advance", "arrears"):
                    continue
                charges.append(self.recurring_charge(held, product, period, charged))
        return charges

    def recurring_charge(
        self, held: SubscribedProduct, product: Product, period: Stretch, charged: Stretch
    ) -> Charge:
        """One division, last, half up (5.1); due by 5.2."""
        price = product.price if held.price_override is None else held.price_override
        exact = price * held.quantity
        if product.proration == "daily":
            exact *= calendar.share_of_period(charged, period, self.operator.day_count)
        due = period.start
        if product.charge == "arrears":
            due = self.period_of(charged.end - calendar.DAY).end
        return Charge(
            key=ChargeKey(
                self.account.account_id,
                held.subscription_id,
                RECURRING,
                held.subscribed_product_id,
                *period,
                product.tax_category,
            ),
            charged_from=charged.start,
            charged_to=charged.end,
            due=due,
            quantity=held.quantity,
            amount=self.money(exact),
            product_id=held.product_id,
            tax_date=charged.start,
        )

    def dated(
        self,
        subscription_id: str,
        kind: str,
        charge_id: str,
        day: date,
        amount: Fraction,
        tax_category: str,
        *,
        product_id: str = "",
        quantity: Fraction = Fraction(1),
    ) -> Charge:
        """A charge of one day: its service period is the billing period that holds it."""
        return Charge(
            key=ChargeKey(
                self.account.account_id,
                subscription_id,
                kind,
                charge_id,
                *self.period_of(day),
                tax_category,
            ),
            charged_from=day,
            charged_to=day + calendar.DAY,
            due=day,
            quantity=quantity,
            amount=self.money(amount),
            product_id=product_id,
            tax_date=day,
        )

    def once(self) -> list[Charge]:
        """Owed from the day on which the product starts (5.2)."""
        charges = []
        for held in self.held:
            stretch = self.charged_stretch(held)
            if stretch is None or stretch.start < self.first_day:
                continue
            product = self.mediation.product_on(held.product_id, stretch.start)
            if product is None or product.charge != "once":
                continue
            price = product.price if held.price_override is None else held.price_override
            charges.append(
                self.dated(
                    held.subscription_id,
                    ONCE,
                    held.subscribed_product_id,
                    stretch.start,
                    price * held.quantity,
                    product.tax_category,
                    product_id=held.product_id,
                    quantity=held.quantity,
                )
            )
        return charges

    def instalments(self) -> list[Charge]:
        """One per month from `first_date` (5.3)."""
        charges = []
        for row in self.folder.instalments:
            if row.subscription_id not in self.subscription_ids:
                continue
            for number in range(1, row.periods + 1):
                day = calendar.add_months(row.first_date, number - 1)
                if day < self.first_day:
                    continue
                charges.append(
                    self.dated(
                        row.subscription_id,
                        INSTALMENT,
                        f"{row.agreement_id}-{number}",
                        day,
                        row.amount,
                        row.tax_category,
                    )
                )
        return charges

    def adjustments(self) -> list[Charge]:
        """From `effective_on`; a credit is negative (5.3)."""
        return [
            self.dated(
                row.subscription_id,
                ADJUSTMENT,
                row.adjustment_id,
                row.effective_on,
                -row.amount if row.kind == "credit" else row.amount,
                row.tax_category,
            )
            for row in self.folder.adjustments
            if row.account_id == self.account.account_id and row.effective_on >= self.first_day
        ]

    def late_fees(self, unpaid: Iterable[tuple[str, date, Fraction]]) -> list[Charge]:
        """Once per invoice unpaid `after_days` past due: (number, that day, open amount) (5.3)."""
        operator = self.operator
        return [
            self.dated(
                "",
                LATE_FEE,
                document_number,
                day,
                amount * operator.late_fee_percent / 100 + operator.late_fee_amount,
                operator.late_fee_tax_category,
            )
            for document_number, day, amount in unpaid
        ]

    def usage(self, parts: Iterable[tuple[date, Part]]) -> list[Charge]:
        """One charge per charge name and tax category: the sum of rated amounts (5.6, 5.7, 6.1)."""
        sums: dict[ChargeKey, list[Fraction]] = defaultdict(lambda: [Fraction(0), Fraction(0)])
        for day, part in parts:
            key = ChargeKey(
                self.account.account_id,
                part.subscription_id,
                USAGE,
                part.charge_name,
                *self.period_of(day),
                part.tax_category,
            )
            sums[key][0] += part.amount
            sums[key][1] += part.quantity
        return [
            Charge(
                key=key,
                charged_from=key.period_start,
                charged_to=key.period_end,
                due=key.period_end,
                quantity=quantity,
                amount=self.money(rated),
                rounding=rated - self.money(rated),
                tax_date=key.period_start,
            )
            for key, (rated, quantity) in sums.items()
        ]

    # What one period comes to ---------------------------------------------------------------

    def settlement_period(self, charge: Charge) -> Stretch:
        """The billing period with which a charge is discounted: that in which it falls due.

        A charge of several months belongs to the period that it begins with (advance) or that
        its charged stretch ends in (arrears).
        """
        key = charge.key
        if key.charge_kind != RECURRING or key.period == self.period_of(key.period_start):
            return key.period
        if charge.due == key.period_start:
            return self.period_of(key.period_start)
        return self.period_of(charge.due - calendar.DAY)

    def plans(self, subscription_id: str, period: Stretch) -> list[tuple[Product, Stretch]]:
        """The plans of a subscription in a period, in order of time, with their days (5.4)."""
        found = []
        for held in self.held:
            if held.subscription_id != subscription_id or not subscription_id:
                continue
            whole = self.charged_stretch(held)
            stretch = whole.overlap(period) if whole else None
            if stretch is None:
                continue
            product = self.mediation.product_on(held.product_id, stretch.start)
            if product is not None and product.kind == "plan":
                found.append((product, stretch))
        return sorted(found, key=lambda plan: plan[1])

    def prorated(
        self, product: Product, amount: Fraction, part: Stretch, whole: Stretch
    ) -> Fraction:
        """A plan's cap or minimum for its days of a period (5.4)."""
        if product.proration == "daily":
            amount *= calendar.share_of_period(part, whole, self.operator.day_count)
        return self.money(amount)

    def settle(self, charges: Iterable[Charge]) -> list[Charge]:
        """Discounts, then caps, then minimums, for every period of the window (5.4)."""
        by_period: dict[Stretch, list[Charge]] = defaultdict(list)
        for charge in charges:
            if charge.key.charge_kind in (RECURRING, USAGE, ONCE):
                by_period[self.settlement_period(charge)].append(charge)
        period = self.period_of(self.window_start)
        while period.start <= self.bill_date:
            by_period.setdefault(period, [])
            period = self.period_of(period.end)
        result = []
        for period in sorted(by_period):
            if period.end > self.window_start:
                result += PeriodSettlement(self, period, by_period[period]).settle()
        return result

    def owed(
        self,
        parts: Iterable[tuple[date, Part]],
        unpaid: Iterable[tuple[str, date, Fraction]],
    ) -> dict[ChargeKey, Charge]:
        """All that the account owes in the window of the run (1.2, 5)."""
        base = [
            charge
            for charge in (
                *self.recurring(),
                *self.once(),
                *self.instalments(),
                *self.adjustments(),
                *self.late_fees(unpaid),
                *self.usage(parts),
            )
            if self.is_owed(charge)
        ]
        charges = [*base, *(charge for charge in self.settle(base) if self.is_owed(charge))]
        result = {charge.key: charge for charge in charges}
        if len(result) != len(charges):
            raise ValueError(f"two charges of one key in account {self.account.account_id}")
        return result


@dataclass(frozen=True)
class HeldDiscount:
    """A discount as held in one period: once, however often it was subscribed (5.5)."""

    discount: Discount
    subscription_id: str
    days: int


class PeriodSettlement:
    """One account and billing period: what its charges are reduced by or topped up to (5.4)."""

    def __init__(self, charging: Charging, period: Stretch, charges: list[Charge]) -> None:
        self.charging = charging
        self.period = period
        self.charges = sorted(charges, key=lambda charge: charge.key)
        self.remaining = {charge.key: charge.amount for charge in self.charges}
        self.tax_dates = {charge.key: charge.tax_date for charge in self.charges}
        self.lines: list[Charge] = []

    @property
    def is_over(self) -> bool:
        return self.period.end <= self.charging.bill_date

    def settle(self) -> list[Charge]:
        """In this order: discounts, spend cap, minimum spend (5.4)."""
        for held in self.held_discounts():
            self.discount(held)
        if self.is_over:
            for subscription_id in sorted(self.charging.subscription_ids):
                plans = self.charging.plans(subscription_id, self.period)
                if plans:
                    self.cap(subscription_id, plans)
                    self.top_up(subscription_id, plans)
        return self.lines

    def held_discounts(self) -> list[HeldDiscount]:
        """The discounts of the period, in their order (5.5).

        By sequence, then discount_id; a fixed one that reaches usage comes last.
        """
        days: dict[tuple[str, str], set[date]] = defaultdict(set)
        rows: dict[tuple[str, str], Discount] = {}
        account_id = self.charging.account.account_id
        for held in self.charging.mediation.discounts_by_account[account_id]:
            stretch = Stretch(held.valid_from, held.valid_to).overlap(self.period)
            row = self.discount_on(held, stretch) if stretch else None
            if stretch is None or row is None:
                continue
            key = held.discount_id, held.subscription_id
            day = stretch.start
            while day < stretch.end:
                days[key].add(day)
                day += calendar.DAY
            first = rows.get(key)
            if first is None or first.valid_from > row.valid_from:
                rows[key] = row
        found = [HeldDiscount(row, key[1], self.count(days[key])) for key, row in rows.items()]
        return sorted(
            found,
            key=lambda held: (
                reaches_usage_fixed(held.discount),
                held.discount.sequence,
                held.discount.discount_id,
                held.subscription_id == "",
                held.subscription_id,
            ),
        )

    def count(self, days: set[date]) -> int:
        """Days held, by the operator's day count (5.1, 5.5)."""
        day_count = self.charging.operator.day_count
        return sum(calendar.count_days(day, day + calendar.DAY, day_count) for day in days)

    def discount_on(self, held: SubscribedDiscount, stretch: Stretch) -> Discount | None:
        """The catalogue row on the first day held in the period, while `periods` lasts (5.5)."""
        for row in self.charging.folder.discounts:
            if (
                row.discount_id == held.discount_id
                and row.valid_from <= stretch.start < row.valid_to
            ):
                begin = self.charging.first_day if held.valid_from == EVER else held.valid_from
                first = self.charging.period_of(begin)
                elapsed = (self.period.start.year - first.start.year) * 12 + (
                    self.period.start.month - first.start.month
                )
                return row if row.periods is None or elapsed < row.periods else None
        return None

    def reduced(self, held: HeldDiscount) -> dict[str, list[ChargeKey]]:
        """The charges that a discount reduces, by tax category (5.5)."""
        by_category: dict[str, list[ChargeKey]] = defaultdict(list)
        for charge in self.charges:
            key = charge.key
            if held.subscription_id and key.subscription_id != held.subscription_id:
                continue
            if applies(held.discount, charge) and self.remaining[key] > 0:
                by_category[key.tax_category].append(key)
        return dict(by_category)

    def left(self, keys: Iterable[ChargeKey]) -> Fraction:
        return sum((self.remaining[key] for key in keys), Fraction(0))

    def whole_units(self, amount: Fraction) -> Fraction:
        """What of an amount can be taken in whole minor units: never below zero (5.5)."""
        scale = 10**self.charging.operator.minor_units
        return Fraction(floor(amount * scale), scale)

    def discount(self, held: HeldDiscount) -> None:
        """One discount: a rounded line per tax category (5.5)."""
        row = held.discount
        if row.kind == "amount" and reaches_usage_fixed(row) and not self.is_over:
            return
        reduced = self.reduced(held)
        if not reduced:
            return
        factor = Fraction(1)
        if row.proration == "daily":
            day_count = self.charging.operator.day_count
            factor = Fraction(held.days, calendar.count_days(*self.period, day_count))
        bases = {category: self.left(keys) for category, keys in reduced.items()}
        if row.kind == "percent":
            lines = {
                category: min(
                    self.charging.money(base * row.value * factor / 100), self.whole_units(base)
                )
                for category, base in bases.items()
            }
        else:
            total = min(
                self.charging.money(row.value * factor),
                self.whole_units(sum(bases.values(), Fraction(0))),
            )
            lines = share(total, bases, self.charging.operator.minor_units)
        for category, amount in sorted(lines.items()):
            self.reduce(
                DISCOUNT, row.discount_id, held.subscription_id, category, reduced[category], amount
            )

    def reduce(
        self,
        kind: str,
        charge_id: str,
        subscription_id: str,
        tax_category: str,
        keys: list[ChargeKey],
        amount: Fraction,
    ) -> None:
        """A negative line; each reduced charge falls by its exact share of it (5.5)."""
        if amount == 0:
            return
        base = self.left(keys)
        for key in keys:
            self.remaining[key] -= amount * self.remaining[key] / base
        self.add(
            kind,
            charge_id,
            subscription_id,
            tax_category,
            -amount,
            min(self.tax_dates[key] for key in keys),
        )

    def add(
        self,
        kind: str,
        charge_id: str,
        subscription_id: str,
        tax_category: str,
        amount: Fraction,
        tax_date: date,
    ) -> None:
        self.lines.append(
            Charge(
                key=ChargeKey(
                    self.charging.account.account_id,
                    subscription_id,
                    kind,
                    charge_id,
                    *self.period,
                    tax_category,
                ),
                charged_from=self.period.start,
                charged_to=self.period.end,
                due=self.period.start,
                quantity=Fraction(1),
                amount=amount,
                tax_date=tax_date,
            )
        )

    def limit(
        self, plans: list[tuple[Product, Stretch]], value: Callable[[Product], Fraction | None]
    ) -> Fraction | None:
        """The sum of each plan's prorated amount; none if one of them has none (5.4)."""
        total = Fraction(0)
        for product, stretch in plans:
            amount = value(product)
            if amount is None:
                return None
            total += self.charging.prorated(product, amount, stretch, self.period)
        return total

    def cap(self, subscription_id: str, plans: list[tuple[Product, Stretch]]) -> None:
        """`spend_cap`: usage of the subscription never exceeds it (5.4, 5.7)."""
        cap = self.limit(plans, lambda product: product.spend_cap)
        by_category: dict[str, list[ChargeKey]] = defaultdict(list)
        for charge in self.charges:
            key = charge.key
            if (
                key.charge_kind == USAGE
                and key.subscription_id == subscription_id
                and self.remaining[key] != 0
            ):
                by_category[key.tax_category].append(key)
        bases = {category: self.left(keys) for category, keys in by_category.items()}
        used = sum(bases.values(), Fraction(0))
        if cap is None or used <= cap:
            return
        excess = self.charging.money(used - cap)
        bases = {category: base for category, base in bases.items() if base > 0}
        lines = share(excess, bases, self.charging.operator.minor_units)
        for category, amount in sorted(lines.items()):
            self.reduce(
                CAP_CREDIT,
                plans[-1][0].product_id,
                subscription_id,
                category,
                [key for key in by_category[category] if self.remaining[key] > 0],
                amount,
            )

    def top_up(self, subscription_id: str, plans: list[tuple[Product, Stretch]]) -> None:
        """`minimum_spend`: usage and recurring are topped up to it, once the period is over (5.4).

        Only charges whose service period is the billing period count.
        """
        minimum = self.limit(plans, lambda product: product.minimum_spend or Fraction(0))
        spent = self.left(
            charge.key
            for charge in self.charges
            if charge.key.charge_kind in (USAGE, RECURRING)
            and charge.key.subscription_id == subscription_id
            and charge.key.period == self.period
        )
        if not minimum or spent >= minimum:
            return
        amount = self.charging.money(minimum - spent)
        if amount == 0:
            return
        last = plans[-1][0]
        self.add(
            MINIMUM_TOP_UP,
            last.product_id,
            subscription_id,
            last.tax_category,
            amount,
            self.period.start,
        )


def reaches_usage_fixed(discount: Discount) -> bool:
    """A fixed discount that reaches usage is due with the period's end and comes last (5.5)."""
    return discount.kind == "amount" and bool(discount.applies_to & {"usage", "all"})


def applies(discount: Discount, charge: Charge) -> bool:
    """Whether a discount reaches a charge: by kind, or by its product (discounts.csv)."""
    kind = charge.key.charge_kind
    if "all" in discount.applies_to or kind in discount.applies_to & {RECURRING, USAGE}:
        return True
    return charge.product_id in discount.applies_to if charge.product_id else False
