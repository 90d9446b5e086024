"""E-invoices: the issued document as EN 16931 data, in both syntaxes of the standard.

`of_document` reads a document, `cii_xml` and `ubl_xml` write what it says. CII is what Factur-X
embeds in the PDF file, UBL is the file beside it; both say the same.
"""

from renderers.einvoice.cii import cii_xml
from renderers.einvoice.model import EInvoice, NotExpressible, is_wanted, of_document
from renderers.einvoice.ubl import ubl_xml

__all__ = ["EInvoice", "NotExpressible", "cii_xml", "is_wanted", "of_document", "ubl_xml"]
