"""The demo's known faces: one account for each case that a tour of the product wants to show.

Their account ids stand first (A000001…), so they are the same in a small and in a large demo.
"""

from datetime import date, time, timedelta
from typing import Any

from ingestion.demo import people
from ingestion.demo.customers import Account, Customers
from ingestion.demo.products import LAUNCH
from ingestion.demo.timeline import FIRST_PERIOD

_JULY = FIRST_PERIOD
_OPENED = date(2023, 5, 10)


def _day(number: int) -> date:
    """Day `number` of the demo, 1 = the first."""
    return _JULY + timedelta(days=number - 1)


def add_cast(customers: Customers) -> None:
    """Adds the accounts with a story."""
    _plan_stories(customers)
    _number_stories(customers)
    _family(customers)
    _business(customers)
    _elsewhere(customers)
    _money_stories(customers)
    _travellers(customers)


def _resident(customers: Customers, name: str, **given: Any) -> Account:
    usual: dict[str, Any] = {
        "town": people.TOWNS[0],
        "language": "fr",
        "cycle_day": 1,
        "payment_method": "card",
        "delivery": "email",
        "itemisation": "masked",
        "opened_on": _OPENED,
    }
    return customers.account("residential", name=name, **usual | given)


def _plan_stories(customers: Customers) -> None:
    # A plan change in the middle of a period, itemised in full.
    account = _resident(customers, "Camille Perrin", itemisation="full")
    line = customers.line(account, "essentiel", name="Camille")
    customers.change_plan(account, line, "liberte_100", _day(18))

    # Billed in advance, gone in the middle of the period: the rest comes back by itself (5.2).
    account = _resident(customers, "Bruno Vasseur")
    line = customers.line(account, "confort_20", name="Bruno")
    customers.hold(account, line, "assurance", _OPENED)
    customers.cancel(line, _day(51), releases=True)

    # The same, entered into the customer system three weeks late.
    account = _resident(customers, "Chloé Garnier", cycle_day=15)
    line = customers.line(account, "illimite", name="Chloé")
    customers.cancel(line, _day(40), releases=False, known_on=_day(61))

    # Joins with everything: fees, a welcome discount, a phone in instalments.
    account = _resident(customers, "Mehdi Aubert", opened_on=_day(20))
    line = customers.line(account, "confort_20", name="Mehdi", starts=_day(20))
    customers.hold(account, line, "mise_en_service", _day(20))
    customers.hold(account, line, "carte_sim", _day(20))
    customers.discount(account, line, "bienvenue", _day(20))
    customers.instalment(line, "24.90", 24, _day(20))

    # Joins the plan of the season on its first days.
    account = _resident(customers, "Solène Roy", cycle_day=15)
    line = customers.line(account, "mini_2019", name="Solène")
    customers.change_plan(account, line, "rentree_150", LAUNCH + timedelta(days=16))

    # Per-unit prices only, and loyal.
    account = _resident(customers, "Émile Fontaine", payment_method="transfer")
    line = customers.line(account, "unite", name="Émile")
    customers.discount(account, None, "fidelite", None)

    # Uses an essential plan far beyond what it includes, up to the spend cap.
    account = _resident(customers, "Victor Lemoine", payment_method="transfer")
    line = customers.line(account, "essentiel", name="Victor")
    line.usage_percent = 1500

    # A few days without a plan: their usage waits (no_plan).
    account = _resident(customers, "Inès Marchand")
    line = customers.line(account, "confort_20", name="Inès", starts=_day(9), plan_starts=_day(13))
    line.usage_percent = 300

    # Two extra products of one kind at a special price, for a while; yearly support.
    account = _resident(customers, "Adèle Brun", cycle_day=15)
    line = customers.line(account, "confort_20", name="Adèle")
    customers.hold(account, line, "data_10", _day(20), _day(66), quantity=2, price_override="3.50")
    customers.hold(account, line, "sav_premium", date(2026, 2, 15), interval_from=date(2026, 2, 15))
    line.usage_percent = 250


