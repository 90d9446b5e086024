"""Every language says everything, with the same blanks to fill."""

import re
from pathlib import Path

import pytest
from babel import Locale

from renderers import messages
from renderers.messages import find_language, messages_for, read_catalog
from renderers.pages import TEMPLATE_VERSIONS

PACKAGE = Path(messages.__file__).parent


def placeholders(message: messages.Message) -> set[str]:
    texts = message.values() if isinstance(message, dict) else [message]
    return {name for text in texts for name in re.findall(r"\{(\w+)\}", text)} - {"count"}


@pytest.mark.parametrize("language", messages.languages())
def test_every_message_is_translated(language: str) -> None:
    reference = read_catalog("en")
    texts = messages_for(language).texts
    assert set(texts) == set(reference)
    for key, message in reference.items():
        assert placeholders(texts[key]) == placeholders(message), key
        assert isinstance(texts[key], dict) == isinstance(message, dict), key


@pytest.mark.parametrize("language", messages.languages())
def test_plural_forms_are_those_of_the_language(language: str) -> None:
    wanted = {*Locale.parse(language).plural_form.tags, "other"}
    for key, message in messages_for(language).texts.items():
        if isinstance(message, dict):
            assert set(message) == wanted, key


@pytest.mark.parametrize("language", sorted(set(messages.languages()) - {"en"}))
def test_a_catalogue_is_not_english(language: str) -> None:
    """Words that are the same in both languages are listed; anything else was forgotten."""
    same = {"iban", "bic", "service_sms", "service_mms", "one_sms", "one_mms", "column_service",
            "column_destination", "total", "history_point", "visited",
            "breakdown_point", "named_value", "months_title", "months_in", "months_messages",
            }  # fmt: skip
    english = read_catalog("en")
    for key, message in messages_for(language).texts.items():
        assert message != english[key] or key in same, key


def test_every_message_is_used() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8")
        for pattern in ("*.py", "einvoice/*.py", "templates/**/*.j2", "profiles.yaml")
        for path in PACKAGE.glob(pattern)
    )
    families = ("page_title_", "block_", "payment_", "service_", "one_", "late_fee_",
                "comparison_", "due_", "charge_",
                "change_", "months_")  # fmt: skip
    for key in read_catalog("en"):
        names = (f'"{key}"', f"'{key}'", f": {key},")
        assert key.startswith(families) or any(name in sources for name in names), key


@pytest.mark.parametrize("version", TEMPLATE_VERSIONS)
def test_templates_hold_no_words(version: str) -> None:
    """Every text of a page comes from a catalogue or the document."""
    for path in (PACKAGE / "templates" / f"v{version}").glob("*.j2"):
        text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", path.read_text("utf-8"), flags=re.DOTALL)
        words = re.sub(r"<[^<>]*>", "", text)
        assert re.findall(r"\w+", words) == [], path


def test_values_are_never_filled_in_themselves() -> None:
    say = messages_for("en")
    assert say("correction_of", name="{name} {date}") == "Correction: {name} {date}"


def test_languages_fall_back_by_region_then_to_the_operators() -> None:
    assert find_language("fr_CA") == "fr_CA"
    assert find_language("fr-BE") == "fr"
    assert find_language("es", "de") == "de"
    assert find_language("es", None) == "en"


def test_french_never_breaks_before_double_punctuation() -> None:
    for key, message in messages_for("fr").texts.items():
        for text in message.values() if isinstance(message, dict) else [message]:
            assert not re.search(r" [?!:;»]", text), key
