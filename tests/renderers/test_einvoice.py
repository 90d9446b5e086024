"""E-invoices hold the official rules, say exactly what the bill says, or say why they cannot."""

import datetime as dt
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from orchestration.crediting import credit_note_of
from renderers.einvoice import EInvoice, NotExpressible, cii_xml, is_wanted, of_document, ubl_xml
from renderers.rendering import RenderReport, render_documents
from tests.renderers import samples, validation
from tests.renderers.business_bills import (
    KINDS,
    bill,
    exempt,
    of_business,
    plain,
    several_rates,
    taxed,
)
from tests.renderers.business_bills import three_decimals as in_thousandths
from tests.renderers.hostile import HOSTILE
from tests.renderers.validation import etree

# The French administration's rules know neither other countries' taxes nor other currencies.
NOT_FRENCH = {"canary_islands", "without_decimals", "three_decimals"}


@cache
def invoice_of(kind: str) -> EInvoice:
    return of_document(read_back(KINDS[kind]()))


def read_back(document: samples.Document) -> dict[str, Any]:
    """The document as rendering reads it."""
    return json.loads(samples.canonical(document), parse_float=Decimal)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "invoice.xml"
    path.write_bytes(content)
    return path


# The official rules


@pytest.mark.parametrize("kind", KINDS)
def test_the_cii_file_holds_schema_and_rules(kind: str, tmp_path: Path) -> None:
    invoice = invoice_of(kind)
    content = cii_xml(invoice)
    assert validation.schema_faults(content, validation.CII_SCHEMA) == []
    path = written(tmp_path, content)
    assert validation.rule_faults(path, validation.CII_RULES) == []
    if invoice.seller.country == "FR" and kind not in NOT_FRENCH:
        assert validation.rule_faults(path, validation.FRENCH_CII_RULES) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_ubl_file_holds_schema_and_rules(kind: str, tmp_path: Path) -> None:
    invoice = invoice_of(kind)
    content = ubl_xml(invoice)
    schema = validation.UBL_SCHEMAS["CreditNote" if invoice.is_credit_note else "Invoice"]
    assert validation.schema_faults(content, schema) == []
    path = written(tmp_path, content)
    assert validation.rule_faults(path, validation.UBL_RULES) == []
    if invoice.seller.country == "FR" and kind not in NOT_FRENCH:
        assert validation.rule_faults(path, validation.FRENCH_UBL_RULES) == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b"<ram:CategoryCode>S<", b"<ram:CategoryCode>E<", "BR-E-10"),
        (b"<ram:GrandTotalAmount>23.88<", b"<ram:GrandTotalAmount>24.00<", "BR-CO-15"),
        (b"<ram:ChargeAmount>19.9<", b"<ram:ChargeAmount>-19.9<", "BR-27"),
    ],
)
def test_the_rules_would_notice_a_fault(old: bytes, new: bytes, rule: str, tmp_path: Path) -> None:
    content = cii_xml(invoice_of("plain"))
    assert old in content
    faults = validation.rule_faults(
        written(tmp_path, content.replace(old, new)), validation.CII_RULES
    )
    assert any(fault.startswith(rule) for fault in faults), faults


def test_the_rules_for_ubl_would_notice_a_fault(tmp_path: Path) -> None:
    content = ubl_xml(invoice_of("plain"))
    broken = content.replace(b">23.88</cbc:TaxInclusiveAmount>", b">24.00</cbc:TaxInclusiveAmount>")
    assert broken != content
    faults = validation.rule_faults(written(tmp_path, broken), validation.UBL_RULES)
    assert any(fault.startswith("BR-CO-15") for fault in faults), faults
    assert validation.schema_faults(
        content.replace(b"cbc:IssueDate", b"cbc:DateOfIssue"), validation.UBL_SCHEMAS["Invoice"]
    )


# What it says


