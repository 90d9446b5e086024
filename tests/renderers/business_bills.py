"""Bills of business accounts, one of each kind that an e-invoice has to express."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.renderers import samples
from tests.renderers.samples import OCTOBER, Builder, Document, cents

VAT_NUMBERS = {"FR": "FR40303265045", "DE": "DE136695976", "GB": "GB980780684", "CA": None}


def bill(seller: str = "FR", number: str = "F2026-00005001", **values: Any) -> Builder:
    """An empty bill of a company that pays by transfer."""
    kind = values.pop("kind_of_document", "invoice")
    builder = Builder(seller, number=number, kind=kind)
    return builder.account(
        **{
            "kind": "business", "name": "Transports du Nord SA", "payment_method": "transfer",
            "vat_number": VAT_NUMBERS[seller], **values,
        }
    )  # fmt: skip


def of_business(document: Document) -> Document:
    """A sample as the bill of a company."""
    country = document["operator"]["country"]
    document["account"].update(kind="business", vat_number=VAT_NUMBERS[country])
    return document


def taxed(document: Document, category: str, rates: list[dict[str, Any]]) -> Document:
    """Puts a tax of one's own on the lines of a tax category, and foots the document anew."""
    lines = [line for line in document["lines"] if line["tax_category"] == category]
    net = sum((Decimal(line["amount_net"]) for line in lines), Decimal(0))
    rows = [row for row in document["taxes"] if row["tax_category"] != category]
    for rate in rates:
        tax = cents(net * Decimal(rate["rate_percent"]) / 100)
        rows.append(
            {
                "tax_category": category, "tax_id": "own", "name": "VAT", "legal_text": None,
                "taxable_amount": f"{net:.2f}", "amount_tax": f"{tax:.2f}", **rate,
            }
        )  # fmt: skip
    for line in lines:
        line["taxes"] = [
            {"tax_id": row["tax_id"], "name": row["name"], "rate_percent": row["rate_percent"]}
            for row in rows
            if row["tax_category"] == category
        ]
    document["taxes"] = rows
    tax = sum((Decimal(row["amount_tax"]) for row in rows), Decimal(0))
    total = Decimal(document["amounts"]["net"]) + tax
    document["amounts"].update(tax=f"{tax:.2f}", total=f"{total:.2f}", due=f"{total:.2f}")
    return document


def plain() -> Document:
    builder = bill()
    line = builder.subscription(1, "Accueil", "Pro 50 Go")
    return builder.line(line, "recurring", "Pro 50 Go", "19.90").build()


def prorated_usage() -> Document:
    """Quantities of every unit, prices that do not end, a product for some days."""
    builder = bill()
    line = builder.subscription(1, "Accueil", "Pro 50 Go")
    builder.line(line, "recurring", "Pro 50 Go", "12.61", charged=("2026-11-12", "2026-12-01"))
    builder.line(line, "recurring", "Option voix", "14.01", quantity="3")
    builder.line(line, "recurring", "Hébergement", "120.00", unit="year",
                 period=("2026-11-01", "2027-11-01"))  # fmt: skip
    builder.line(line, "usage", "Appels", "3.33", quantity="1050", unit="second")
    builder.line(line, "usage", "Appels courts", "0.07", quantity="7", unit="second")
    builder.line(line, "usage", "Internet", "2.41", quantity="1234567890", unit="byte")
    builder.line(line, "usage", "Objets connectés", "0.01", quantity="999", unit="byte")
    builder.line(line, "usage", "Itinérance", "1.27", quantity="95000001", unit="byte")
    builder.line(line, "usage", "SMS", "0.70", quantity="7", unit="message")
    builder.line(line, "usage", "Appels offerts", "0.00", quantity="61", unit="second")
    builder.line(line, "usage", "Appels à 0", "0.00", quantity="0", unit="second")
    return builder.build()


