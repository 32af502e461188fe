"""Splits documentation pages into sections, and ranks the sections for a question (BM25)."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# The usual parameters k1 and b: https://en.wikipedia.org/wiki/Okapi_BM25
_SATURATION, _LENGTH = 1.2, 0.75
_HEADING_WEIGHT = 4
"""A word of a heading counts as much as this number of words of the text."""

_PLATFORM_PAGES = "reference/platforms/"
_PLATFORM_WEIGHT = 0.6
"""The weight of a platform's page for a question that does not name the platform."""

_MAX_PER_PAGE = 2
"""Otherwise a page about one word would take every position of the answer."""

_HEADING = re.compile(r"(#{1,6}) +(.+?) *#*$")
_FENCE = re.compile(r" *(```|~~~)")
_WORD = re.compile(r"[A-Za-z]+|[0-9]+")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_STOP_WORD = re.compile(
    r"about|an?|and|another|any|are|as|at|be|but|by|can|do|does|for|from|get|go|happens?|have|how"
    r"|i[ns]?|it|make|many|me|my|never|next|o[fnr]|one|our|put|same|should|that|the|there|things?"
    r"|this|to|two|up|use|want|we|what|when|where|which|who|why|will|with|work|would|you|your"
)
"""Words of a question that say nothing about its subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a page under one heading."""

    page: str
    headings: tuple[str, ...]
    """The headings from the page's title down to the section."""
    text: str


def sections_of(page: str, content: str) -> Iterator[Section]:
    """Yield the sections of a Markdown page in order, without empty ones."""
    headings: list[tuple[int, str]] = []
    lines: list[str] = []
    is_code = False
    for line in content.splitlines():
        if _FENCE.match(line):
            is_code = not is_code
        heading = None if is_code else _HEADING.match(line)
        if heading is None:
            lines.append(line)
            continue
        yield from _section(page, headings, lines)
        depth, lines = len(heading[1]), []
        headings = [each for each in headings if each[0] < depth] + [(depth, heading[2])]
    yield from _section(page, headings, lines)


def _section(page: str, headings: list[tuple[int, str]], lines: list[str]) -> Iterator[Section]:
    text = "\n".join(lines).strip()
    if text:
        yield Section(page=page, headings=tuple(each for _, each in headings), text=text)


class SectionIndex:
    """An index of sections by their words."""

    def __init__(self, sections: Iterable[Section]) -> None:
        self._sections = list(sections)
        self._counts = [_counted(section) for section in self._sections]
        self._lengths = [counts.total() for counts in self._counts]
        self._mean = sum(self._lengths) / max(len(self._lengths), 1)
        self._holders = Counter(word for counts in self._counts for word in counts)

    def best(self, question: str, *, limit: int) -> list[Section]:
        """Return the sections that match a question, the best first.

        At most `_MAX_PER_PAGE` sections of one page are returned.
        """
        words = set(_words(question))
        scored = [(self._score(each, words), -each) for each in range(len(self._sections))]
        found: list[Section] = []
        for score, number in sorted(scored, reverse=True):
            section = self._sections[-number]
            if score > 0 and sum(each.page == section.page for each in found) < _MAX_PER_PAGE:
                found.append(section)
        return found[:limit]

    def _score(self, number: int, words: set[str]) -> float:
        counts = self._counts[number]
        relative = 1 - _LENGTH + _LENGTH * self._lengths[number] / self._mean
        return self._weight(number, words) * sum(
            self._rarity(word)
            * counts[word]
            * (_SATURATION + 1)
            / (counts[word] + _SATURATION * relative)
            for word in words
            if word in counts
        )

    def _weight(self, number: int, words: set[str]) -> float:
        """Prefer general pages: the pages of all platforms repeat their words."""
        section = self._sections[number]
        if not section.page.startswith(_PLATFORM_PAGES):
            return 1.0
        title = _words(" ".join(section.headings[:1]))
        return _PLATFORM_WEIGHT if words.isdisjoint(title) else 1.0

    def _rarity(self, word: str) -> float:
        holders = self._holders[word]
        return math.log(1 + (len(self._sections) - holders + 0.5) / (holders + 0.5))


def _counted(section: Section) -> Counter[str]:
    counts = Counter(_words(section.text))
    for heading in (*section.headings, section.page):
        for word in _words(heading):
            counts[word] += _HEADING_WEIGHT
    return counts


def _words(text: str) -> Iterator[str]:
    """Yield the words of a text in lower case and singular; `maxRuns` yields its parts too."""
    for found in _WORD.findall(text):
        parts = _PART.findall(found)
        for word in {found.lower(), *(part.lower() for part in parts)}:
            if _STOP_WORD.fullmatch(word):
                continue
            yield _singular(word) if len(word) > 3 else word


def _singular(word: str) -> str:
    """Return the singular of a word; it is exact enough for comparisons."""
    return f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")