@pytest.mark.parametrize("kind", KINDS)
def test_every_amount_is_that_of_the_bill(kind: str) -> None:
    """To the last digit, in both files: the official rules tolerate almost 1."""
    document = read_back(KINDS[kind]())
    sign = -1 if document["document_kind"] == "credit_note" else 1
    amounts = {name: Decimal(text) * sign for name, text in document["amounts"].items()}
    nets = [Decimal(line["amount_net"]) * sign for line in document["lines"]]
    unit = Decimal(1).scaleb(-min(document["minor_units"], 2))
    invoice = invoice_of(kind)
    for said in (_said_by_cii(cii_xml(invoice)), _said_by_ubl(ubl_xml(invoice))):
        assert said["net"] == amounts["net"] == sum(nets)
        assert said["tax"] == amounts["tax"] == sum(tax for _, tax, _ in said["taxes"])
        assert said["total"] == said["payable"] == amounts["total"] == said["net"] + said["tax"]
        # Every line of the bill is there once, as a line or as a discount.
        discounts = [-amount for amount in said["discounts"]] + said["discounts_taken_back"]
        assert sorted(said["lines"] + discounts) == sorted(nets)
        assert sum(said["lines"]) + sum(discounts) == amounts["net"]
        assert sum(base for base, _, _ in said["taxes"]) == amounts["net"]
        for net, quantity, price, base_quantity in said["priced"]:
            assert quantity * price == net * base_quantity
            assert price >= 0
        for base, tax, rate in said["taxes"]:
            assert abs(tax - base * rate / 100) <= unit


def _said_by_cii(content: bytes) -> dict[str, Any]:
    tree = etree.fromstring(content)
    ram = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"
    udt = "{urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100}"

    def number(element: Any, name: str, default: str | None = None) -> Decimal:
        path = "/".join(ram + part for part in name.split("/"))
        text = element.findtext(path, default)
        assert text is not None, name
        return Decimal(text)

    head = next(tree.iter(f"{ram}ApplicableHeaderTradeSettlement"))
    totals = next(tree.iter(f"{ram}SpecifiedTradeSettlementHeaderMonetarySummation"))
    lines = list(tree.iter(f"{ram}IncludedSupplyChainTradeLineItem"))
    settled = "SpecifiedLineTradeSettlement/SpecifiedTradeSettlementLineMonetarySummation"
    price = "SpecifiedLineTradeAgreement/NetPriceProductTradePrice"
    allowances = head.findall(f"{ram}SpecifiedTradeAllowanceCharge")
    by_kind: dict[str, list[Decimal]] = {"true": [], "false": []}
    for item in allowances:
        by_kind[item.findtext(f"{ram}ChargeIndicator/{udt}Indicator", "")].append(
            number(item, "ActualAmount")
        )
    return {
        "net": number(totals, "TaxBasisTotalAmount"),
        "tax": number(totals, "TaxTotalAmount"),
        "total": number(totals, "GrandTotalAmount"),
        "payable": number(totals, "DuePayableAmount"),
        "lines": [number(line, f"{settled}/LineTotalAmount") for line in lines],
        "priced": [
            (
                number(line, f"{settled}/LineTotalAmount"),
                number(line, "SpecifiedLineTradeDelivery/BilledQuantity"),
                number(line, f"{price}/ChargeAmount"),
                number(line, f"{price}/BasisQuantity", "1"),
            )
            for line in lines
        ],
        "discounts": by_kind["false"],
        "discounts_taken_back": by_kind["true"],
        "taxes": [
            (
                number(tax, "BasisAmount"),
                number(tax, "CalculatedAmount"),
                number(tax, "RateApplicablePercent", "0"),
            )
            for tax in head.findall(f"{ram}ApplicableTradeTax")
        ],
    }


