"""What a document's page says, before any markup."""

from decimal import Decimal

import pytest

from renderers.branding import Branding
from renderers.view import DocumentError, build_view
from tests.renderers import samples
from tests.renderers.text import plain


def summary(document: samples.Document) -> dict[str, str]:
    return {row.label: plain(row.amount) for row in build_view(document).summary}


def test_blocks_add_up_to_the_net_amount() -> None:
    document = samples.typical()
    blocks = [row for row in build_view(document).summary if row.kind == "block"]
    sums = [
        Decimal(plain(row.amount).replace("−", "-").replace(" €", "").replace(",", "."))
        for row in blocks[:5]
    ]
    assert sum(sums) == Decimal(document["amounts"]["net"])
    assert [row.label for row in blocks[:5]] == [
        "Forfaits et options", "Consommations", "Frais ponctuels et appareils", "Remises",
        "Crédits et corrections",
    ]  # fmt: skip


def test_a_balance_brought_forward_ends_in_the_amount_due() -> None:
    rows = summary(samples.typical())
    assert rows["Reste dû des factures précédentes"] == "12,50 €"
    assert rows["Montant à payer"] == "101,32 €"
    assert "Montant à payer" not in summary(samples.small())


@pytest.mark.parametrize(
    ("method", "sentence", "has_details"),
    [
        ("card", "sur votre carte", False),
        ("sepa_debit", "prélèvement automatique", False),
        ("transfer", "virer 101,32 €", True),
        ("none", "régler 101,32 €", True),
    ],
)
def test_payment_is_worded_by_method(method: str, sentence: str, has_details: bool) -> None:
    payment = build_view(samples.typical(method)).payment
    assert sentence in plain(payment.sentences[0])
    assert bool(payment.details) == has_details
    # EPC codes are not read by French banking apps.
    assert not payment.codes


def test_epc_codes_stand_where_apps_read_them() -> None:
    assert len(build_view(samples.german()).payment.codes) == 1
    assert not build_view(samples.german("card")).payment.codes


def test_a_payment_link_is_printed_and_coded() -> None:
    branding = Branding(payment_url="https://pay.example/{document_number}?a={account_id}")
    payment = build_view(samples.typical(), branding=branding).payment
    assert payment.link is not None
    assert payment.link.href == "https://pay.example/F2026-00003873?a=80338453"
    assert len(payment.codes) == 1


def test_a_credit_note_names_its_invoice_and_asks_for_nothing() -> None:
    view = build_view(samples.credit_note())
    assert view.headline.label == "Montant à votre crédit"
    assert plain(view.headline.amount) == "11,03 €"
    assert view.headline.sentence == "Sur la facture F2026-00000017"
    assert ("Annule la facture", "F2026-00000017") in [
        (fact.label, fact.value) for fact in view.facts
    ]
    assert not view.payment.details and not view.payment.codes and view.late_fees is None


def test_zero_and_negative_amounts_due_ask_for_nothing() -> None:
    zero = build_view(samples.zero())
    assert (plain(zero.headline.amount), zero.headline.sentence) == ("0,00 €", "Rien à payer")
    in_favour = build_view(samples.in_favour())
    assert (in_favour.headline.label, plain(in_favour.headline.amount)) == (
        "En votre faveur", "15,41 €",
    )  # fmt: skip
    assert not in_favour.payment.details


def test_a_correction_is_labelled_with_its_period() -> None:
    charges = [c for group in build_view(samples.typical()).charge_groups for c in group.charges]
    badges = [charge.badge for charge in charges if charge.badge]
    assert [plain(badge) for badge in badges] == ["Correction pour 1–31 oct. 2026"]


def test_lines_stand_under_their_subscription_with_its_subtotal() -> None:
    groups = build_view(samples.typical()).charge_groups
    assert [(group.name, plain(group.subtotal)) for group in groups] == [
        ("Marc Garnier", "43,98 €"), ("Louis Garnier", "22,18 €"), ("Jade Garnier", "11,46 €"),
        ("Votre compte", "−3,00 €"),
    ]  # fmt: skip