def discounts() -> Document:
    """Discounts at two rates, one taken back, a goodwill credit, a cap."""
    builder = bill()
    line = builder.subscription(1, "Accueil", "Pro 50 Go")
    builder.line(line, "recurring", "Pro 50 Go", "49.90")
    builder.line(line, "recurring", "Presse", "9.90", category="reduced")
    builder.line(line, "usage", "Itinérance", "80.00", quantity="95000000", unit="byte")
    builder.line(line, "cap_credit", "Spend cap", "-30.00", quantity=None)
    builder.line(line, "discount", "Remise 10 %", "-4.99", quantity=None)
    builder.line(line, "discount", "Remise 10 %", "-0.99", quantity=None, category="reduced")
    builder.line(line, "discount", "Remise 15 %", "1.50", quantity=None, is_correction=True,
                 period=OCTOBER)  # fmt: skip
    builder.line(None, "adjustment", "Geste commercial", "-3.00", quantity=None)
    return builder.build()


def only_discounts() -> Document:
    """A charge and its discount come apart: this month has only discounts taken back."""
    builder = bill()
    builder.line(None, "discount", "Remise 15 %", "1.50", quantity=None, is_correction=True,
                 period=OCTOBER)  # fmt: skip
    return builder.build()


def corrections() -> Document:
    """Late usage and a changed price of October, billed in November."""
    builder = bill()
    line = builder.subscription(1, "Accueil", "Pro 50 Go")
    builder.line(line, "recurring", "Pro 50 Go", "49.90", period=("2026-12-01", "2027-01-01"))
    builder.line(line, "usage", "Appels", "1.17", quantity="731", unit="second", period=OCTOBER,
                 is_correction=True)  # fmt: skip
    builder.line(line, "recurring", "Pro 20 Go", "-4.16", is_correction=True, period=OCTOBER,
                 charged=("2026-10-20", "2026-11-01"))  # fmt: skip
    document = builder.build(balance_forward="12.50")
    document["corrected_documents"] = [
        {"document_number": "F2026-00004001", "bill_date": "2026-11-01"},
    ]
    return document


def credit_note() -> Document:
    """A full credit: quantities as the invoice has them, amounts turned, discounts included."""
    builder = bill(number="A2026-00000009", kind_of_document="credit_note")
    line = builder.subscription(1, "Accueil", "Pro 50 Go")
    builder.line(line, "recurring", "Pro 50 Go", "-49.90", is_correction=True)
    builder.line(line, "usage", "Appels", "-3.33", quantity="1050", unit="second",
                 is_correction=True)  # fmt: skip
    builder.line(line, "discount", "Remise 10 %", "4.99", quantity=None, is_correction=True)
    builder.line(None, "adjustment", "Geste commercial", "3.00", quantity=None, is_correction=True)
    builder.line(line, "recurring", "Presse", "-9.90", category="reduced", is_correction=True)
    document = builder.build()
    document.update(
        credited_document_number="F2026-00004001", credit_reason="Facture établie par erreur",
        corrects=["F2026-00004001"],
        corrected_documents=[{"document_number": "F2026-00004001", "bill_date": "2026-11-01"}],
    )  # fmt: skip
    return document


def credit_of_a_month() -> Document:
    """More is given back than is owed: a credit note that refers to several invoices."""
    builder = bill(number="A2026-00000010", kind_of_document="credit_note")
    line = builder.subscription(1, "Accueil", "Pro 50 Go")
    builder.line(line, "recurring", "Pro 50 Go", "19.90")
    for month in ("09", "10"):
        builder.line(line, "recurring", "Pro 200 Go", "-49.90", is_correction=True,
                     period=(f"2026-{month}-01", f"2026-{int(month) + 1}-01"))  # fmt: skip
    document = builder.build()
    document["due_date"] = None
    document["corrects"] = ["F2026-00003001", "F2026-00004001"]
    document["corrected_documents"] = [
        {"document_number": "F2026-00003001", "bill_date": "2026-10-01"},
        {"document_number": "F2026-00004001", "bill_date": "2026-11-01"},
    ]
    return document


def zero() -> Document:
    builder = bill()
    builder.line(None, "recurring", "Découverte", "9.99")
    builder.line(None, "discount", "Premier mois offert", "-9.99", quantity=None)
    return builder.build()


