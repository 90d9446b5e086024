"""Where calls go and where subscribers travel: prefixes.csv and networks.csv.

Calling codes and their regions come from libphonenumber, country names from CLDR; what it leaves
open (which codes share +1, which French numbers are special) stands here as facts.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from babel import Locale
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

FRANCE = "France"
OVERSEAS = "Overseas"
FREE = "Free numbers"
VOICEMAIL = "Messagerie vocale"
PREMIUM = "Premium"
DIRECTORY = "Directory"
EUROPE_1 = "Europe 1"
EUROPE_2 = "Europe 2"
NORTH_AMERICA = "North America"
MAGHREB = "Maghreb"
WORLD_1 = "World 1"
WORLD_2 = "World 2"
SATELLITE = "Satellite"

HOME = "home"
EU = "EU"
ROAMING_1 = "World 1"
ROAMING_2 = "World 2"
SEA_AND_AIR = "Sea and air"

# EU, EEA: the area of Regulation (EU) 2022/612.
_EUROPE_1 = (
    "AT BE BG CY CZ DE DK EE ES FI GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK AX SJ"
)
_EUROPE_2 = "AD AL BA BY CH FO GB GE GG GI IM JE MC MD ME MK RS RU SM TR UA VA XK"
_WORLD_1 = (
    "AE AR AU BR CI CL CM CN CO CR EG GA HK ID IL IN JO JP KE KR KW LB MU MX MY NZ OM PA PE PH QA "
    "SA SG SN TH TW UY VN ZA PR VI DO"
)
ZONE_OF_REGION: dict[str, str] = {
    **dict.fromkeys(_EUROPE_1.split(), EUROPE_1),
    **dict.fromkeys(_EUROPE_2.split(), EUROPE_2),
    **dict.fromkeys(_WORLD_1.split(), WORLD_1),
    **dict.fromkeys(("US", "CA"), NORTH_AMERICA),
    **dict.fromkeys(("DZ", "MA", "TN", "EH"), MAGHREB),
    **dict.fromkeys(("GP", "GF", "MQ", "RE", "YT", "PM", "BL", "MF"), OVERSEAS),
}

# Regions that share a calling code and where their numbers begin.
_SHARED: dict[str, str] = {
    "CA": (
        "204 226 236 249 250 289 306 343 365 367 368 382 403 416 418 431 437 438 450 474 506 514 "
        "519 548 579 581 584 587 604 613 639 647 672 683 705 709 742 753 778 780 782 807 819 825 "
        "867 873 879 902 905"
    ),
    "AG": "268", "AI": "264", "AS": "684", "BB": "246", "BM": "441", "BS": "242", "DM": "767",
    "DO": "809 829 849", "GD": "473", "GU": "671", "JM": "658 876", "KN": "869", "KY": "345",
    "LC": "758", "MP": "670", "MS": "664", "PR": "787 939", "SX": "721", "TC": "649", "TT": "868",
    "VC": "784", "VG": "284", "VI": "340",
    "KZ": "6 7", "VA": "06698", "GG": "1481 7781", "JE": "1534 7797", "IM": "1624 7624",
    "SJ": "79", "CX": "89164", "CC": "89162", "YT": "269 639", "EH": "5288", "AX": "18",
    "CW": "9", "BQ": "3 4 7", "TA": "8",
}  # fmt: skip

# Mobile ranges of the countries that are called most.
_MOBILE: dict[str, str] = {
    "DE": "15 16 17", "ES": "6 7", "IT": "3", "GB": "7", "BE": "45 46 47 48 49", "PT": "9",
    "NL": "6", "CH": "75 76 77 78 79", "LU": "6", "MA": "6 7", "DZ": "5 6 7", "TN": "2 4 5 9",
    "SN": "7", "CI": "01 05 07", "CM": "6", "PL": "45 50 51 53 57 60 66 69 72 73 78 79 88",
    "RO": "7", "GP": "690 691", "MQ": "696 697", "GF": "694", "RE": "692 693", "TR": "5",
}  # fmt: skip

_NON_GEOGRAPHIC = {
    "800": (FREE, "Numéro vert universel"),
    "808": (WORLD_2, "Numéro à coûts partagés universel"),
    "870": (SATELLITE, "Inmarsat"),
    "878": (SATELLITE, "Numéros personnels universels"),
    "881": (SATELLITE, "Réseaux satellitaires (GMSS)"),
    "882": (SATELLITE, "Réseaux internationaux 882"),
    "883": (SATELLITE, "Réseaux internationaux 883"),
    "888": (WORLD_2, "Secours (ONU)"),
    "979": (SATELLITE, "Services surtaxés internationaux"),
}

_FRENCH: list[tuple[str, str, str]] = [
    ("33", FRANCE, "France"),
    ("331", FRANCE, "France fixe, Île-de-France"),
    ("332", FRANCE, "France fixe, Nord-Ouest"),
    ("333", FRANCE, "France fixe, Nord-Est"),
    ("334", FRANCE, "France fixe, Sud-Est"),
    ("335", FRANCE, "France fixe, Sud-Ouest"),
    ("336", FRANCE, "France mobile"),
    ("337", FRANCE, "France mobile"),
    ("337000", FRANCE, "France, objets connectés"),
    ("339", FRANCE, "France non géographique"),
    *((f"3380{digit}", FREE, "Numéro vert") for digit in range(6)),
    *((f"3380{digit}", FRANCE, "Numéro gris") for digit in range(6, 10)),
    *((f"33{code}", PREMIUM, f"Numéro spécial 0{code}")
      for code in (81, 82, 884, 890, 891, 892, 893, 894, 895, 896, 897, 898, 899)),
]  # fmt: skip

# As dialled, matched whole (3.1).
_SHORT_CODES: list[tuple[str, str, str]] = [
    ("112", FREE, "Urgences européennes"),
    ("114", FREE, "Urgences par SMS"),
    ("115", FREE, "SAMU social"),
    ("119", FREE, "Enfance en danger"),
    ("15", FREE, "SAMU"),
    ("17", FREE, "Police"),
    ("18", FREE, "Pompiers"),
    ("196", FREE, "Secours en mer"),
    ("116000", FREE, "Enfants disparus"),
    ("123", FREE, VOICEMAIL),
    ("3639", FRANCE, "Service 3639"),
    ("3646", FRANCE, "Service 3646"),
    ("3949", FRANCE, "Service 3949"),
    ("3179", PREMIUM, "Service 3179"),
    ("3201", PREMIUM, "Service 3201"),
    ("118000", DIRECTORY, "Renseignements 118000"),
    ("118218", DIRECTORY, "Renseignements 118218"),
    ("118712", DIRECTORY, "Renseignements 118712"),
    ("62626", PREMIUM, "SMS+ 62626"),
    ("71717", PREMIUM, "SMS+ 71717"),
    ("81212", PREMIUM, "SMS+ 81212"),
]

# Home networks, then country, MCC and one network of it, visited zone.
_HOME_NETWORKS = ("20801", "20802", "20810", "20815", "20820")
_VISITED: list[tuple[str, str, str]] = [
    *((country, network, EU) for country, network in (
        ("DE", "26201"), ("ES", "21407"), ("IT", "22201"), ("PT", "26801"), ("BE", "20601"),
        ("NL", "20404"), ("LU", "27001"), ("AT", "23201"), ("IE", "27201"), ("GR", "20205"),
        ("DK", "23801"), ("SE", "24001"), ("FI", "24405"), ("NO", "24201"), ("IS", "27401"),
        ("PL", "26001"), ("CZ", "23001"), ("SK", "23101"), ("HU", "21630"), ("RO", "22610"),
        ("BG", "28405"), ("HR", "21901"), ("SI", "29341"), ("EE", "24801"), ("LV", "24701"),
        ("LT", "24601"), ("CY", "28001"), ("MT", "27801"), ("LI", "29505"), ("GP", "34001"),
        ("RE", "64710"),
    )),
    *((country, network, ROAMING_1) for country, network in (
        ("GB", "23410"), ("CH", "22801"), ("AD", "21303"), ("MC", "21210"), ("TR", "28601"),
        ("US", "310410"), ("CA", "302720"), ("MA", "60401"), ("DZ", "60301"), ("TN", "60503"),
        ("AU", "50501"), ("NZ", "53001"), ("JP", "44010"), ("KR", "45005"), ("CN", "46000"),
        ("HK", "45400"), ("SG", "52501"), ("TH", "52001"), ("IL", "42501"), ("IN", "40410"),
        ("BR", "72405"), ("MX", "334020"), ("ZA", "65501"), ("RS", "22001"), ("TW", "46692"),
    )),
    *((country, network, ROAMING_2) for country, network in (
        ("AL", "27601"), ("BA", "21890"), ("ME", "29701"), ("MK", "29401"), ("XK", "22101"),
        ("RU", "25001"), ("AR", "722310"), ("CL", "73001"), ("CO", "732101"), ("PE", "71606"),
        ("EG", "60201"), ("SN", "60801"), ("CI", "61203"), ("CM", "62401"), ("KE", "63902"),
        ("MU", "61701"), ("AE", "42402"), ("SA", "42001"), ("VN", "45204"), ("ID", "51010"),
        ("MY", "50212"),
    )),
]  # fmt: skip

# A second MCC of the country, on the same terms.
_MORE_MCC = {"GB": ("235",), "US": ("311", "312"), "IN": ("405",), "JP": ("441",)}

# Ukraine and Moldova joined the roaming area on this day.
_ROAMING_AREA_GROWN = date(2026, 1, 1)


def _country_names() -> dict[str, str]:
    territories = Locale.parse("fr").territories
    return {region: str(name) for region, name in territories.items()}


def prefix_rows() -> Iterator[dict[str, Any]]:
    """Rows of prefixes.csv: France, every calling code, shared codes, mobile ranges."""
    names = _country_names()
    for prefix, zone, destination in _FRENCH:
        yield {
            "prefix": prefix,
            "zone": zone,
            "destination": destination,
            "exact": False,
            "unlisted": zone == FREE,
        }
    for code, zone, destination in _SHORT_CODES:
        yield {
            "prefix": code,
            "zone": zone,
            "destination": destination,
            "exact": True,
            "unlisted": zone == FREE and destination != VOICEMAIL,
        }
    for number, regions in sorted(COUNTRY_CODE_TO_REGION_CODE.items()):
        code = str(number)
        if code == "33":
            continue
        if code in _NON_GEOGRAPHIC:
            zone, destination = _NON_GEOGRAPHIC[code]
            yield {"prefix": code, "zone": zone, "destination": destination, "exact": False}
            continue
        for region in regions:
            name = names.get(region, region)
            zone = ZONE_OF_REGION.get(region, WORLD_2)
            starts = [""] if region == regions[0] else _SHARED.get(region, "").split()
            for start in starts:
                yield {"prefix": code + start, "zone": zone, "destination": name, "exact": False}
            for start in _MOBILE.get(region, "").split():
                yield {
                    "prefix": code + start,
                    "zone": zone,
                    "destination": f"{name}, mobile",
                    "exact": False,
                }


def network_rows() -> Iterator[dict[str, Any]]:
    """Rows of networks.csv: one row a country (MCC) and one for a network of it."""
    for network in _HOME_NETWORKS:
        yield {"network": network, "country": "FR", "visited_zone": HOME}
    for country, network, zone in _VISITED:
        for code in (network[:3], network, *_MORE_MCC.get(country, ())):
            yield {"network": code, "country": country, "visited_zone": zone}
    for country, network in (("UA", "25501"), ("MD", "25901")):
        for code in (network[:3], network):
            yield {
                "network": code,
                "country": country,
                "visited_zone": ROAMING_1,
                "valid_to": _ROAMING_AREA_GROWN,
            }
            yield {
                "network": code,
                "country": country,
                "visited_zone": EU,
                "valid_from": _ROAMING_AREA_GROWN,
            }
    for network in ("901", "90112", "90114"):
        yield {"network": network, "country": "001", "visited_zone": SEA_AND_AIR}


_ZONE_OF_NETWORK = {network: zone for _, network, zone in _VISITED}


def visited_zone(network: str) -> str:
    """The zone of one of the networks of trips."""
    return _ZONE_OF_NETWORK.get(network, SEA_AND_AIR)


# What is dialled abroad, with how often: calling code and a stem that no line is known under;
# four digits follow.
FOREIGN_STEMS: dict[str, float] = {
    "49151550": 9, "4930550": 6, "34655500": 10, "3491550": 6, "39347550": 8, "3902550": 5,
    "32475550": 9, "322550": 6, "351912550": 9, "447700900": 8, "44207946": 5, "41795550": 6,
    "4122550": 3, "316555000": 4, "352621550": 4, "48505550": 5, "40725550": 6, "212661550": 12,
    "212522550": 3, "213661550": 12, "21321550": 3, "21698550": 8, "1212555": 5, "1514555": 6,
    "221775500": 6, "225075500": 5, "237655500": 4, "262692550": 4, "590690550": 4, "596696550": 3,
    "594694550": 2, "90532550": 4, "7495550": 2, "86135550": 2, "91987550": 2, "81905550": 1,
    "5511955": 2, "612555": 1, "972525550": 2, "971505550": 1, "961355": 1, "84905550": 1,
    "66815550": 1, "243815550": 2, "224625500": 2, "22370550": 2, "261325500": 2, "509345": 1,
    "8816550": 0.2, "8707550": 0.2,
}  # fmt: skip

# Home of those who call one country above all.
DIASPORA_STEMS: dict[str, float] = {
    "212661550": 22, "213661550": 24, "21698550": 12, "351912550": 14, "221775500": 6,
    "225075500": 6, "40725550": 6, "90532550": 5, "44770090": 3, "1514555": 3, "243815550": 3,
    "262692550": 4, "237655500": 2,
}  # fmt: skip

# Special numbers, as dialled and in E.164 where they have it.
SPECIAL_NUMBERS: dict[str, float] = {
    "123": 40, "3639": 6, "3646": 4, "3949": 4, "112": 1, "15": 2, "17": 2, "3179": 5, "3201": 1,
    "118218": 4, "118712": 4, "118000": 1, "33800123456": 6, "33805990000": 8, "33809400000": 8,
    "33820200000": 3, "33892690000": 4, "33899700000": 1,
}  # fmt: skip

MESSAGE_CODES: dict[str, float] = {"62626": 3, "71717": 5, "81212": 4, "114": 0.1}

# Networks of trips, by how many travel there in summer.
TRIP_NETWORKS: dict[str, float] = {
    "21407": 24, "22201": 16, "26801": 12, "20205": 9, "21901": 4, "20601": 5, "26201": 5,
    "23410": 6, "22801": 5, "60401": 6, "60301": 4, "60503": 4, "21303": 1, "310410": 3,
    "302720": 2, "28601": 2, "52001": 1, "27401": 1, "34001": 2, "64710": 2, "60801": 1,
    "61701": 1, "27601": 0.7, "44010": 0.7, "24405": 0.5, "42402": 0.7, "72405": 0.3,
    "90112": 0.3,
}  # fmt: skip