def _number_stories(customers: Customers) -> None:
    # A number released by one customer and given to another.
    account = _resident(customers, "Pascal Renard")
    first = customers.line(account, "essentiel", name="Pascal")
    customers.cancel(first, _day(20), releases=True, at=time(17, 30))
    account = _resident(customers, "Fatou Keita", opened_on=_day(36))
    second = customers.line(account, "liberte_100", name="Fatou", starts=_day(36), number_of=first)
    second.usage_percent = 120

    # Two lines claim one number for two days: that usage is ambiguous.
    account = _resident(customers, "Nadia Haddad")
    first = customers.line(account, "confort_20", name="Nadia")
    first.usage_percent = 500
    customers.cancel(first, _day(27), releases=True)
    account = _resident(customers, "Yann Hamel", opened_on=_day(25))
    second = customers.line(account, "confort_20", name="Yann", starts=_day(25), number_of=first)
    # Its SIM goes on the air when the other one has gone off it.
    second.usage_from = _day(27)

    # Closed before the first period: on file, never billed.
    account = _resident(customers, "Ursule Mallet", closed_on=date(2026, 5, 31))
    line = customers.line(account, "mini_2019", starts=date(2024, 1, 15))
    customers.cancel(line, date(2026, 5, 31), releases=True)


def _family(customers: Customers) -> None:
    account = _resident(customers, "Famille Traoré", town=people.TOWNS[2], cycle_day=15)
    for name in ("Awa", "Moussa", "Lina", "Papi"):
        line = customers.line(account, "famille", name=name)
        if name != "Awa":
            customers.discount(account, line, "multi_lignes", date(2025, 1, 1))
    customers.hold(account, None, "pot_50", date(2026, 3, 15))
    customers.hold(account, None, "papier", date(2026, 1, 1))
    account.row["delivery"] = "paper"


def _business(customers: Customers) -> None:
    # Mobiles that pool their minutes, and desk phones of a telephone system.
    account = customers.account(
        "business", name="Imprimerie Delorme SAS", cycle_day=1, itemisation="full", language="fr",
        payment_method="transfer", delivery="email", town=people.TOWNS[8], opened_on=_OPENED,
    )  # fmt: skip
    for number in range(1, 7):
        customers.line(account, "pro_mobile", name=f"Mobile {number}")
    for number in range(1, 5):
        customers.line(account, "pro_ligne", kind="extension", name=f"Poste {number}")
    customers.discount(account, None, "pro_remise", date(2025, 9, 1))
    customers.hold(account, None, "routeur", _day(6))

    # Lines of a hosted telephone system.
    account = customers.account(
        "business", name="Clinique Zeller SA", cycle_day=15, itemisation="masked", language="fr",
        payment_method="sepa_debit", delivery="portal", town=people.TOWNS[23], opened_on=_OPENED,
    )  # fmt: skip
    for number in range(1, 4):
        customers.line(account, "pro_ligne", kind="sip_user", name=f"Accueil {number}")
    customers.line(account, "pro_mobile", name="Astreinte")

    # Connected things, priced by the quarter.
    account = customers.account(
        "business", name="Jardins Hoarau EURL", cycle_day=1, itemisation="none", language="fr",
        payment_method="transfer", delivery="email", town=people.TOWNS[24],
        opened_on=date(2025, 2, 1),
    )  # fmt: skip
    for number in range(1, 5):
        line = customers.line(
            account, "objets", kind="thing", name=f"Capteur {number}", starts=date(2025, 4, 1)
        )
        line.usage_percent = 100 * number

    # Foreign firms: the tax is theirs.
    for town, language in zip(people.FOREIGN_TOWNS[:3], ("fr", "de", "fr"), strict=True):
        account = customers.account(
            "business", town=town, language=language, cycle_day=1, payment_method="transfer",
            itemisation="none", delivery="email", opened_on=_OPENED,
        )  # fmt: skip
        customers.line(account, "pro_mobile")

    # An embassy: no tax for a reason in plain words.
    account = customers.account(
        "business", name="Ambassade de Syldavie", town=people.TOWNS[0], language="fr",
        cycle_day=15, payment_method="transfer", itemisation="none", delivery="paper",
        opened_on=_OPENED, vat_number=None,
        tax_exempt_reason="Exonération diplomatique, article 151 de la directive 2006/112/CE",
    )  # fmt: skip
    customers.line(account, "pro_mobile", name="Chancellerie")


