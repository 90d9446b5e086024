"""The words of a document: one YAML catalogue per language in catalogs/.

`en.yaml` is the list of messages; a new language is one more file. What finance reads has a folder
of its own, with the same rules: catalogs/month_end/. A regional file names its
parent in `extends` and holds only what differs. A message with a number in it gives one text
per plural form of its language, chosen by `count`.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml
from babel import Locale

CATALOGS = Path(__file__).parent / "catalogs"
DEFAULT_LANGUAGE = "en"

Message = str | dict[str, str]


class Messages:
    """The messages of one language; call it with a key and the message's arguments.

    Of a message with plural forms, `count` chooses the form; `number` is how it is written, when
    given.
    """

    def __init__(self, language: str, texts: Mapping[str, Message]) -> None:
        self.language = language
        self.texts = texts
        self._plural_form = lru_cache(maxsize=1_000)(Locale.parse(language).plural_form)

    def __call__(self, key: str, /, *, count: int = 0, **arguments: object) -> str:
        text = self.texts[key]
        if isinstance(text, dict):
            text = text.get(self._plural_form(count), text["other"])
        if "{" not in text:
            return text
        # Braces inside a value are not filled in.
        return text.format_map({"count": arguments.get("number", count), **arguments})

    def has(self, key: str) -> bool:
        """Whether there is such a message."""
        return key in self.texts


def languages(folder: Path | None = None) -> list[str]:
    """The languages that have a catalogue in `folder`, by default that of bills."""
    return _languages_in(folder or CATALOGS)


@lru_cache(maxsize=8)
def _languages_in(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.yaml"))


def find_language(*wanted: str | None, folder: Path | None = None) -> str:
    """The first wanted language with a catalogue, by region and then without ("de_AT" → "de")."""
    known = languages(folder)
    for language in wanted:
        if language:
            name = language.replace("-", "_")
            for candidate in (name, name.split("_")[0]):
                if candidate in known:
                    return candidate
    return DEFAULT_LANGUAGE


def read_catalog(language: str, folder: Path | None = None) -> dict[str, Message]:
    """The file of one language as it stands, without its parent's messages."""
    text = ((folder or CATALOGS) / f"{language}.yaml").read_text(encoding="utf-8")
    if language.startswith("fr"):
        # French sets a space before double punctuation that must not begin a line.
        text = re.sub(r"(?<=[\w}]) (?=[?!;:»](?: |\"))", "\u00a0", text)
    return yaml.safe_load(text)


@lru_cache(maxsize=32)
def messages_for(language: str, folder: Path | None = None) -> Messages:
    """All messages of a language, its parent's included."""
    texts = read_catalog(language, folder)
    parent = texts.pop("extends", None)
    if parent is not None:
        texts = {**messages_for(str(parent), folder).texts, **texts}
    return Messages(language, texts)
