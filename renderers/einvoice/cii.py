"""CII: the syntax of UN/CEFACT (Cross Industry Invoice D22B), the one that Factur-X embeds.

Elements stand in the order of the Factur-X 1.09 schema, profile EN 16931.
"""

import datetime as dt
from decimal import Decimal

from renderers.einvoice.model import DISCOUNT, GUIDELINE, EInvoice, Line, Party, TaxSubtotal
from renderers.einvoice.xml import Element, Writer, to_bytes

_UNECE = "urn:un:unece:uncefact:data:"
_WRITER = Writer(
    {
        "rsm": f"{_UNECE}standard:CrossIndustryInvoice:100",
        "ram": f"{_UNECE}standard:ReusableAggregateBusinessInformationEntity:100",
        "qdt": f"{_UNECE}standard:QualifiedDataType:100",
        "udt": f"{_UNECE}standard:UnqualifiedDataType:100",
    }
)
_add, _add_if = _WRITER.add, _WRITER.add_if


def cii_xml(invoice: EInvoice) -> bytes:
    """The e-invoice as a CII file (UTF-8); the same invoice gives the same bytes."""
    root = _WRITER.root("rsm:CrossIndustryInvoice")
    context = _add(root, "rsm:ExchangedDocumentContext")
    if invoice.business_process:
        process = _add(context, "ram:BusinessProcessSpecifiedDocumentContextParameter")
        _add(process, "ram:ID", invoice.business_process)
    _add(_add(context, "ram:GuidelineSpecifiedDocumentContextParameter"), "ram:ID", GUIDELINE)
    head = _add(root, "rsm:ExchangedDocument")
    _add(head, "ram:ID", invoice.number)
    _add(head, "ram:TypeCode", invoice.type_code)
    _date(head, "ram:IssueDateTime", invoice.issued)
    for code, text in invoice.notes:
        note = _add(head, "ram:IncludedNote")
        _add(note, "ram:Content", text)
        _add_if(note, "ram:SubjectCode", code)
    transaction = _add(root, "rsm:SupplyChainTradeTransaction")
    for line in invoice.lines:
        _line(transaction, line)
    agreement = _add(transaction, "ram:ApplicableHeaderTradeAgreement")
    _party(agreement, "ram:SellerTradeParty", invoice.seller)
    _party(agreement, "ram:BuyerTradeParty", invoice.buyer)
    delivery = _add(transaction, "ram:ApplicableHeaderTradeDelivery")
    if any(tax.category == "K" for tax in invoice.taxes):
        _address(_add(delivery, "ram:ShipToTradeParty"), invoice.buyer)
    event = _add(delivery, "ram:ActualDeliverySupplyChainEvent")
    _date(event, "ram:OccurrenceDateTime", invoice.delivered)
    _settlement(transaction, invoice)
    return to_bytes(root)


def _line(transaction: Element, line: Line) -> None:
    item = _add(transaction, "ram:IncludedSupplyChainTradeLineItem")
    head = _add(item, "ram:AssociatedDocumentLineDocument")
    _add(head, "ram:LineID", line.line_id)
    if line.note:
        _add(_add(head, "ram:IncludedNote"), "ram:Content", line.note)
    product = _add(item, "ram:SpecifiedTradeProduct")
    _add(product, "ram:Name", line.name)
    _add_if(product, "ram:Description", line.description)
    price = _add(_add(item, "ram:SpecifiedLineTradeAgreement"), "ram:NetPriceProductTradePrice")
    _add(price, "ram:ChargeAmount", line.price)
    if line.base_quantity != 1:
        _add(price, "ram:BasisQuantity", line.base_quantity, unitCode=line.unit)
    delivery = _add(item, "ram:SpecifiedLineTradeDelivery")
    _add(delivery, "ram:BilledQuantity", line.quantity, unitCode=line.unit)
    settlement = _add(item, "ram:SpecifiedLineTradeSettlement")
    _category(_add(settlement, "ram:ApplicableTradeTax"), line.category, line.rate)
    _period(settlement, line.start, line.end)
    totals = _add(settlement, "ram:SpecifiedTradeSettlementLineMonetarySummation")
    _add(totals, "ram:LineTotalAmount", line.net)


def _party(parent: Element, name: str, party: Party) -> None:
    element = _add(parent, name)
    _add(element, "ram:Name", party.name)
    _add_if(element, "ram:Description", party.legal_text)
    if party.legal_id:
        organisation = _add(element, "ram:SpecifiedLegalOrganization")
        _add(organisation, "ram:ID", party.legal_id, schemeID=party.legal_scheme)
    if party.phone or party.email:
        contact = _add(element, "ram:DefinedTradeContact")
        if party.phone:
            phone = _add(contact, "ram:TelephoneUniversalCommunication")
            _add(phone, "ram:CompleteNumber", party.phone)
        if party.email:
            _add(_add(contact, "ram:EmailURIUniversalCommunication"), "ram:URIID", party.email)
    _address(element, party)
    if party.address:
        _add(
            _add(element, "ram:URIUniversalCommunication"),
            "ram:URIID", party.address, schemeID=party.address_scheme,
        )  # fmt: skip
    if party.vat_number:
        _add(
            _add(element, "ram:SpecifiedTaxRegistration"), "ram:ID", party.vat_number,
            schemeID="VA",
        )  # fmt: skip