def _said_by_ubl(content: bytes) -> dict[str, Any]:
    tree = etree.fromstring(content)
    spaces = {
        "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
        "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    }

    def number(element: Any, path: str, default: str | None = None) -> Decimal:
        text = element.findtext(path, default, spaces)
        assert text is not None, path
        return Decimal(text)

    def all_of(element: Any, path: str) -> list[Any]:
        return element.findall(path, spaces)

    lines = all_of(tree, "cac:InvoiceLine") + all_of(tree, "cac:CreditNoteLine")
    by_kind: dict[str, list[Decimal]] = {"true": [], "false": []}
    for item in all_of(tree, "cac:AllowanceCharge"):
        by_kind[item.findtext("cbc:ChargeIndicator", "", spaces)].append(number(item, "cbc:Amount"))
    quantity = "cbc:CreditedQuantity" if "CreditNote" in tree.tag else "cbc:InvoicedQuantity"
    return {
        "net": number(tree, "cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount"),
        "tax": number(tree, "cac:TaxTotal/cbc:TaxAmount"),
        "total": number(tree, "cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount"),
        "payable": number(tree, "cac:LegalMonetaryTotal/cbc:PayableAmount"),
        "lines": [number(line, "cbc:LineExtensionAmount") for line in lines],
        "priced": [
            (
                number(line, "cbc:LineExtensionAmount"),
                number(line, quantity),
                number(line, "cac:Price/cbc:PriceAmount"),
                number(line, "cac:Price/cbc:BaseQuantity", "1"),
            )
            for line in lines
        ],
        "discounts": by_kind["false"],
        "discounts_taken_back": by_kind["true"],
        "taxes": [
            (
                number(tax, "cbc:TaxableAmount"),
                number(tax, "cbc:TaxAmount"),
                number(tax, "cac:TaxCategory/cbc:Percent", "0"),
            )
            for tax in all_of(tree, "cac:TaxTotal/cac:TaxSubtotal")
        ],
    }


def test_quantities_have_their_units_and_prices_that_are_exact() -> None:
    lines = {line.name: line for line in invoice_of("prorated_usage").lines}

    def of(name: str) -> tuple[str, str, str, str]:
        line = lines[name]
        return f"{line.quantity:f}", line.unit, f"{line.price:f}", f"{line.base_quantity:f}"

    assert of("Option voix") == ("3", "MON", "4.67", "1")
    assert of("Hébergement") == ("1", "ANN", "120", "1")
    # Not a month's price, when it is not a month.
    assert of("Pro 50 Go") == ("1", "C62", "12.61", "1")
    assert of("Appels") == ("1050", "SEC", "3.33", "1050")
    assert of("Appels courts") == ("7", "SEC", "0.01", "1")
    assert of("Internet")[1] == "AD"
    assert of("SMS") == ("7", "C62", "0.1", "1")
    assert of("Appels à 0") == ("1", "C62", "0", "1")


def test_discounts_are_allowances_of_the_document() -> None:
    invoice = invoice_of("discounts")
    assert [(item.is_charge, item.amount, item.rate) for item in invoice.allowances] == [
        (False, Decimal("4.99"), Decimal(20)),
        (False, Decimal("0.99"), Decimal("5.5")),
        (True, Decimal("1.50"), Decimal(20)),
    ]
    assert invoice.allowances[0].reason.startswith("Remise 10 % · Accueil")
    assert "octobre" in invoice.allowances[2].reason or "oct." in invoice.allowances[2].reason
    # A credit and a cap are lines that take back: the quantity is negative, the price is not.
    taken_back = [line for line in invoice.lines if line.net < 0]
    assert [(line.quantity, line.price) for line in taken_back] == [(-1, 30), (-1, 3)]


def test_a_credit_note_is_positive_and_names_what_it_credits() -> None:
    invoice = invoice_of("credit_note")
    assert invoice.type_code == "381"
    assert invoice.total > 0
    assert invoice.preceding == (("F2026-00004001", dt.date(2026, 11, 1)),)
    assert (None, "Facture établie par erreur") in invoice.notes
    assert [item.is_charge for item in invoice.allowances] == [False]
    assert len(invoice_of("credit_of_a_month").preceding) == 2
    assert invoice_of("corrections").preceding == (("F2026-00004001", dt.date(2026, 11, 1)),)


@pytest.mark.parametrize("kind", ["discounts", "several_rates", "outside_beside_standard", "fleet"])
def test_crediting_an_invoice_in_full_turns_it_round(kind: str, tmp_path: Path) -> None:
    """The credit note that crediting writes, of an invoice as it was issued."""
    document = read_back(KINDS[kind]())
    note = of_document(credit_note_of(document, number="A2026-00000001", reason="Erreur"))
    invoice = invoice_of(kind)
    assert (note.net, note.tax, note.total) == (invoice.net, invoice.tax, invoice.total)
    assert [line.net for line in note.lines] == [line.net for line in invoice.lines]
    assert note.taxes == invoice.taxes
    assert note.preceding == ((invoice.number, invoice.issued),)
    path = written(tmp_path, cii_xml(note))
    assert validation.rule_faults(path, validation.CII_RULES) == []


def test_periods_of_lines_lie_within_that_of_the_invoice() -> None:
    invoice = invoice_of("corrections")
    assert (invoice.start, invoice.end) == (dt.date(2026, 10, 1), dt.date(2026, 12, 31))
    assert invoice.delivered == dt.date(2026, 11, 30)
    for line in invoice.lines:
        assert line.start and line.end and invoice.start <= line.start <= line.end <= invoice.end


def test_what_is_outside_tax_is_exempt_beside_what_is_taxed_and_outside_alone() -> None:
    beside = {tax.category: tax for tax in invoice_of("outside_beside_standard").taxes}
    assert beside.keys() == {"S", "E"}
    assert beside["E"].reason == "Opération hors du champ d’application de la TVA"
    assert beside["E"].base == 40
    alone = invoice_of("only_outside")
    assert [(tax.category, tax.reason_code) for tax in alone.taxes] == [("O", "VATEX-EU-O")]
    assert alone.seller.vat_number is None


def test_an_exemption_says_why_by_code_or_in_words() -> None:
    def why(kind: str) -> tuple[str | None, str | None]:
        tax = invoice_of(kind).taxes[0]
        return tax.reason_code, tax.reason

    assert why("exempt") == (None, "Organisme exonéré, article 261 D du CGI")
    assert (None, "Don, hors du champ de la TVA") in [
        (tax.reason_code, tax.reason) for tax in invoice_of("outside_by_code").taxes
    ]
    assert why("exempt_by_code") == ("VATEX-EU-151-1A", "Embassy of Utopia")
    assert why("reverse_charge") == ("VATEX-EU-AE", "Autoliquidation")
    assert why("within_the_union") == ("VATEX-EU-IC", None)


def test_tax_is_that_of_the_bill_where_it_was_rounded_twice() -> None:
    (tax,) = invoice_of("one_rate_twice").taxes
    assert (tax.base, tax.tax) == (Decimal("20.06"), Decimal("4.02"))
    (tax,) = invoice_of("with_tax_inside").taxes
    assert (tax.base, tax.tax) == (Decimal("8.37"), Decimal("1.68"))


def test_a_balance_is_told_and_not_charged() -> None:
    invoice = invoice_of("in_favour")
    assert invoice.total == Decimal("23.88")
    assert any("-25.00 EUR" in text for _, text in invoice.notes)


# Who gets one


def test_business_accounts_get_one_and_documents_of_template_1_do_not() -> None:
    document = plain()
    assert is_wanted(document)
    document["template"] = "1"
    assert not is_wanted(document)
    assert not is_wanted(samples.typical())


# What cannot be said


def _without_decimals_of_tax() -> samples.Document:
    return in_thousandths(tax="9.984")


def _changed(path: str, value: object, make: Callable[[], samples.Document] = plain) -> Any:
    def document() -> samples.Document:
        made = make()
        *parents, last = path.split(".")
        place: Any = made
        for name in parents:
            place = place[int(name)] if isinstance(place, list) else place[name]
        place[last] = value
        return made

    return document


def _reverse_charge_without_number() -> samples.Document:
    return exempt("VATEX-EU-AE Autoliquidation", "AE", vat_number=None)


def _canadian() -> samples.Document:
    document = samples.canadian()
    document["account"]["kind"] = "business"
    return document


def _standard_at_zero() -> samples.Document:
    builder = bill().line(None, "recurring", "Pro", "10.00")
    row = {"rate_percent": "0.000000", "en16931_category": "S"}
    return taxed(builder.build(), "standard", [row])


REFUSED: dict[str, tuple[Callable[[], samples.Document], str]] = {
    "no line": (lambda: of_business(samples.empty()), "no_lines"),
    "two taxes on a charge": (_canadian, "several_taxes"),
    "thousandths": (_without_decimals_of_tax, "three_decimals"),
    "seller without number": (_changed("operator.vat_number", None), "seller_vat_number"),
    "seller's number of no country": (_changed("operator.vat_number", "123"), "seller_vat_number"),
    "buyer without number": (_reverse_charge_without_number, "buyer_vat_number"),
    "category S at 0": (_standard_at_zero, "category_and_rate"),
    "tax off by 0.01": (_changed("taxes.0.amount_tax", "3.99"), "tax"),
    "base off by 0.01": (_changed("taxes.0.taxable_amount", "19.91"), "totals"),
    "tax of no line": (_changed("taxes.0.tax_category", "other"), "totals"),
    "net off by 0.01": (_changed("amounts.net", "19.91"), "totals"),
    "total off by 0.01": (_changed("amounts.total", "23.89"), "totals"),
    "line off by 0.01": (_changed("lines.0.amount_net", "19.89", several_rates), "totals"),
    "no currency": (_changed("currency_code", "euro"), "currency"),
    "no country": (_changed("account.country", "QZ"), "country"),
    "no name": (_changed("account.name", "\u202e\u200b"), "name"),
    "another schema": (_changed("schema", "other/1"), "schema"),
    "a float": (_changed("amounts.net", 19.9), "unreadable"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_said_is_refused_with_its_reason(case: str) -> None:
    make, reason = REFUSED[case]
    with pytest.raises(NotExpressible) as caught:
        of_document(make())
    assert caught.value.reason == reason
    assert str(caught.value).startswith(f"{reason}: ")


# Hostile texts, same bytes


@pytest.mark.parametrize("text", [*HOSTILE, "\ud800", "a\x00b", "\ufffe", "]]>"], ids=repr)
def test_hostile_texts_are_text(text: str) -> None:
    document = plain()
    document["account"].update(name=f"x {text}", street=text, city=text, email=text)
    document["operator"].update(legal_name=f"x {text}", registration=text, support_email=text)
    document["lines"][0]["description"] = text
    document["subscriptions"][0].update(name=text, plan=text)
    document["credit_reason"] = text
    expected = of_document(document)
    for content in (cii_xml(expected), ubl_xml(expected)):
        tree = etree.fromstring(content)
        elements = {etree.QName(element).localname for element in tree.iter(etree.Element)}
        assert not elements & {"script", "img", "svg", "iframe", "body", "table", "a"}
        assert not [node for node in tree.iter() if not isinstance(node.tag, str)]
        texts = {element.text for element in tree.iter() if element.text}
        assert expected.buyer.name in texts
        assert tree.getroottree().docinfo.internalDTD is None


PROGRAM = """
import hashlib, json, sys
from decimal import Decimal
from renderers.einvoice import cii_xml, of_document, ubl_xml

invoice = of_document(json.loads(sys.stdin.read(), parse_float=Decimal))
print(hashlib.sha256(cii_xml(invoice) + ubl_xml(invoice)).hexdigest())
"""


def test_another_process_gives_the_same_bytes() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=samples.canonical(KINDS["several_rates"]()), capture_output=True, text=True,
        check=True, env={"PYTHONHASHSEED": "7", "TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    invoice = invoice_of("several_rates")
    expected = hashlib.sha256(cii_xml(invoice) + ubl_xml(invoice)).hexdigest()
    assert finished.stdout.strip() == expected


# Beside the PDF file


def test_a_run_writes_reports_and_keeps_them(tmp_path: Path) -> None:
    consumer = samples.one_line()
    canadian = _canadian()
    made = [KINDS["plain"](), canadian, consumer]
    items = [(samples.canonical(document), []) for document in made]
    report = render_documents(items, tmp_path)
    reason = "several_taxes: a line has one tax, line 1 has TPS, TVQ"
    told = [(canadian["document_number"], reason)]
    assert report == RenderReport(written=3, e_invoices=1, without_e_invoice=told)
    assert [path.name for path in tmp_path.rglob("*.xml")] == ["F2026-00005001.xml"]
    path = tmp_path / "2026-12-01" / "F2026-00005001.xml"
    assert path.read_bytes() == ubl_xml(invoice_of("plain"))
    again = render_documents(items, tmp_path)
    assert again == RenderReport(unchanged=3, e_invoices=1, without_e_invoice=told)
    path.unlink()
    assert render_documents(items, tmp_path).written == 1
    assert path.exists()


def test_one_that_can_no_longer_be_said_does_not_stay(tmp_path: Path) -> None:
    document = KINDS["plain"]()
    render_documents([(samples.canonical(document), [])], tmp_path)
    document["operator"]["vat_number"] = None
    report = render_documents([(samples.canonical(document), [])], tmp_path)
    assert (report.written, report.e_invoices) == (1, 0)
    assert not list(tmp_path.rglob("*.xml"))
    assert list(tmp_path.rglob("*.pdf"))
