"""What a bill says about earlier ones."""

import re
from decimal import Decimal

import pytest

from renderers.view import build_view
from tests.renderers import samples
from tests.renderers.text import plain


def changes(document: samples.Document) -> list[tuple[str, str, str]]:
    view = build_view(document)
    assert view.changes is not None
    return [(plain(item.sentence), item.holder, plain(item.amount)) for item in view.changes.items]


def test_each_cause_is_one_sentence_the_largest_first_and_tax_last() -> None:
    assert changes(samples.typical()) == [
        ("Pass voyage hors UE, 3 jours, cette fois seulement.", "Marc Garnier", "+15,00 €"),
        ("Geste commercial, panne du 18 novembre, cette fois seulement.", "", "−3,00 €"),
        ("Internet hors forfait : rien la dernière fois.", "Jade Garnier", "+2,40 €"),
        ("Correction d’une période passée : Ample 20 Go.", "Louis Garnier", "−2,13 €"),
        ("2 changements moindres.", "", "+0,74 €"),
        ("TVA sur ces changements.", "", "+2,61 €"),
    ]


@pytest.mark.parametrize("name", ["typical", "german", "british", "business", "giant"])
def test_the_sentences_add_up_to_the_difference(name: str) -> None:
    document = samples.SAMPLES[name]()
    texts = [re.sub(r"[^\d−,.]", "", amount) for _, _, amount in changes(document)]
    point = "." if name == "british" else ","
    other = "," if name == "british" else "."
    amounts = [
        Decimal(text.replace("−", "-").replace(other, "").replace(point, ".")) for text in texts
    ]
    last = Decimal(document["comparison"]["total"])
    assert sum(amounts) == Decimal(document["amounts"]["total"]) - last


def test_a_fleet_says_on_how_many_lines() -> None:
    assert ("Itinérance zone 2 : 185,25 € au lieu de 228,00 €.", "13 lignes", "−42,75 €") in (
        changes(samples.business())
    )


@pytest.mark.parametrize(
    "cause",
    [
        "started", "ended", "price", "quantity", "days", "amount", "usage", "usage_started",
        "usage_ended", "once", "once_before", "correction", "correction_before", "tax",
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "fr", "fr_CA", "de"])
def test_every_cause_that_the_warehouse_knows_has_its_sentence(cause: str, language: str) -> None:
    document = samples.small()
    document["account"]["language"] = language
    document["comparison"]["changes"] = [
        {
            "cause": cause, "charge_kind": "recurring", "name": "Essentiel", "subscriptions": 1,
            "subscription_id": "S00001", "before": "1.00", "now": "2.50", "difference": "1.50",
        }
    ]  # fmt: skip
    ((sentence, _, _),) = changes(document)
    assert sentence.endswith(".")
    assert ("Essentiel" in sentence) == (cause != "tax")


def test_charges_that_billing_makes_up_are_named_in_the_document_s_language() -> None:
    document = samples.small()
    document["comparison"]["changes"] = [
        {
            "cause": "started", "charge_kind": "cap_credit", "name": "Spend cap",
            "subscriptions": 1, "subscription_id": "S00001", "before": "0.00", "now": "-1.00",
            "difference": "-1.00",
        }
    ]  # fmt: skip
    assert changes(document) == [("Plafond de dépenses : nouveau.", "", "−1,00 €")]


def test_a_first_bill_and_a_credit_note_compare_with_nothing() -> None:
    view = build_view(samples.zero())
    assert view.changes is not None and view.changes.heading == "Votre première facture"
    assert view.changes.items == () and view.months is None
    assert build_view(samples.credit_note()).changes is None


def test_six_months_of_usage_stand_over_their_figures() -> None:
    months = build_view(samples.typical()).months
    assert months is not None and months.has_charged
    assert [plain(month) for month in months.months] == [
        "juin", "juil.", "août", "sept.", "oct.", "nov.",
    ]  # fmt: skip
    assert {plain(row.label): [plain(figure) for figure in row.figures] for row in months.rows} == {
        "Internet, Go": ["88,1", "94,6", "163", "102", "97,4", "112"],
        "Appels, min": ["1 210", "1 305", "1 490", "1 388", "1 402", "1 482"],
        "SMS": ["240", "251", "310", "262", "287", "309"],
        "Facture, €": ["71,34", "74,04", "90,16", "71,34", "73,20", "88,82"],
    }
    heights = [
        int(height) for height in re.findall(r'y="\d+" width="54" height="(\d+)"', months.chart)
    ]
    # Six columns; two of them have a part that was charged for.
    assert len(heights) == 8 and max(heights) <= 100
    assert months.chart.count('class="charged"') == 2
    assert "<title>Internet, Go" in months.chart


def test_figures_of_many_digits_are_shortened() -> None:
    months = build_view(samples.giant()).months
    assert months is not None
    assert [plain(figure) for figure in months.rows[-1].figures] == ["8,4 Bn", "8,1 Bn", "8,4 Bn"]


def test_a_month_without_any_usage_has_a_column_of_its_own() -> None:
    document = samples.typical()
    document["usage"] = []
    months = build_view(document).months
    assert months is not None
    assert months.rows[0].figures[-1] == "0"


def test_usage_that_cost_nothing_is_not_shown_as_charged() -> None:
    document = samples.small()
    for row in document["usage"]:
        row.update(included_quantity=0, billed_quantity=row["quantity"], amount="0.000000")
    months = build_view(document).months
    assert months is not None and not months.has_charged


def test_panels_end_about_level() -> None:
    assert build_view(samples.typical()).columns == (
        ("changes", "breakdown"), ("months", "allowances"),
    )  # fmt: skip
    assert build_view(samples.small()).columns == (("changes", "allowances"), ("months",))
    assert build_view(samples.zero()).columns == (("changes",),)
    assert build_view(samples.credit_note()).columns == ()