def outside_beside_standard() -> Document:
    """A late fee is damages, not a service: it bears no VAT, beside charges that do."""
    builder = bill()
    builder.line(None, "recurring", "Pro 50 Go", "49.90")
    builder.line(None, "late_fee", "Late payment fee F2026-00004001", "40.00", unit="each",
                 category="", period=("2026-12-01", "2026-12-02"))  # fmt: skip
    document = builder.build()
    document["taxes"] = [row for row in document["taxes"] if row["tax_category"]]
    return document


def outside_by_code() -> Document:
    """The ratebook says by code that a charge is outside VAT: no code of category E."""
    builder = bill()
    builder.line(None, "recurring", "Pro 50 Go", "49.90")
    builder.line(None, "once", "Don à une association", "5.00", category="donation")
    row = {
        "rate_percent": "0.000000", "en16931_category": "O",
        "legal_text": "VATEX-EU-O Don, hors du champ de la TVA",
    }  # fmt: skip
    return taxed(builder.build(), "donation", [row])


def only_outside() -> Document:
    builder = bill()
    builder.line(None, "late_fee", "Late payment fee F2026-00004001", "40.00", unit="each",
                 category="", period=("2026-12-01", "2026-12-02"))  # fmt: skip
    document = builder.build()
    document["taxes"] = []
    return document


def exempt(reason: str, category: str, **values: Any) -> Document:
    """An account without tax, as the warehouse writes it: its reason is the tax's name."""
    builder = bill(tax_exempt_reason=reason, **values)
    line = builder.subscription(1, "Accueil", "Pro 50 Go")
    builder.line(line, "recurring", "Pro 50 Go", "49.90")
    builder.line(line, "usage", "Appels", "3.33", quantity="1050", unit="second")
    builder.line(line, "discount", "Remise 10 %", "-4.99", quantity=None)
    row = {
        "tax_id": "exempt", "name": reason, "rate_percent": "0", "en16931_category": category,
        "legal_text": reason,
    }  # fmt: skip
    return taxed(builder.build(), "standard", [row])


def several_rates() -> Document:
    """Four rates, one of them zero, and an exempt charge with its legal reason."""
    builder = bill()
    for name, amount, category in (
        ("Pro 50 Go", "49.90", "standard"), ("Presse", "4.97", "reduced"),
        ("Livre numérique", "7.77", "ten"), ("Export de données", "3.21", "zero"),
        ("Assurance mobile", "8.99", "insurance"),
    ):  # fmt: skip
        builder.line(None, "recurring", name, amount, category=category)
    document = builder.build()
    taxed(document, "ten", [{"rate_percent": "10.000000", "en16931_category": "S"}])
    taxed(document, "zero", [{"rate_percent": "0.000000", "en16931_category": "Z"}])
    row = {
        "rate_percent": "0.000000", "en16931_category": "E",
        "legal_text": "VATEX-FR-CGI261C-2 Exonération, article 261 C, 2° du CGI",
    }  # fmt: skip
    return taxed(document, "insurance", [row])


def one_rate_twice() -> Document:
    """Two tax categories at one rate, each rounded by itself: 0.01 more than all at once."""
    builder = bill()
    builder.line(None, "recurring", "Voix", "10.03")
    builder.line(None, "recurring", "Matériel", "10.03", category="device")
    return taxed(
        builder.build(), "device", [{"rate_percent": "20.000000", "en16931_category": "S"}]
    )


def with_tax_inside() -> Document:
    """Prices include tax: net and tax come out of the gross total, nets by largest remainder."""
    builder = bill("GB", number="INV-2026-000401")
    for name, gross, net in (("Plan", "10.00", "8.33"), ("Calls", "0.05", "0.04")):
        builder.line(None, "recurring", name, net)
        builder.document["lines"][-1]["amount_charged"] = gross
    document = builder.build()
    # 10.05 × 20 ÷ 120 = 1.675, half up 1.68; the net of 8.37 alone would bear 1.67.
    document["taxes"][0].update(amount_tax="1.68")
    document["amounts"].update(tax="1.68", total="10.05", due="10.05")
    return document


