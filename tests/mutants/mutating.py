"""Small faults put into a model by rule, as a tired hand would: one change each.

Only SQL is changed, and what is handed to macros; comments, `{% %}` and `config` stay as they are.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Span = tuple[int, int, str | slice]
"""From where, to where, and what stands there instead: a text, or a stretch of the file itself."""


@dataclass(frozen=True)
class Mutant:
    """One fault in one file."""

    name: str
    """Of the model or macro file."""
    path: str
    operator: str
    start: int
    end: int
    replacement: str
    text: str
    """The file as it is."""

    @property
    def mutated(self) -> str:
        return self.text[: self.start] + self.replacement + self.text[self.end :]

    @property
    def line_number(self) -> int:
        return self.text.count("\n", 0, self.start) + 1

    @property
    def before(self) -> str:
        """The lines that change, without their indentation."""
        return self._lines(self.text, self.end)

    @property
    def after(self) -> str:
        return self._lines(self.mutated, self.start + len(self.replacement))

    def _lines(self, text: str, end: int) -> str:
        first = text.rfind("\n", 0, self.start) + 1
        last = text.find("\n", end)
        lines = text[first : last if last >= 0 else len(text)].splitlines()
        return "\n".join(" ".join(line.split()) for line in lines if line.strip())

    def __str__(self) -> str:
        return f"{self.path}:{self.line_number}: {self.operator}"


def blanked(text: str) -> str:
    """The text with all that must not be changed replaced by spaces of the same length."""

    def spaces(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match.group())

    hidden = [
        r"\{\{\s*config\(.*?\)\s*\}\}",
        r"\{#.*?#\}",
        r"\{%.*?%\}",
        r"--[^\n]*",
        # text in quotes, unless macros are called with it: those hold SQL
        r"'[^'\n]*'(?![^{}\n]*\}\})",
    ]
    for pattern in hidden:
        text = re.sub(pattern, spaces, text, flags=re.DOTALL)
    return text


def swap(pattern: str, replacement: str) -> Callable[[str], Iterator[Span]]:
    """Every match of a pattern's first group becomes the replacement."""

    def spans(text: str) -> Iterator[Span]:
        for match in re.finditer(pattern, text):
            yield match.start(1), match.end(1), replacement

    return spans


def argument_ends(text: str, opening: int) -> list[int]:
    """Where the arguments of a call end whose parenthesis opens at `opening`; last: its end."""
    depth, ends = 0, []
    for position in range(opening, len(text)):
        character = text[position]
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
            if depth == 0:
                return [*ends, position]
        elif character == "," and depth == 1:
            ends.append(position)
    return []


def coalesce_defaults(text: str) -> Iterator[Span]:
    """`coalesce(x, 0)` becomes `x`."""
    for match in re.finditer(r"\bcoalesce\(", text):
        ends = argument_ends(text, match.end() - 1)
        if len(ends) == 2:
            yield match.start(), ends[1] + 1, slice(match.end(), ends[0])


def last_order_keys(text: str) -> Iterator[Span]:
    """The last of several keys of an `order by` goes."""
    for match in re.finditer(r"\border by\b", text):
        depth, comma = 0, 0
        for position in range(match.end(), len(text)):
            character = text[position]
            if character == "(":
                depth += 1
            elif character == ")":
                depth -= 1
                if depth < 0:
                    break
            elif character == "," and depth == 0:
                comma = position
            elif depth == 0 and re.match(r"\s+rows\b", text[position:]):
                break
        if comma:
            yield comma, len(text[:position].rstrip()), ""


def dropped_conditions(keyword: str) -> Callable[[str], Iterator[Span]]:
    """One `and …` line of a `where` or `on` goes, if it stands for itself on that line."""

    def spans(text: str) -> Iterator[Span]:
        block = ""
        for match in re.finditer(r"[^\n]*\n", text):
            line = match.group()
            found = re.match(r"\s*(where|on|select|from|group by|order by|case|when)\b", line)
            if found:
                block = found.group(1)
            is_whole = line.count("(") == line.count(")")
            if block == keyword and is_whole and re.match(r"\s*and\s+\S", line):
                yield match.start(), match.end() - 1, ""

    return spans


def constants(text: str) -> Iterator[Span]:
    """A whole number of 2 or more grows by one; the digits of a type are none."""
    for match in re.finditer(r"(?<![\w.'-])([2-9]|[1-9]\d+)(?![\w.'-])", text):
        if re.search(r"decimal\((\d+, )?$", text[: match.start()]):
            continue
        yield match.start(1), match.end(1), str(int(match.group(1)) + 1)


OPERATORS: dict[str, Callable[[str], Iterator[Span]]] = {
    "< becomes <=": swap(r"\s(<)\s", "<="),
    "<= becomes <": swap(r"\s(<=)\s", "<"),
    "> becomes >=": swap(r"\s(>)\s", ">="),
    ">= becomes >": swap(r"\s(>=)\s", ">"),
    "= becomes <>": swap(r"\s(=)\s", "<>"),
    "<> becomes =": swap(r"\s(<>)\s", "="),
    "min becomes max": swap(r"\b(min)\(", "max"),
    "max becomes min": swap(r"\b(max)\(", "min"),
    "least becomes greatest": swap(r"\b(least)\(", "greatest"),
    "greatest becomes least": swap(r"\b(greatest)\(", "least"),
    "the last order key goes": last_order_keys,
    "asc becomes desc": swap(r"\b(asc)\s+nulls", "desc"),
    "desc becomes asc": swap(r"\b(desc)\s+nulls", "asc"),
    "nulls first becomes nulls last": swap(r"\b(nulls first)\b", "nulls last"),
    "nulls last becomes nulls first": swap(r"\b(nulls last)\b", "nulls first"),
    "+ 1 becomes + 0": swap(r"[+-]\s+(1)\b(?!\.)", "0"),
    "plus becomes minus": swap(r"\w\)?\s(\+)\s", "-"),
    "minus becomes plus": swap(r"\w\)?\s(-)\s", "+"),
    "and becomes or": swap(r"\b(and)\b", "or"),
    "or becomes and": swap(r"\b(or)\b", "and"),
    "not goes": swap(r"\b(not )(?!null|in\b|exists)", ""),
    "is null becomes is not null": swap(r"\bis (null)\b", "not null"),
    "is not null becomes is null": swap(r"\bis (not null)\b", "null"),
    "a coalesce loses its default": coalesce_defaults,
    "a constant grows by one": constants,
    "a join condition goes": dropped_conditions("on"),
    "a condition goes": dropped_conditions("where"),
    "inner join becomes left join": swap(r"\b(inner) join\b", "left"),
    "left join becomes inner join": swap(r"\b(left) join\b", "inner"),
    "ceil becomes floor": swap(r"\b(ceil)(?:_div)?\(", "floor"),
    "floor becomes ceil": swap(r"\b(floor)(?:_div)?\(", "ceil"),
    "sum becomes max": swap(r"\b(sum)\(", "max"),
    "a distinct goes": swap(r"\b(distinct )", ""),
    "true becomes false": swap(r"\b(true)\b", "false"),
    "false becomes true": swap(r"\b(false)\b", "true"),
}


def mutants_of(name: str, path: str, text: str) -> list[Mutant]:
    """Every mutant of a file, in the order of its operators."""
    visible = blanked(text)
    return [
        Mutant(
            *(name, path, operator, start, end),
            text[replacement].strip() if isinstance(replacement, slice) else replacement,
            text,
        )
        for operator, spans in OPERATORS.items()
        for start, end, replacement in spans(visible)
    ]
