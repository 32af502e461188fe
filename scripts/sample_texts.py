"""Generates texts that a given regular expression matches slowly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from re import _constants as ops  # pyright: ignore[reportAttributeAccessIssue]
from re import _parser as parser  # pyright: ignore[reportAttributeAccessIssue]
from typing import Any

FEW = 60
"""Length of a text that takes long only if the cost is exponential."""
_WORDS = 12
"""Number of sample words of one repetition."""

type _Atom = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class _Repetition:
    """A repetition without a small bound: words of its prefix and words of its body."""

    prefix: str
    words: tuple[str, ...]


class Sampler:
    """Builds words from the syntax tree of an expression."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._tree = parser.parse(pattern, flags)
        self._flags = self._tree.state.flags
        self.alphabet = self._representatives()

    def texts(self, length: int) -> Iterator[tuple[str, str]]:
        """Yield a pump and a text of about `length` characters, for each attack."""
        pumps: dict[tuple[str, str], None] = {}
        for each in self._repetitions(list(self._tree), ""):
            for word in each.words:
                pumps[each.prefix, word] = None
                pumps["", each.prefix + word] = None
                pumps["", word] = None
            pumps["", each.prefix] = None
        for (prefix, word), suffix in product(pumps, self._suffixes()):
            if word:
                yield word, prefix + word * (length // len(word)) + suffix

    def _suffixes(self) -> list[str]:
        rarest = sorted(self.alphabet, key=lambda char: len(self.alphabet[char]))
        return ["", *rarest[:5]]

    def _representatives(self) -> dict[str, frozenset[int]]:
        """Return one character for each set of atoms that a character can match."""
        atoms = list(_atoms(list(self._tree)))
        tests = [_test(node, self._flags) for node in atoms]
        candidates = {char for node in atoms for char in _characters(node)} | set(
            "aA0 \n\t_.-/:#\x00é"
        )
        found: dict[frozenset[int], str] = {}
        for char in sorted(candidates):
            found.setdefault(frozenset(i for i, test in enumerate(tests) if test(char)), char)
        return {char: signature for signature, char in found.items()}

    def _repetitions(self, nodes: list[Any], prefix: str) -> Iterator[_Repetition]:
        for index, (op, value) in enumerate(nodes):
            before = prefix + next(self._words(nodes[:index]), "")
            for inner in _children(op, value):
                yield from self._repetitions(list(inner), before)
            if op in _REPEATS and value[1] > FEW:
                yield _Repetition(before, tuple(islice(self._words(list(value[2])), _WORDS)))

    def _words(self, nodes: list[Any]) -> Iterator[str]:
        parts = [list(islice(self._choices(op, value), _WORDS)) for op, value in nodes]
        return ("".join(chosen) for chosen in product(*parts))

    def _choices(self, op: Any, value: Any) -> Iterator[str]:
        if op in _REPEATS:
            once = self._words(list(value[2]))
            yield from ((word * max(value[0], 1)) for word in once)
        elif op is ops.SUBPATTERN:
            yield from self._words(list(value[3]))
        elif op is ops.ATOMIC_GROUP:
            yield from self._words(list(value))
        elif op is ops.BRANCH:
            for branch in value[1]:
                yield from islice(self._words(list(branch)), _WORDS)
        elif op in _SINGLE:
            test = _test((op, value), self._flags)
            yield from (char for char in self.alphabet if test(char))
        else:
            # Anchors and lookarounds take no character; a group reference may take none.
            yield ""


_REPEATS = frozenset({ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT})
_SINGLE = frozenset({ops.LITERAL, ops.NOT_LITERAL, ops.IN, ops.ANY})


def _children(op: Any, value: Any) -> list[Any]:
    if op in _REPEATS:
        return [value[2]]
    if op is ops.SUBPATTERN:
        return [value[3]]
    if op is ops.BRANCH:
        return list(value[1])
    if op in {ops.ASSERT, ops.ASSERT_NOT}:
        return [value[1]]
    return [value] if op is ops.ATOMIC_GROUP else []


def _atoms(nodes: list[Any]) -> Iterator[tuple[Any, Any]]:
    for op, value in nodes:
        if op in _SINGLE:
            yield op, value
        for inner in _children(op, value):
            yield from _atoms(list(inner))


def _characters(node: tuple[Any, Any]) -> Iterator[str]:
    op, value = node
    for kind, part in value if op is ops.IN else [(op, value)]:
        if kind in {ops.LITERAL, ops.NOT_LITERAL}:
            yield chr(part)
        elif kind is ops.RANGE:
            yield from (chr(part[0]), chr((part[0] + part[1]) // 2), chr(part[1]))


def _test(node: tuple[Any, Any], flags: int) -> _Atom:
    """Return a function that tells if one character matches an atom."""
    op, value = node
    if op is ops.ANY:
        return lambda char: bool(flags & re.DOTALL) or char != "\n"
    negated = op is ops.NOT_LITERAL
    parts = list(value) if op is ops.IN else [(ops.LITERAL, value)]
    if parts and parts[0][0] is ops.NEGATE:
        negated, parts = True, parts[1:]

    def test(char: str) -> bool:
        forms = {char, char.lower(), char.upper()} if flags & re.IGNORECASE else {char}
        return any(_has(part, form) for part in parts for form in forms) is not negated

    return test


_CATEGORIES = {
    ops.CATEGORY_DIGIT: r"\d",
    ops.CATEGORY_NOT_DIGIT: r"\D",
    ops.CATEGORY_SPACE: r"\s",
    ops.CATEGORY_NOT_SPACE: r"\S",
    ops.CATEGORY_WORD: r"\w",
    ops.CATEGORY_NOT_WORD: r"\W",
}


def _has(part: tuple[Any, Any], char: str) -> bool:
    kind, value = part
    if len(char) != 1:
        return False
    if kind is ops.LITERAL:
        return ord(char) == value
    if kind is ops.RANGE:
        return value[0] <= ord(char) <= value[1]
    return re.match(_CATEGORIES[value], char) is not None
