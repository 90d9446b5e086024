"""What Mobilis Démo sells: products, allowances, discounts, taxes and their translations.

Prices are net of tax. A name is given in French, English and German, in this order.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from ingestion.demo.places import EU, EUROPE_1, FRANCE, FREE, HOME, OVERSEAS

# A plan gets dearer, a plan is launched and another is closed to newcomers.
PRICE_CHANGE = date(2026, 9, 1)
LAUNCH = date(2026, 8, 20)


class Name(NamedTuple):
    """One name in the languages of the demo."""

    fr: str
    en: str
    de: str


def euros(amount: str) -> Decimal:
    """An amount of money from its text."""
    return Decimal(amount)


_PRODUCTS: list[tuple[str, Name, str, str, str | None, dict[str, Any]]] = [
    # product_id, name, kind, charge, price, the rest
    (
        "unite",
        Name("Carte à l'unité", "Pay as you go", "Einzelabrechnung"),
        "plan", "none", None,
        {"rate_card_id": "unite"},
    ),
    (
        "mini_2019",
        Name("Mini 1 h (2019)", "Mini 1 h (2019)", "Mini 1 Std. (2019)"),
        "plan", "arrears", "3.33",
        {"rate_card_id": "standard", "spend_cap": euros("40"), "valid_from": date(2019, 3, 1)},
    ),
    (
        "essentiel",
        Name("Essentiel 2 h", "Essential 2 h", "Basis 2 Std."),
        "plan", "advance", "4.99",
        {"rate_card_id": "standard", "spend_cap": euros("60")},
    ),
    (
        "confort_20",
        Name("Confort 20 Go", "Comfort 20 GB", "Komfort 20 GB"),
        "plan", "advance", "10.82",
        {"rate_card_id": "standard", "valid_to": PRICE_CHANGE},
    ),
    (
        "confort_20",
        Name("Confort 20 Go", "Comfort 20 GB", "Komfort 20 GB"),
        "plan", "advance", "11.66",
        {"rate_card_id": "standard", "valid_from": PRICE_CHANGE},
    ),
    (
        "liberte_100",
        Name("Liberté 100 Go", "Freedom 100 GB", "Freiheit 100 GB"),
        "plan", "advance", "16.66",
        {"rate_card_id": "illimite"},
    ),
    (
        "rentree_150",
        Name("Série Rentrée 150 Go", "Back to school 150 GB", "Herbstaktion 150 GB"),
        "plan", "advance", "12.49",
        {"rate_card_id": "illimite", "valid_from": LAUNCH},
    ),
    (
        "illimite",
        Name("Illimité 5G", "Unlimited 5G", "Unbegrenzt 5G"),
        "plan", "advance", "29.16",
        {"rate_card_id": "illimite"},
    ),
    (
        "famille",
        Name("Famille partagée", "Shared family", "Familie geteilt"),
        "plan", "advance", "12.49",
        {"rate_card_id": "standard"},
    ),
    (
        "pro_mobile",
        Name("Pro Mobile", "Business Mobile", "Business Mobil"),
        "plan", "advance", "18.00",
        {"rate_card_id": "pro"},
    ),
    (
        "pro_ligne",
        Name("Ligne Pro IP", "Business IP line", "Business-IP-Anschluss"),
        "plan", "arrears", "6.00",
        {"rate_card_id": "ligne", "minimum_spend": euros("12")},
    ),
    (
        "objets",
        Name("Objets connectés", "Connected things", "Vernetzte Geräte"),
        "plan", "advance", "4.50",
        {"rate_card_id": "objets", "interval_months": 3},
    ),
    (
        "intl",
        Name("Option Monde vers l'étranger", "Calls abroad option", "Auslandsoption"),
        "option", "advance", "4.17",
        {"rate_card_id": "intl"},
    ),
    (
        "voyage",
        Name("Option Voyage", "Travel option", "Reiseoption"),
        "option", "advance", "8.33",
        {"rate_card_id": "voyage"},
    ),
    (
        "data_10",
        Name("Recharge 10 Go", "Extra 10 GB", "Zusatzpaket 10 GB"),
        "option", "advance", "4.16",
        {"proration": "none"},
    ),
    (
        "pot_50",
        Name("Pot commun 50 Go", "Shared pool 50 GB", "Datentopf 50 GB"),
        "option", "advance", "20.00",
        {},
    ),
    (
        "assurance",
        Name("Assurance mobile", "Phone insurance", "Geräteversicherung"),
        "option", "advance", "5.99",
        {"tax_category": "insurance"},
    ),
    (
        "tv",
        Name("Bouquet TV", "TV bundle", "TV-Paket"),
        "option", "advance", "4.54",
        {"tax_category": "reduced"},
    ),
    (
        "papier",
        Name("Facture papier", "Paper invoice", "Papierrechnung"),
        "option", "arrears", "1.25",
        {"proration": "none"},
    ),
    (
        "sav_premium",
        Name("Assistance premium (an)", "Premium support (year)", "Premium-Support (Jahr)"),
        "option", "advance", "39.00",
        {"interval_months": 12},
    ),
    (
        "mise_en_service",
        Name("Frais de mise en service", "Set-up fee", "Einrichtungsgebühr"),
        "fee", "once", "8.33",
        {},
    ),
    (
        "carte_sim",
        Name("Carte SIM", "SIM card", "SIM-Karte"),
        "fee", "once", "8.33",
        {},
    ),
    (
        "routeur",
        Name("Routeur 5G", "5G router", "5G-Router"),
        "device", "once", "149.00",
        {},
    ),
]  # fmt: skip

_CALLS_INCLUDED = ";".join((FRANCE, OVERSEAS, EUROPE_1, FREE))
_HOME_AND_EU = f"{HOME};{EU}"

_ALLOWANCES: list[tuple[str, str, Name, str, str | None, str | None, dict[str, Any]]] = [
    # allowance_id, product_id, name, service, quantity, unit, the rest
    ("mini_voix", "mini_2019", Name("1 h d'appels", "1 h of calls", "1 Std. Anrufe"),
     "voice", "60", "minute",
     {"increment": 60, "zones": FRANCE, "visited_zones": HOME, "prorate": True}),
    ("essentiel_voix", "essentiel", Name("2 h d'appels", "2 h of calls", "2 Std. Anrufe"),
     "voice", "120", "minute",
     {"increment": 1, "zones": f"{FRANCE};{OVERSEAS}", "visited_zones": _HOME_AND_EU,
      "prorate": True, "rollover_periods": 1, "rollover_max": "60"}),
    ("essentiel_sms", "essentiel", Name("100 SMS", "100 SMS", "100 SMS"),
     "sms", "100", "message",
     {"zones": f"{FRANCE};{OVERSEAS}", "visited_zones": _HOME_AND_EU, "prorate": True}),
    ("essentiel_data", "essentiel", Name("200 Mo", "200 MB", "200 MB"),
     "data", "200", "mb", {"increment": 10000, "visited_zones": HOME, "prorate": True}),
    ("confort_voix", "confort_20", Name("Appels illimités", "Unlimited calls", "Anrufe unbegrenzt"),
     "voice", None, None, {"zones": _CALLS_INCLUDED, "visited_zones": _HOME_AND_EU}),
    ("confort_sms", "confort_20", Name("SMS illimités", "Unlimited SMS", "SMS unbegrenzt"),
     "sms", None, None, {"zones": _CALLS_INCLUDED, "visited_zones": _HOME_AND_EU}),
    ("confort_mms", "confort_20", Name("50 MMS", "50 MMS", "50 MMS"),
     "mms", "50", "message", {"zones": FRANCE, "visited_zones": _HOME_AND_EU}),
    ("confort_data", "confort_20", Name("20 Go", "20 GB", "20 GB"),
     "data", "20", "gb",
     {"increment": 1000, "visited_zones": HOME, "prorate": True,
      "rollover_periods": 1, "rollover_max": "10"}),
    ("confort_data_ue", "confort_20", Name("8 Go en Europe", "8 GB in Europe", "8 GB in Europa"),
     "data", "8", "gb", {"increment": 1000, "visited_zones": EU, "prorate": True}),
    ("liberte_voix", "liberte_100",
     Name("Appels illimités", "Unlimited calls", "Anrufe unbegrenzt"),
     "voice", None, None, {"zones": _CALLS_INCLUDED, "visited_zones": _HOME_AND_EU}),
    ("liberte_messages", "liberte_100", Name("SMS illimités", "Unlimited SMS", "SMS unbegrenzt"),
     "sms", None, None, {"zones": _CALLS_INCLUDED, "visited_zones": _HOME_AND_EU}),
    ("liberte_mms", "liberte_100", Name("MMS illimités", "Unlimited MMS", "MMS unbegrenzt"),
     "mms", None, None, {"zones": FRANCE, "visited_zones": _HOME_AND_EU}),
    ("liberte_data", "liberte_100", Name("100 Go", "100 GB", "100 GB"),
     "data", "100", "gb", {"visited_zones": HOME, "prorate": True}),
    ("liberte_data_ue", "liberte_100",
     Name("18 Go en Europe", "18 GB in Europe", "18 GB in Europa"),
     "data", "18", "gb", {"visited_zones": EU, "prorate": True}),
    ("rentree_voix", "rentree_150",
     Name("Appels illimités", "Unlimited calls", "Anrufe unbegrenzt"),
     "voice", None, None, {"zones": _CALLS_INCLUDED, "visited_zones": _HOME_AND_EU}),
    ("rentree_sms", "rentree_150", Name("SMS illimités", "Unlimited SMS", "SMS unbegrenzt"),
     "sms", None, None, {"zones": _CALLS_INCLUDED, "visited_zones": _HOME_AND_EU}),
    ("rentree_data", "rentree_150", Name("150 Go", "150 GB", "150 GB"),
     "data", "150", "gb", {"visited_zones": _HOME_AND_EU, "prorate": True}),
    ("illimite_voix", "illimite", Name("Appels illimités", "Unlimited calls", "Anrufe unbegrenzt"),
     "voice", None, None,
     {"zones": f"{_CALLS_INCLUDED};North America", "visited_zones": _HOME_AND_EU}),
    ("illimite_recus", "illimite",
     Name("1 h d'appels en voyage", "1 h of calls while travelling", "1 Std. Anrufe auf Reisen"),
     "voice", "60", "minute", {"increment": 60, "visited_zones": "World 1"}),
    ("illimite_sms", "illimite", Name("SMS illimités", "Unlimited SMS", "SMS unbegrenzt"),
     "sms", None, None,
     {"zones": f"{_CALLS_INCLUDED};North America", "visited_zones": _HOME_AND_EU}),
    ("illimite_mms", "illimite", Name("MMS illimités", "Unlimited MMS", "MMS unbegrenzt"),
     "mms", None, None, {"zones": FRANCE, "visited_zones": _HOME_AND_EU}),
    ("illimite_data", "illimite", Name("Internet illimité", "Unlimited data", "Daten unbegrenzt"),
     "data", None, None, {"visited_zones": HOME}),
    ("illimite_data_ue", "illimite", Name("35 Go en Europe", "35 GB in Europe", "35 GB in Europa"),
     "data", "35", "gb", {"visited_zones": EU, "prorate": True}),
    ("famille_voix", "famille", Name("Appels illimités", "Unlimited calls", "Anrufe unbegrenzt"),
     "voice", None, None, {"zones": _CALLS_INCLUDED, "visited_zones": _HOME_AND_EU}),
    ("famille_sms", "famille",
     Name("500 SMS partagés", "500 shared SMS", "500 SMS geteilt"),
     "sms", "500", "message",
     {"scope": "account", "zones": _CALLS_INCLUDED, "visited_zones": _HOME_AND_EU}),
    ("famille_data", "famille",
     Name("30 Go partagés", "30 GB shared", "30 GB geteilt"),
     "data", "30", "gb",
     {"increment": 1000, "scope": "account", "visited_zones": _HOME_AND_EU, "prorate": True,
      "rollover_periods": 2, "rollover_max": "15"}),
    ("pro_voix", "pro_mobile",
     Name("5 h mutualisées", "5 pooled hours", "5 Std. im Verbund"),
     "voice", "300", "minute",
     {"increment": 1, "scope": "account", "zones": _CALLS_INCLUDED,
      "visited_zones": _HOME_AND_EU, "prorate": True}),
    ("pro_sms", "pro_mobile", Name("SMS illimités", "Unlimited SMS", "SMS unbegrenzt"),
     "sms", None, None, {"zones": _CALLS_INCLUDED, "visited_zones": _HOME_AND_EU}),
    ("pro_data", "pro_mobile",
     Name("25 Go mutualisés", "25 pooled GB", "25 GB im Verbund"),
     "data", "25", "gb",
     {"scope": "account", "visited_zones": _HOME_AND_EU, "prorate": True}),
    ("objets_data", "objets", Name("10 Mo", "10 MB", "10 MB"),
     "data", "10", "mib", {"increment": 1024, "visited_zones": _HOME_AND_EU}),
    ("data_10", "data_10", Name("Recharge 10 Go", "Extra 10 GB", "Zusatzpaket 10 GB"),
     "data", "10", "gb", {"priority": 10, "visited_zones": _HOME_AND_EU}),
    ("pot_50", "pot_50", Name("Pot commun 50 Go", "Shared pool 50 GB", "Datentopf 50 GB"),
     "data", "50", "gb", {"priority": 20, "visited_zones": HOME}),
    ("voyage_data", "voyage", Name("5 Go en voyage", "5 GB abroad", "5 GB auf Reisen"),
     "data", "5", "gb", {"visited_zones": "World 1;World 2"}),
    ("intl_sms", "intl", Name("50 SMS vers l'étranger", "50 SMS abroad", "50 SMS ins Ausland"),
     "sms", "50", "message",
     {"priority": 5, "zones": "Europe 2;Maghreb;World 1", "visited_zones": HOME}),
]  # fmt: skip

_DISCOUNTS: list[tuple[str, Name, str, str, str, dict[str, Any]]] = [
    # discount_id, name, kind, value, applies_to, the rest
    ("bienvenue", Name("Bienvenue −30 %", "Welcome −30 %", "Willkommen −30 %"),
     "percent", "30", "recurring", {"periods": 3, "sequence": 10}),
    ("multi_lignes", Name("Multi-lignes −3 €", "Several lines −€3", "Mehrere Anschlüsse −3 €"),
     "amount", "3.00", "recurring", {"sequence": 20}),
    ("fidelite", Name("Fidélité −10 % hors forfait", "Loyalty −10 % usage", "Treue −10 % Nutzung"),
     "percent", "10", "usage", {"sequence": 30}),
    ("pro_remise", Name("Remise Pro −15 %", "Business −15 %", "Geschäftskunden −15 %"),
     "percent", "15", "all", {"sequence": 40}),
    ("monde_offert", Name("Option Monde −50 %", "Calls abroad −50 %", "Auslandsoption −50 %"),
     "percent", "50", "intl", {"periods": 2, "proration": "daily", "sequence": 5}),
]  # fmt: skip

_TAXES: list[tuple[str, str, str, Name, str, str, str | None]] = [
    # jurisdiction, tax_category, tax_id, name, rate_percent, EN 16931 category, legal text
    ("FR", "standard", "tva", Name("TVA 20 %", "VAT 20 %", "USt. 20 %"), "20", "S", None),
    ("FR", "reduced", "tva_10", Name("TVA 10 %", "VAT 10 %", "USt. 10 %"), "10", "S", None),
    ("FR", "insurance", "exo_assurance", Name("Assurance, exonérée", "Insurance, exempt",
     "Versicherung, steuerfrei"), "0", "E", "Exonération de TVA, article 261 C 2° du CGI"),
    *((region, category, "tva_dom", Name("TVA 8,5 %", "VAT 8.5 %", "USt. 8,5 %"), "8.5", "S", None)
      for region in ("GP", "MQ", "RE") for category in ("standard", "reduced")),
    *((region, "insurance", "exo_assurance", Name("Assurance, exonérée", "Insurance, exempt",
       "Versicherung, steuerfrei"), "0", "E", "Exonération de TVA, article 261 C 2° du CGI")
      for region in ("GP", "MQ", "RE")),
    *((region, category, "hors_tva", Name("TVA non applicable", "No VAT", "Keine USt."), "0", "E",
       "TVA non applicable, article 294-1 du CGI")
      for region in ("GF", "YT") for category in ("standard", "reduced", "insurance")),
]  # fmt: skip

# The names under which usage stands on the bill.
CHARGES: dict[str, Name] = {
    "Appels en France": Name("Appels en France", "Calls within France", "Anrufe in Frankreich"),
    "Appels vers l'outre-mer": Name(
        "Appels vers l'outre-mer", "Calls to French overseas", "Anrufe nach Übersee"
    ),
    "Appels gratuits": Name("Appels gratuits", "Free calls", "Kostenlose Anrufe"),
    "Numéros spéciaux": Name("Numéros spéciaux", "Premium numbers", "Sonderrufnummern"),
    "Renseignements": Name("Renseignements", "Directory enquiries", "Auskunft"),
    "Appels vers l'Europe": Name("Appels vers l'Europe", "Calls to Europe", "Anrufe nach Europa"),
    "Appels internationaux": Name(
        "Appels internationaux", "International calls", "Internationale Anrufe"
    ),
    "Appels satellite": Name("Appels satellite", "Satellite calls", "Satellitenanrufe"),
    "Appels en itinérance": Name(
        "Appels en itinérance", "Calls while roaming", "Anrufe im Ausland"
    ),
    "Appels reçus à l'étranger": Name(
        "Appels reçus à l'étranger", "Calls received abroad", "Im Ausland empfangene Anrufe"
    ),
    "SMS": Name("SMS", "SMS", "SMS"),
    "SMS internationaux": Name("SMS internationaux", "International SMS", "Internationale SMS"),
    "SMS spéciaux": Name("SMS spéciaux", "Premium SMS", "Premium-SMS"),
    "SMS en itinérance": Name("SMS en itinérance", "SMS while roaming", "SMS im Ausland"),
    "MMS": Name("MMS", "MMS", "MMS"),
    "Internet mobile": Name("Internet mobile", "Mobile data", "Mobile Daten"),
    "Internet en itinérance": Name(
        "Internet en itinérance", "Data while roaming", "Daten im Ausland"
    ),
}


def product_rows() -> Iterator[dict[str, Any]]:
    """Rows of products.csv."""
    for product_id, name, kind, charge, price, rest in _PRODUCTS:
        yield {
            "product_id": product_id,
            "name": name.fr,
            "kind": kind,
            "charge": charge,
            "price": None if price is None else euros(price),
            "tax_category": "standard",
            **rest,
        }


def recurring_price(product_id: str, on: date) -> Decimal:
    """Net price of a product for one billing period, 0 if it has no recurring price."""
    for row in product_rows():
        inside = row.get("valid_from", date.min) <= on < row.get("valid_to", date.max)
        if row["product_id"] == product_id and inside and row["charge"] in ("advance", "arrears"):
            return row["price"] if row.get("interval_months", 1) == 1 else Decimal(0)
    return Decimal(0)


def allowance_rows() -> Iterator[dict[str, Any]]:
    """Rows of allowances.csv."""
    for allowance_id, product_id, name, service, quantity, unit, rest in _ALLOWANCES:
        yield {
            "allowance_id": allowance_id,
            "product_id": product_id,
            "name": name.fr,
            "service": service,
            "quantity": quantity,
            "unit": unit,
            "scope": "subscription",
            "zones": "*",
            "visited_zones": "*",
            **rest,
        }


def discount_rows() -> Iterator[dict[str, Any]]:
    """Rows of discounts.csv."""
    for discount_id, name, kind, value, applies_to, rest in _DISCOUNTS:
        yield {
            "discount_id": discount_id,
            "name": name.fr,
            "kind": kind,
            "value": euros(value),
            "applies_to": applies_to,
            **rest,
        }


def tax_rows() -> Iterator[dict[str, Any]]:
    """Rows of taxes.csv."""
    for jurisdiction, category, tax_id, name, rate, en16931_category, legal_text in _TAXES:
        yield {
            "jurisdiction": jurisdiction,
            "tax_category": category,
            "tax_id": tax_id,
            "name": name.fr,
            "rate_percent": Decimal(rate),
            "sequence": 1,
            "compound": False,
            "en16931_category": en16931_category,
            "legal_text": legal_text,
        }


def translation_rows() -> Iterator[dict[str, Any]]:
    """Rows of translations.csv: every name that stands on a bill, in English and German."""
    named: dict[tuple[str, str], Name] = {}
    named |= {("product", row[0]): row[1] for row in _PRODUCTS}
    named |= {("allowance", row[0]): row[2] for row in _ALLOWANCES}
    named |= {("charge", charge): name for charge, name in CHARGES.items()}
    named |= {("discount", row[0]): row[1] for row in _DISCOUNTS}
    named |= {("tax", row[2]): row[3] for row in _TAXES}
    for (entity, entity_id), name in named.items():
        for language in ("en", "de"):
            yield {
                "entity": entity,
                "id": entity_id,
                "language": language,
                "name": getattr(name, language),
            }