def test_the_comparison_says_what_is_particular_to_this_bill() -> None:
    comparison = build_view(samples.typical()).comparison
    assert comparison is not None
    assert plain(comparison.sentence) == "15,62 € de plus que le 1er novembre 2026."
    assert [row.label for row in comparison.particulars] == [
        "Pass voyage hors UE, 3 jours", "Consommations",
        "Geste commercial, panne du 18 novembre", "2 autres éléments",
    ]  # fmt: skip
    first = build_view(samples.zero()).comparison
    assert first is not None and first.chart is None


def test_shares_add_up_to_a_hundred() -> None:
    breakdown = build_view(samples.typical()).breakdown
    assert breakdown is not None
    assert [(share.label, plain(share.percent)) for share in breakdown.shares] == [
        ("Marc Garnier", "58 %"), ("Louis Garnier", "29 %"), ("Jade Garnier", "13 %"),
    ]  # fmt: skip


def test_allowances_show_what_was_used() -> None:
    groups = build_view(samples.typical()).usage_groups
    bars = {bar.name: (plain(bar.text), bar.permille, bar.state) for bar in groups[2].bars}
    assert bars == {
        "Internet 5 Go": ("5 Go sur 5 Go", 1000, "full"),
        "Appels 2 h": ("69 min sur 120 min", 575, "normal"),
        "100 SMS": ("58 sur 100 SMS", 580, "normal"),
    }


def test_two_taxes_have_a_row_each() -> None:
    rows = summary(samples.canadian())
    assert rows["TPS 5\u00a0%"] == "3,35 $"
    assert rows["TVQ 9,975\u00a0%"] == "6,68 $"
    assert build_view(samples.canadian()).paper == "Letter"


def test_an_exempt_part_gives_its_reason() -> None:
    view = build_view(samples.business())
    assert view.tax_notes == ("Exonération de TVA, article 262 ter, I du CGI",)
    document = samples.small()
    document["account"]["tax_exempt_reason"] = "Ambassade"
    assert "Exonération : Ambassade" in plain(" ".join(build_view(document).tax_notes))


def test_reverse_charge_is_said_once() -> None:
    document = samples.small()
    text = "Autoliquidation, article 196 de la directive 2006/112/CE"
    document["taxes"][0].update(name=text, legal_text=text, rate_percent="0.000000")
    document["account"]["tax_exempt_reason"] = text
    view = build_view(document)
    assert [tax.name for tax in view.taxes] == ["Exonéré"]
    assert view.tax_notes == (text,)


def test_charges_that_billing_makes_up_are_named_in_the_document_s_language() -> None:
    document = samples.small()
    document["lines"][0].update(charge_kind="cap_credit", description="Spend cap")
    assert build_view(document).charge_groups[0].charges[0].description == "Plafond de dépenses"
    document["lines"][0].update(charge_kind="late_fee", description="Late payment fee F1")
    charge = build_view(document).charge_groups[0].charges[0]
    assert charge.description == "Frais de retard, facture F1"
    document["lines"][0]["description"] = "Bouclier"
    assert build_view(document).charge_groups[0].charges[0].description == "Bouclier"


def test_a_grant_of_nothing_has_no_bar() -> None:
    document = samples.small()
    document["allowances"][0].update(granted=0, carried_in=0, used=0)
    assert len(build_view(document).usage_groups[0].bars) == 2


def test_itemised_rows_add_up_by_service() -> None:
    document = samples.typical()
    rows = samples.usage_rows(document, 300)
    itemised = build_view(document, rows).itemised
    assert itemised is not None and itemised.count == 300
    for group in itemised.groups:
        *services, total = group.subtotals
        assert len(group.rows) == 100
        free = sum(row[6].startswith("0,00") for row in group.rows)
        assert plain(total[1]) == f"100, dont {free} sans frais"
        records = sum(int(plain(subtotal[1]).split(" ")[0]) for subtotal in services)
        assert records == 100


