"""UBL 2.1: the syntax of OASIS (ISO/IEC 19845), an Invoice or a CreditNote.

Elements stand in the order of the schema; the mapping is that of CEN/TS 16931-3-2.
"""

import datetime as dt
from decimal import Decimal

from renderers.einvoice.model import DISCOUNT, GUIDELINE, EInvoice, Line, Party
from renderers.einvoice.xml import Element, Writer, to_bytes

_OASIS = "urn:oasis:names:specification:ubl:schema:xsd:"
_COMMON = {
    "cac": f"{_OASIS}CommonAggregateComponents-2",
    "cbc": f"{_OASIS}CommonBasicComponents-2",
}
_INVOICE = Writer({"ubl": f"{_OASIS}Invoice-2", **_COMMON})
_CREDIT_NOTE = Writer({"ubl": f"{_OASIS}CreditNote-2", **_COMMON})
_add, _add_if = _INVOICE.add, _INVOICE.add_if


def ubl_xml(invoice: EInvoice) -> bytes:
    """The e-invoice as a UBL file (UTF-8); the same invoice gives the same bytes."""
    is_credit = invoice.is_credit_note
    root = (
        _CREDIT_NOTE.root("ubl:CreditNote", default="ubl")
        if is_credit
        else _INVOICE.root("ubl:Invoice", default="ubl")
    )
    _add(root, "cbc:CustomizationID", GUIDELINE)
    _add_if(root, "cbc:ProfileID", invoice.business_process)
    _add(root, "cbc:ID", invoice.number)
    _add(root, "cbc:IssueDate", invoice.issued)
    if not is_credit:
        _add_if(root, "cbc:DueDate", invoice.due)
    _add(root, "cbc:CreditNoteTypeCode" if is_credit else "cbc:InvoiceTypeCode", invoice.type_code)
    for code, text in invoice.notes:
        _add(root, "cbc:Note", f"#{code}#{text}" if code else text)
    _add(root, "cbc:DocumentCurrencyCode", invoice.currency)
    _period(root, invoice.start, invoice.end)
    for number, day in invoice.preceding:
        reference = _add(_add(root, "cac:BillingReference"), "cac:InvoiceDocumentReference")
        _add(reference, "cbc:ID", number)
        _add_if(reference, "cbc:IssueDate", day)
    _party(_add(root, "cac:AccountingSupplierParty"), invoice.seller)
    _party(_add(root, "cac:AccountingCustomerParty"), invoice.buyer)
    delivery = _add(root, "cac:Delivery")
    _add(delivery, "cbc:ActualDeliveryDate", invoice.delivered)
    if any(tax.category == "K" for tax in invoice.taxes):
        _address(_add(_add(delivery, "cac:DeliveryLocation"), "cac:Address"), invoice.buyer)
    if invoice.means:
        means = _add(root, "cac:PaymentMeans")
        _add(means, "cbc:PaymentMeansCode", invoice.means.code)
        _add(means, "cbc:PaymentID", invoice.number)
        if invoice.means.iban:
            account = _add(means, "cac:PayeeFinancialAccount")
            _add(account, "cbc:ID", invoice.means.iban)
            if invoice.means.bic:
                branch = _add(account, "cac:FinancialInstitutionBranch")
                _add(branch, "cbc:ID", invoice.means.bic)
    if invoice.terms:
        _add(_add(root, "cac:PaymentTerms"), "cbc:Note", invoice.terms)
    for item in invoice.allowances:
        element = _add(root, "cac:AllowanceCharge")
        _add(element, "cbc:ChargeIndicator", "true" if item.is_charge else "false")
        _add_if(element, "cbc:AllowanceChargeReasonCode", None if item.is_charge else DISCOUNT)
        _add(element, "cbc:AllowanceChargeReason", item.reason)
        _money(element, "cbc:Amount", item.amount, invoice)
        _category(element, "cac:TaxCategory", item.category, item.rate)
    _taxes(root, invoice)
    totals = _add(root, "cac:LegalMonetaryTotal")
    _money(totals, "cbc:LineExtensionAmount", invoice.line_total, invoice)
    _money(totals, "cbc:TaxExclusiveAmount", invoice.net, invoice)
    _money(totals, "cbc:TaxInclusiveAmount", invoice.total, invoice)
    if invoice.allowances:
        _money(totals, "cbc:AllowanceTotalAmount", invoice.allowance_total, invoice)
        _money(totals, "cbc:ChargeTotalAmount", invoice.charge_total, invoice)
    _money(totals, "cbc:PayableAmount", invoice.total, invoice)
    for line in invoice.lines:
        _line(root, line, invoice)
    return to_bytes(root)


