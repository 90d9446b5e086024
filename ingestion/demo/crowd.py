"""Everybody else: accounts and lines drawn until the demo has as many lines as it should."""

from datetime import date, time, timedelta

from ingestion.demo import people
from ingestion.demo.customers import Account, Customers, Line
from ingestion.demo.places import DIASPORA_STEMS, EU, TRIP_NETWORKS, visited_zone
from ingestion.demo.products import LAUNCH
from ingestion.demo.timeline import FIRST_PERIOD

_PLANS = ("unite", "essentiel", "confort_20", "liberte_100", "illimite", "mini_2019")
_PLAN_WEIGHTS = (8, 18, 32, 18, 16, 8)
_UPGRADES = {
    "unite": "essentiel",
    "mini_2019": "essentiel",
    "essentiel": "confort_20",
    "confort_20": "liberte_100",
    "liberte_100": "illimite",
    "illimite": "liberte_100",
    "famille": "confort_20",
    "pro_mobile": "liberte_100",
}
_OUTAGE = date(2026, 7, 21)


class Crowd:
    """Draws accounts with Customers' own chance."""

    def __init__(self, customers: Customers) -> None:
        self.customers = customers
        self.chance = customers.chance
        self.days = (customers.timeline.end - FIRST_PERIOD).days
        self._networks = list(TRIP_NETWORKS)
        self._network_weights = list(TRIP_NETWORKS.values())
        self._stems = list(DIASPORA_STEMS)
        self._stem_weights = list(DIASPORA_STEMS.values())

    def fill(self, subscribers: int) -> None:
        """Adds accounts until there are `subscribers` lines."""
        while (missing := subscribers - len(self.customers.lines)) > 0:
            kind = self.chance.random()
            if kind < 0.13 and missing >= 2:
                self._family(min(missing, self.chance.choice((2, 3, 3, 4, 4, 5))))
            elif kind < 0.19:
                self._business(min(missing, int(self.chance.paretovariate(1.1)) + 1))
            else:
                self._single()

    def _single(self) -> None:
        given = {}
        if self.chance.random() < 0.02:
            given["town"] = self.chance.choice(people.OVERSEAS_TOWNS)
        account = self.customers.account(**given)
        plan = self.chance.choices(_PLANS, _PLAN_WEIGHTS)[0]
        line = self._line(account, plan)
        self._options(account, line)
        self._end(line)
        self._account_extras(account)

    def _family(self, size: int) -> None:
        account = self.customers.account()
        shared = self.chance.random() < 0.7
        for number in range(size):
            plan = "famille" if shared else self.chance.choices(_PLANS, _PLAN_WEIGHTS)[0]
            line = self._line(account, plan)
            if number > 0 and self.chance.random() < 0.6:
                self.customers.discount(account, line, "multi_lignes", line.usage_from)
            self._options(account, line)
            self._end(line)
        if shared and self.chance.random() < 0.2:
            self.customers.hold(account, None, "pot_50", account.row["opened_on"])
        self._account_extras(account)

    def _business(self, size: int) -> None:
        chance = self.chance
        given = {}
        if chance.random() < 0.08:
            given["town"] = chance.choice(people.FOREIGN_TOWNS)
        account = self.customers.account("business", **given)
        size = min(size, 60)
        kind = chance.random()
        for number in range(1, size + 1):
            if kind < 0.05:
                self.customers.line(account, "objets", kind="thing", name=f"Objet {number}")
                continue
            if kind < 0.45 and number % 2 == 0:
                desk = "extension" if kind < 0.32 else "sip_user"
                self.customers.line(account, "pro_ligne", kind=desk, name=f"Poste {number}")
                continue
            line = self._line(account, "pro_mobile")
            self._options(account, line)
            self._end(line)
        if chance.random() < 0.3:
            self.customers.discount(account, None, "pro_remise", account.row["opened_on"])
        self._account_extras(account)

    def _line(self, account: Account, plan: str) -> Line:
        chance, customers = self.chance, self.customers
        joins = chance.random() < 0.08
        if joins:
            starts = FIRST_PERIOD + timedelta(days=chance.randrange(self.days - 7))
            if plan == "mini_2019":
                plan = "essentiel"
            if starts >= LAUNCH and plan == "liberte_100":
                plan = "rentree_150"
            line = customers.line(account, plan, starts=starts)
            customers.hold(account, line, "mise_en_service", starts)
            if chance.random() < 0.4:
                customers.hold(account, line, "carte_sim", starts)
            if chance.random() < 0.5:
                customers.discount(account, line, "bienvenue", starts)
        else:
            line = customers.line(account, plan)
            if chance.random() < 0.05 and plan in _UPGRADES:
                day = FIRST_PERIOD + timedelta(days=chance.randrange(5, self.days - 5))
                customers.change_plan(account, line, _UPGRADES[plan], day)
        if chance.random() < 0.16:
            self._instalment(line, joins)
        if chance.random() < 0.07:
            line.stem = chance.choices(self._stems, self._stem_weights)[0]
        if chance.random() < 0.24:
            self._travel(account, line)
        return line

    def _instalment(self, line: Line, joins: bool) -> None:
        chance = self.chance
        amount = f"{chance.choice((8, 12, 16, 20, 24, 29, 34))}.{chance.choice((50, 90))}"
        periods = chance.choice((12, 24, 24, 36))
        if joins:
            first = line.usage_from
        else:
            bought = FIRST_PERIOD - timedelta(days=chance.randrange(1, 330))
            first = max(bought, line.started)
        # Days 29…31 are not in every month.
        self.customers.instalment(line, amount, periods, first.replace(day=min(first.day, 28)))

    def _travel(self, account: Account, line: Line) -> None:
        chance = self.chance
        # Half of the trips fall into the first six weeks.
        room = self.days - 18 if chance.random() < 0.5 else min(42, self.days - 18)
        starts = FIRST_PERIOD + timedelta(days=chance.randrange(room))
        ends = starts + timedelta(days=chance.choice((3, 5, 7, 7, 10, 14, 14, 16)))
        network = chance.choices(self._networks, self._network_weights)[0]
        line.trip = (network, starts, ends)
        if visited_zone(network) == EU:
            return
        line.roams_freely = line.usage_from <= starts and chance.random() < 0.45
        if line.roams_freely:
            self.customers.hold(account, line, "voyage", starts, ends)

    def _options(self, account: Account, line: Line) -> None:
        chance, hold = self.chance, self.customers.hold
        since = line.started
        if chance.random() < (0.55 if line.stem else 0.03):
            starts = since
            if chance.random() < 0.3:
                starts = max(since, FIRST_PERIOD + timedelta(days=chance.randrange(self.days)))
            hold(account, line, "intl", starts)
            if starts >= FIRST_PERIOD and chance.random() < 0.5:
                self.customers.discount(account, line, "monde_offert", starts)
        if line.plan in ("essentiel", "confort_20", "famille") and chance.random() < 0.06:
            starts = max(since, FIRST_PERIOD + timedelta(days=chance.randrange(self.days)))
            ends = starts + timedelta(days=31) if chance.random() < 0.7 else None
            hold(account, line, "data_10", starts, ends)
        if chance.random() < 0.08:
            hold(account, line, "assurance", since)
        if line.plan in ("liberte_100", "illimite") and chance.random() < 0.08:
            hold(account, line, "tv", since)
        if chance.random() < 0.04:
            self.customers.discount(account, line, "fidelite", since)

    def _end(self, line: Line) -> None:
        """Some leave; called when the line holds all that it will hold."""
        if self.chance.random() >= 0.05:
            return
        latest = self.customers.last_held_from(line) + timedelta(days=2)
        day = max(FIRST_PERIOD + timedelta(days=self.chance.randrange(3, self.days)), latest)
        if day >= self.customers.timeline.end:
            return
        at = time(self.chance.randrange(9, 19), 0) if self.chance.random() < 0.3 else None
        self.customers.cancel(line, day, releases=self.chance.random() < 0.5, at=at)

    def _account_extras(self, account: Account) -> None:
        chance, customers = self.chance, self.customers
        if account.row["delivery"] == "paper":
            customers.hold(account, None, "papier", account.row["opened_on"])
        if account.row["city"] == "Bordeaux" and chance.random() < 0.8:
            customers.adjust(
                account, None, "credit", "outage", "Panne du 21 juillet", "3.00",
                _OUTAGE + timedelta(days=2),
            )  # fmt: skip
        if chance.random() < 0.012:
            day = FIRST_PERIOD + timedelta(days=chance.randrange(2, self.days))
            kind, reason, name, amount = chance.choice(
                (
                    ("credit", "goodwill", "Geste commercial", "5.00"),
                    ("credit", "loyalty", "Avantage fidélité", "2.50"),
                    ("credit", "correction", "Correction d'une option", "4.17"),
                    ("debit", "other", "Remplacement de carte SIM", "8.33"),
                )
            )
            customers.adjust(account, None, kind, reason, name, amount, day)