def canary_islands() -> Document:
    builder = bill()
    builder.line(None, "recurring", "Pro 50 Go", "49.90")
    row = {"name": "IGIC", "rate_percent": "7.000000", "en16931_category": "L"}
    return taxed(builder.build(), "standard", [row])


def without_decimals() -> Document:
    builder = bill()
    builder.line(None, "recurring", "Pro 50 Go", "4990")
    builder.line(None, "usage", "Appels", "333", quantity="1050", unit="second")
    document = builder.build()
    document.update(currency_code="JPY", minor_units=0)
    document["taxes"][0].update(taxable_amount="5323", amount_tax="1065")
    document["amounts"].update(net="5323", tax="1065", total="6388", due="6388")
    return document


def three_decimals(tax: str = "9.980") -> Document:
    """A currency of thousandths whose amounts happen to be whole hundredths."""
    builder = bill()
    builder.line(None, "recurring", "Pro 50 Go", "49.900")
    document = builder.build()
    document.update(currency_code="KWD", minor_units=3)
    document["taxes"][0].update(taxable_amount="49.900", amount_tax=tax)
    total = f"{Decimal('49.900') + Decimal(tax)}"
    document["amounts"].update(net="49.900", tax=tax, total=total, due=total)
    return document


def long_names() -> Document:
    builder = bill(name="Compagnie générale " * 30, street="Rue " * 80, city="Lille " * 60)
    line = builder.subscription(1, "Poste " * 60, "Forfait " * 40)
    builder.line(line, "recurring", "Forfait professionnel illimité " * 20, "19.90")
    builder.line(line, "discount", "Remise " * 60, "-1.00", quantity=None)
    return builder.build()


def many_lines() -> Document:
    builder = bill()
    for number in range(600):
        line = builder.subscription(number, f"Poste {number}", "Pro 50 Go")
        builder.line(line, "recurring", "Pro 50 Go", f"{number % 97}.{number % 100:02d}")
    return builder.build()


def paid(method: str) -> Document:
    builder = bill(payment_method=method)
    return builder.line(None, "recurring", "Pro 50 Go", "19.90").build()


def in_favour() -> Document:
    document = plain()
    document["amounts"].update(balance_forward="-25.00", due="-1.12")
    return document


GERMAN_BUYER = {"vat_number": "DE136695976", "country": "DE", "city": "Berlin"}

KINDS: dict[str, Callable[[], Document]] = {
    "plain": plain,
    "prorated_usage": prorated_usage,
    "discounts": discounts,
    "only_discounts": only_discounts,
    "corrections": corrections,
    "credit_note": credit_note,
    "credit_of_a_month": credit_of_a_month,
    "zero": zero,
    "outside_beside_standard": outside_beside_standard,
    "outside_by_code": outside_by_code,
    "only_outside": only_outside,
    "exempt": lambda: exempt("Organisme exonéré, article 261 D du CGI", "E"),
    "exempt_by_code": lambda: exempt("VATEX-EU-151-1A Embassy of Utopia", "E"),
    "reverse_charge": lambda: exempt("VATEX-EU-AE Autoliquidation", "AE", **GERMAN_BUYER),
    "within_the_union": lambda: exempt("VATEX-EU-IC", "K", **GERMAN_BUYER),
    "export": lambda: exempt("VATEX-EU-G Export", "G", country="CH", vat_number=None),
    "several_rates": several_rates,
    "one_rate_twice": one_rate_twice,
    "with_tax_inside": with_tax_inside,
    "canary_islands": canary_islands,
    "without_decimals": without_decimals,
    "three_decimals": three_decimals,
    "long_names": long_names,
    "many_lines": many_lines,
    "card": lambda: paid("card"),
    "direct_debit": lambda: paid("sepa_debit"),
    "in_favour": in_favour,
    "family": lambda: of_business(samples.typical()),
    "fleet": samples.business,
    "german": lambda: of_business(samples.german()),
    "british": lambda: of_business(samples.british()),
    "giant": lambda: of_business(samples.giant()),
}
