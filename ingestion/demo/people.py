"""Invented names and addresses. Streets are made up, towns exist, mail goes to example.org."""

from random import Random
from typing import NamedTuple


def _listed(text: str, separator: str = ";") -> list[str]:
    return text.split(separator)


_FIRST_NAMES = _listed(
    "Adèle Ahmed Aïcha Alain Alice Amélie Antoine Aurélie Bastien Béatrice Bruno Camille Cédric "
    "Chloé Clara Claude Damien Djamila Élise Élodie Émile Fatou Félix Florence Gaëlle Gilles "
    "Hélène Hugo Inès Isabelle Jade Jean Julien Karim Laure Léa Louis Lucie Malik Manon Marc "
    "Mathilde Maxime Mehdi Nadia Nicolas Noémie Océane Olivier Oumar Pascal Paul Quentin Rachid "
    "Romain Rosa Sabrina Salomé Samuel Sofia Solène Théo Thierry Ursule Valérie Victor Xavier "
    "Yann Yasmine Zoé",
    " ",
)
_LAST_NAMES = _listed(
    "Aubert Barbier Benali Bernard Besson Blanchard Boucher Bouvier Brun Carpentier Chevallier "
    "Colin Cordier Da_Silva Delorme Diallo Dubois Dumas Durand Étienne Fabre Faure Fontaine "
    "Garnier Gauthier Girard Guérin Haddad Hamel Henry Hoarau Jacob Joly Keita Lacroix Lambert "
    "Leclerc Lefèvre Lemoine Leroux Mallet Marchand Martinez Masson Mercier Meunier Michel Morel "
    "Nguyen Noël Ouedraogo Payet Perrin Petit Picard Poirier Prévost Renard Ribeiro Rivière Roche "
    "Rousseau Roy Sanchez Schmitt Simon Tessier Traoré Vasseur Vidal Vincent Weber Zeller",
    " ",
)
_STREETS = _listed(
    "rue des Lilas;avenue de la Gare;impasse du Moulin;place du Marché;rue Haute;"
    "chemin des Vignes;boulevard du Canal;allée des Tilleuls;rue de l'Abreuvoir;quai du Vieux Port;"
    "rue du Four;sentier des Écoliers;cours de la Fontaine;rue des Tanneurs"
)
_TRADES = _listed(
    "Ateliers;Boulangerie;Cabinet;Clinique;Conseil;Électricité;Éditions;Garage;Imprimerie;Jardins;"
    "Menuiserie;Optique;Pharmacie;Restaurant;Transports;Traiteur"
)
_FORMS = ("SARL", "SAS", "SA", "EURL")
_PHONES = _listed(
    "Aurore 12;Aurore 12 Pro;Boréale X;Cigale Mini;Mistral 5G;Mistral 5G Max;Tramontane Fold"
)


class Town(NamedTuple):
    """Where an account lives."""

    postal_code: str
    city: str
    country: str = "FR"


TOWNS = (
    Town("75011", "Paris"), Town("75018", "Paris"), Town("69003", "Lyon"),
    Town("13002", "Marseille"), Town("31000", "Toulouse"), Town("06000", "Nice"),
    Town("44000", "Nantes"), Town("34000", "Montpellier"), Town("67000", "Strasbourg"),
    Town("33000", "Bordeaux"), Town("59000", "Lille"), Town("35000", "Rennes"),
    Town("51100", "Reims"), Town("42000", "Saint-Étienne"), Town("83000", "Toulon"),
    Town("38000", "Grenoble"), Town("21000", "Dijon"), Town("49000", "Angers"),
    Town("63000", "Clermont-Ferrand"), Town("29200", "Brest"), Town("37000", "Tours"),
    Town("87000", "Limoges"), Town("80000", "Amiens"), Town("57000", "Metz"),
    Town("66000", "Perpignan"), Town("45000", "Orléans"), Town("76600", "Le Havre"),
    Town("14000", "Caen"), Town("54000", "Nancy"), Town("15000", "Aurillac"),
)  # fmt: skip
OVERSEAS_TOWNS = (
    Town("97110", "Pointe-à-Pitre", "GP"), Town("97200", "Fort-de-France", "MQ"),
    Town("97400", "Saint-Denis", "RE"), Town("97300", "Cayenne", "GF"),
)  # fmt: skip
FOREIGN_TOWNS = (
    Town("1000", "Bruxelles", "BE"), Town("10115", "Berlin", "DE"),
    Town("1111", "Luxembourg", "LU"), Town("28013", "Madrid", "ES"), Town("20121", "Milano", "IT"),
)  # fmt: skip


def person(chance: Random) -> str:
    """First and last name."""
    return f"{chance.choice(_FIRST_NAMES)} {chance.choice(_LAST_NAMES)}".replace("_", " ")


def company(chance: Random) -> str:
    """Name of a firm."""
    name = chance.choice(_LAST_NAMES).replace("_", " ")
    return f"{chance.choice(_TRADES)} {name} {chance.choice(_FORMS)}"


def street(chance: Random) -> str:
    """Number and street."""
    return f"{chance.randrange(1, 180)} {chance.choice(_STREETS)}"


def phone_model(chance: Random) -> str:
    """A phone that is paid in instalments."""
    return chance.choice(_PHONES)


def french_vat_number(number: int) -> str:
    """FR, check digits and a SIREN that begins with 000: none such is ever given out."""
    siren = f"000{number % 1_000_000:06d}"
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


def foreign_vat_number(country: str, number: int) -> str:
    """A number of the right shape for the country, beginning with zeros."""
    serial = f"{number % 10_000:04d}"
    shapes = {
        "BE": f"BE000000{serial}",
        "DE": f"DE00000{serial}",
        "LU": f"LU0000{serial}",
        "ES": f"ESB0000{serial}",
        "IT": f"IT0000000{serial}",
    }
    return shapes[country]