def test_consumers_see_prices_as_they_are_sold() -> None:
    """6.3: where prices include tax, lines are shown gross and the tax as a part of the total."""
    document = samples.british()
    rows = summary(document)
    assert rows["Plans and options"] == "£24.00"
    assert rows["including VAT 20%"] == "£5.00"
    assert "Total before tax" not in rows
    view = build_view(document)
    assert view.amount_heading == "Amount incl. tax"
    assert (view.lines_total.label, view.lines_total.amount) == ("Total including tax", "£30.00")
    document["account"]["kind"] = "business"
    assert summary(document)["Total before tax"] == "£25.00"


def test_lines_that_do_not_foot_to_the_gross_are_shown_net() -> None:
    document = samples.british()
    document["lines"][0]["amount_charged"] = "0.01"
    assert build_view(document).amount_heading == "Amount before tax"


def test_a_partial_credit_names_what_it_corrects() -> None:
    document = samples.credit_note()
    document.update(credited_document_number=None, corrects=["F2026-00000011"])
    view = build_view(document)
    assert ("Rectifie", "F2026-00000011") in [(fact.label, fact.value) for fact in view.facts]
    assert view.headline.sentence == "Sur la facture F2026-00000011"
    document["corrects"] = []
    assert build_view(document).headline.sentence == "Émis le 1er décembre 2026"


def test_usage_whose_details_are_gone_is_said_so() -> None:
    document = samples.typical()
    document["usage_details"]["records"] = 1200
    itemised = build_view(document).itemised
    assert itemised is not None and itemised.count == 0
    assert "1 200" in plain(itemised.notes[0])


def test_legal_mentions_follow_country_and_kind() -> None:
    assert "40 €" in " ".join(build_view(samples.business()).imprint)
    assert "L34-2" in " ".join(build_view(samples.small()).imprint)
    assert "TKG" in " ".join(build_view(samples.german()).imprint)


def test_who_gets_no_list_learns_that_it_is_free() -> None:
    document = samples.small()
    assert "facture détaillée est gratuite" in " ".join(build_view(document).imprint)
    document["account"]["itemisation"] = "masked"
    assert "facture détaillée" not in " ".join(build_view(document).imprint)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "other/1"},
        {"amounts": {}},
        {"lines": [{}]},
        {"bill_date": "yesterday"},
        {"minor_units": None},
    ],
)
def test_what_is_no_document_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(DocumentError):
        build_view({**samples.small(), **change})


def test_amounts_given_as_floats_are_refused() -> None:
    document = samples.small()
    document["amounts"]["due"] = 9.59
    with pytest.raises(DocumentError, match="not an exact number"):
        build_view(document)


def test_itemised_rows_say_how_they_were_counted() -> None:
    document = samples.typical()
    rows = samples.usage_rows(document, 4)
    for row, (quantity, included, amount) in zip(
        rows,
        [(600, 600, "0"), (600, 300, "0.500000"), (600, 0, "0"), (600, 0, "1.000000")],
        strict=True,
    ):
        row.update(
            service="voice", subscription_id="S00022", quantity=quantity,
            included_quantity=included, amount=Decimal(amount),
        )  # fmt: skip
    itemised = build_view(document, rows).itemised
    assert itemised is not None
    (group,) = itemised.groups
    assert [plain(row[5]) for row in group.rows] == [
        "inclus", "0:05:00 inclus", "gratuit", "facturé",
    ]  # fmt: skip
    assert plain(group.subtotals[-1][1]) == "4, dont 2 sans frais"


def test_a_masked_list_says_what_it_leaves_out() -> None:
    document = samples.typical()
    notes = build_view(document, samples.usage_rows(document, 4)).itemised
    assert notes is not None and any("urgence" in note for note in notes.notes)
    document["account"]["itemisation"] = "full"
    notes = build_view(document, samples.usage_rows(document, 4)).itemised
    assert notes is not None and not any("urgence" in note for note in notes.notes)
