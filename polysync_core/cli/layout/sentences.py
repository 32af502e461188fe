"""Wraps sentences and name-value pairs in the terminal between words, never inside ids."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

_WORD = re.compile(r"\S+")
_GAP = 4
"""The blanks between the name and the value of a fact."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Text that is broken between words only; a longer word stays on a line of its own."""

    text: Text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines of the text."""
        yield from lines_of(self.text, options.max_width)


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, one pair per line, without a header."""

    rows: Sequence[tuple[str, Text]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the facts; a value with a word that does not fit begins on a new line."""
        indent = max((len(name) for name, _ in self.rows), default=0) + _GAP
        for name, value in self.rows:
            heading = Text(f"{name:<{indent}}", style="dim")
            room = options.max_width - indent
            if max((len(word) for word in value.plain.split()), default=0) > room:
                yield unbroken(heading)
                yield from lines_of(value, options.max_width)
                continue
            first, *others = lines_of(value, room)
            yield unbroken(Text.assemble(heading, first))
            yield from (unbroken(Text.assemble(" " * indent, each)) for each in others)


def lines_of(text: Text, width: int) -> Iterator[Text]:
    """Yield the lines of a text; only a word that is wider than `width` makes a longer line."""
    for line in text.split("\n", allow_blank=True):
        start, breaks = 0, list[int]()
        for word in _WORD.finditer(line.plain):
            if word.start() > start and word.end() - start > width:
                start = word.start()
                breaks.append(start)
        for part in line.divide(breaks):
            part.rstrip()
            yield unbroken(part)


def unbroken(text: Text) -> Text:
    """Return a line that may be wider than the screen."""
    text.no_wrap, text.overflow = True, "ignore"
    return text