def _line(root: Element, line: Line, invoice: EInvoice) -> None:
    is_credit = invoice.is_credit_note
    element = _add(root, "cac:CreditNoteLine" if is_credit else "cac:InvoiceLine")
    _add(element, "cbc:ID", line.line_id)
    _add_if(element, "cbc:Note", line.note)
    name = "cbc:CreditedQuantity" if is_credit else "cbc:InvoicedQuantity"
    _add(element, name, line.quantity, unitCode=line.unit)
    _money(element, "cbc:LineExtensionAmount", line.net, invoice)
    _period(element, line.start, line.end)
    item = _add(element, "cac:Item")
    _add_if(item, "cbc:Description", line.description)
    _add(item, "cbc:Name", line.name)
    _category(item, "cac:ClassifiedTaxCategory", line.category, line.rate)
    price = _add(element, "cac:Price")
    _money(price, "cbc:PriceAmount", line.price, invoice)
    if line.base_quantity != 1:
        _add(price, "cbc:BaseQuantity", line.base_quantity, unitCode=line.unit)


def _party(parent: Element, party: Party) -> None:
    element = _add(parent, "cac:Party")
    _add_if(element, "cbc:EndpointID", party.address, schemeID=party.address_scheme)
    _address(_add(element, "cac:PostalAddress"), party)
    if party.vat_number:
        scheme = _add(element, "cac:PartyTaxScheme")
        _add(scheme, "cbc:CompanyID", party.vat_number)
        _add(_add(scheme, "cac:TaxScheme"), "cbc:ID", "VAT")
    legal = _add(element, "cac:PartyLegalEntity")
    _add(legal, "cbc:RegistrationName", party.name)
    _add_if(legal, "cbc:CompanyID", party.legal_id, schemeID=party.legal_scheme)
    _add_if(legal, "cbc:CompanyLegalForm", party.legal_text)
    if party.phone or party.email:
        contact = _add(element, "cac:Contact")
        _add_if(contact, "cbc:Telephone", party.phone)
        _add_if(contact, "cbc:ElectronicMail", party.email)


def _address(element: Element, party: Party) -> None:
    _add_if(element, "cbc:StreetName", party.street)
    _add_if(element, "cbc:CityName", party.city)
    _add_if(element, "cbc:PostalZone", party.postal_code)
    _add_if(element, "cbc:CountrySubentity", party.region)
    _add(_add(element, "cac:Country"), "cbc:IdentificationCode", party.country)


def _taxes(root: Element, invoice: EInvoice) -> None:
    total = _add(root, "cac:TaxTotal")
    _money(total, "cbc:TaxAmount", invoice.tax, invoice)
    for tax in invoice.taxes:
        subtotal = _add(total, "cac:TaxSubtotal")
        _money(subtotal, "cbc:TaxableAmount", tax.base, invoice)
        _money(subtotal, "cbc:TaxAmount", tax.tax, invoice)
        category = _category(subtotal, "cac:TaxCategory", tax.category, tax.rate, scheme=False)
        _add_if(category, "cbc:TaxExemptionReasonCode", tax.reason_code)
        _add_if(category, "cbc:TaxExemptionReason", tax.reason)
        _add(_add(category, "cac:TaxScheme"), "cbc:ID", "VAT")


def _category(
    parent: Element, name: str, category: str, rate: Decimal, *, scheme: bool = True
) -> Element:
    element = _add(parent, name)
    _add(element, "cbc:ID", category)
    if category != "O":
        _add(element, "cbc:Percent", rate)
    if scheme:
        _add(_add(element, "cac:TaxScheme"), "cbc:ID", "VAT")
    return element


def _period(parent: Element, start: dt.date | None, end: dt.date | None) -> None:
    if start and end:
        period = _add(parent, "cac:InvoicePeriod")
        _add(period, "cbc:StartDate", start)
        _add(period, "cbc:EndDate", end)


def _money(parent: Element, name: str, amount: Decimal, invoice: EInvoice) -> None:
    _add(parent, name, amount, currencyID=invoice.currency)