def _elsewhere(customers: Customers) -> None:
    # Overseas: other tax, or none.
    for town, name in zip(
        people.OVERSEAS_TOWNS, ("Rosa Payet", "Marc Étienne", "Jade Hoarau", "Paul Henry"),
        strict=True,
    ):  # fmt: skip
        account = _resident(customers, name, town=town)
        line = customers.line(account, "liberte_100")
        customers.hold(account, line, "tv", _OPENED)

    # Bills in other languages.
    account = _resident(customers, "Alice Carter", language="en", itemisation="full")
    line = customers.line(account, "confort_20", name="Alice")
    line.stem = "447700900"
    line.usage_percent = 200
    customers.hold(account, line, "intl", _day(5))
    customers.discount(account, line, "monde_offert", _day(5))
    account = _resident(customers, "Felix Weber", language="de", cycle_day=15)
    line = customers.line(account, "liberte_100", name="Felix")
    line.stem = "49151550"
    account = _resident(customers, "Laure Tremblay", language="fr_CA")
    line = customers.line(account, "liberte_100", name="Laure")
    line.stem = "1514555"


def _money_stories(customers: Customers) -> None:
    # Pays nothing; in the end it is written off.
    account = _resident(customers, "Gilles Lacroix", payment_method="transfer")
    account.pays = "nothing"
    customers.line(account, "essentiel", name="Gilles")

    # Pays in part.
    account = _resident(customers, "Hélène Colin", payment_method="transfer")
    account.pays = "in part"
    customers.line(account, "illimite", name="Hélène")

    # An outage credit, a goodwill credit, a replacement charged.
    account = _resident(customers, "Karim Boucher", town=people.TOWNS[9])
    line = customers.line(account, "confort_20", name="Karim")
    customers.adjust(account, line, "credit", "outage", "Panne du 21 juillet", "3.00", _day(23))
    customers.adjust(account, None, "credit", "goodwill", "Geste commercial", "5.00", _day(34))
    customers.adjust(account, line, "debit", "other", "Remplacement de carte SIM", "8.33", _day(40))

    # A discount that was promised and entered late.
    account = _resident(customers, "Manon Girard", cycle_day=15)
    line = customers.line(account, "illimite", name="Manon")
    customers.discount(account, line, "multi_lignes", _day(15), known_on=_day(50))


def _travellers(customers: Customers) -> None:
    end = customers.timeline.end
    # Three weeks in the United States without an option: the last bill is a shock.
    account = _resident(customers, "Hugo Tessier", cycle_day=15)
    line = customers.line(account, "confort_20", name="Hugo")
    line.usage_percent = 300
    line.trip = ("310410", end - timedelta(days=24), end - timedelta(days=4))

    # Morocco with the travel option, Spain on the plan's own terms, a cruise.
    for name, network, starts, days, option in (
        ("Sabrina Benali", "60401", 8, 20, True),
        ("Lucie Picard", "21407", 12, 14, False),
        ("Alain Rivière", "90112", 16, 7, False),
    ):
        account = _resident(customers, name)
        line = customers.line(account, "confort_20", name=name.split()[0])
        line.usage_percent = 200
        line.trip = (network, _day(starts), _day(starts + days))
        line.roams_freely = option or network == "21407"
        if option:
            customers.hold(account, line, "voyage", _day(starts), _day(starts + days))