def _address(parent: Element, party: Party) -> None:
    address = _add(parent, "ram:PostalTradeAddress")
    _add_if(address, "ram:PostcodeCode", party.postal_code)
    _add_if(address, "ram:LineOne", party.street)
    _add_if(address, "ram:CityName", party.city)
    _add(address, "ram:CountryID", party.country)
    _add_if(address, "ram:CountrySubDivisionName", party.region)


def _settlement(transaction: Element, invoice: EInvoice) -> None:
    settlement = _add(transaction, "ram:ApplicableHeaderTradeSettlement")
    _add(settlement, "ram:PaymentReference", invoice.number)
    _add(settlement, "ram:InvoiceCurrencyCode", invoice.currency)
    if invoice.means:
        means = _add(settlement, "ram:SpecifiedTradeSettlementPaymentMeans")
        _add(means, "ram:TypeCode", invoice.means.code)
        if invoice.means.iban:
            account = _add(means, "ram:PayeePartyCreditorFinancialAccount")
            _add(account, "ram:IBANID", invoice.means.iban)
        if invoice.means.bic:
            bank = _add(means, "ram:PayeeSpecifiedCreditorFinancialInstitution")
            _add(bank, "ram:BICID", invoice.means.bic)
    for tax in invoice.taxes:
        _subtotal(settlement, tax)
    _period(settlement, invoice.start, invoice.end)
    for item in invoice.allowances:
        element = _add(settlement, "ram:SpecifiedTradeAllowanceCharge")
        indicator = _add(element, "ram:ChargeIndicator")
        _add(indicator, "udt:Indicator", "true" if item.is_charge else "false")
        _add(element, "ram:ActualAmount", item.amount)
        _add_if(element, "ram:ReasonCode", None if item.is_charge else DISCOUNT)
        _add(element, "ram:Reason", item.reason)
        _category(_add(element, "ram:CategoryTradeTax"), item.category, item.rate)
    if invoice.terms or invoice.due:
        terms = _add(settlement, "ram:SpecifiedTradePaymentTerms")
        _add_if(terms, "ram:Description", invoice.terms)
        if invoice.due:
            _date(terms, "ram:DueDateDateTime", invoice.due)
    totals = _add(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    _add(totals, "ram:LineTotalAmount", invoice.line_total)
    if invoice.allowances:
        _add(totals, "ram:ChargeTotalAmount", invoice.charge_total)
        _add(totals, "ram:AllowanceTotalAmount", invoice.allowance_total)
    _add(totals, "ram:TaxBasisTotalAmount", invoice.net)
    _add(totals, "ram:TaxTotalAmount", invoice.tax, currencyID=invoice.currency)
    _add(totals, "ram:GrandTotalAmount", invoice.total)
    _add(totals, "ram:DuePayableAmount", invoice.total)
    for number, day in invoice.preceding:
        document = _add(settlement, "ram:InvoiceReferencedDocument")
        _add(document, "ram:IssuerAssignedID", number)
        if day:
            _date(document, "ram:FormattedIssueDateTime", day, kind="qdt")


def _subtotal(settlement: Element, tax: TaxSubtotal) -> None:
    element = _add(settlement, "ram:ApplicableTradeTax")
    _add(element, "ram:CalculatedAmount", tax.tax)
    _add(element, "ram:TypeCode", "VAT")
    _add_if(element, "ram:ExemptionReason", tax.reason)
    _add(element, "ram:BasisAmount", tax.base)
    _add(element, "ram:CategoryCode", tax.category)
    _add_if(element, "ram:ExemptionReasonCode", tax.reason_code)
    if tax.category != "O":
        _add(element, "ram:RateApplicablePercent", tax.rate)


def _category(element: Element, category: str, rate: Decimal) -> None:
    _add(element, "ram:TypeCode", "VAT")
    _add(element, "ram:CategoryCode", category)
    if category != "O":
        _add(element, "ram:RateApplicablePercent", rate)


def _period(parent: Element, start: dt.date | None, end: dt.date | None) -> None:
    if start and end:
        period = _add(parent, "ram:BillingSpecifiedPeriod")
        _date(period, "ram:StartDateTime", start)
        _date(period, "ram:EndDateTime", end)


def _date(parent: Element, name: str, day: dt.date, kind: str = "udt") -> None:
    _add(_add(parent, name), f"{kind}:DateTimeString", day.strftime("%Y%m%d"), format="102")
