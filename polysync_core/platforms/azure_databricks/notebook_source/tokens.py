"""Splits the code of SQL, Scala, R and Python cells into tokens, in linear time.

Comments are left out. A text that is never closed extends to the end of its line or of the cell.
No alternative of an expression is tried twice at a place, so the cost is linear for any text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from polysync_core.platforms.azure_databricks.notebook_source.cells import Language


class TokenKind(StrEnum):
    """The kinds of tokens."""

    WORD = "word"
    TEXT = "text"
    COMPUTED = "computed"
    """A text that the language completes, such as `s"$x"` of Scala."""
    MARKER = "marker"
    """The name of a parameter that SQL reads, such as `:p`, `${p}` or `$p`."""
    SIGN = "sign"


@dataclass(frozen=True, slots=True)
class Token:
    """A part of the code; the value of a text has no quotes and no escapes."""

    kind: TokenKind
    value: str


_WORD = r"(?P<word>[^\W\d][\w$]*+)"
_SIGN = r"(?P<sign>[.,()=:])"
_NESTED = re.compile(r"/\*|\*/")
_LINE_TEXT = r"""(?P<text>"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?)"""
_TEXT = r"""(?P<text>"(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?)"""
_RAW = r'(?P<raw>"""(?:(?!""").)*+(?:""")?)'
_PYTHON_RAW = r"""(?P<raw>\"""(?:(?!\""").)*+(?:\""")?|'''(?:(?!''').)*+(?:''')?)"""
_NAME = r"(?P<name>`[^`\n]*+`?)"
_MARKER = (
    r"(?P<marker>\$\{[^{}\n]{0,300}\}|\$[A-Za-z_]\w*+"
    r"|(?<![\w`\]):\"'}]):[A-Za-z_]\w*+)"
)
_SQL_WORD = r"(?P<word>[^\W\d][\w.]*+)"
_OPEN = r"(?P<open>/\*)"
_BODY = r"\$\$(?:(?!\$\$).)*+(?:\$\$)?"
"""The body of a function in SQL, which is code of another language."""
_SCALA_TEXT = r"""'(?:\\.|[^'\\\n])'|(?P<text>"(?:[^"\\\n]|\\.)*+"?)"""
_R_RAW = r"""(?P<r_raw>[rR]"\((?:(?!\)").)*+(?:\)")?)"""
_ALTERNATIVES = {
    Language.SQL: (r"--[^\n]*+", _OPEN, _BODY, _TEXT, _NAME, _MARKER, _SQL_WORD, _SIGN),
    Language.SCALA: (r"//[^\n]*+", _OPEN, _RAW, _SCALA_TEXT, _NAME, _WORD, _SIGN),
    Language.R: (r"#[^\n]*+", _R_RAW, _TEXT, _NAME, _WORD, _SIGN),
    Language.PYTHON: (r"#[^\n]*+", _PYTHON_RAW, _LINE_TEXT, _WORD, _SIGN),
}
_COMPILED = {
    language: re.compile("|".join(each), re.DOTALL) for language, each in _ALTERNATIVES.items()
}
_PLAIN_PREFIXES = frozenset({"r", "R", "u", "U"})
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def tokens_of(text: str, language: Language) -> Iterator[Token]:
    """Yield the tokens of a cell."""
    pattern, at, word_end, word = _COMPILED[language], 0, -1, ""
    while (found := pattern.search(text, at)) is not None:
        at, kind, value = found.end(), found.lastgroup, found[0]
        if kind == "open":
            at = _comment_end(text, at)
        elif kind == "word":
            word_end, word = at, value
            yield Token(TokenKind.WORD, value)
        elif kind in {"text", "raw"}:
            prefix = word if word_end == found.start() else ""
            yield _text(value, prefix, is_raw=kind == "raw")
        elif kind == "r_raw":
            yield Token(TokenKind.TEXT, value[3:].removesuffix(')"'))
        elif kind == "name":
            yield Token(TokenKind.WORD, value.strip("`"))
        elif kind == "marker":
            yield Token(TokenKind.MARKER, value.lstrip(":$").strip("{} "))
        elif kind == "sign":
            yield Token(TokenKind.SIGN, value)


def _text(value: str, prefix: str, *, is_raw: bool) -> Token:
    if prefix and prefix not in _PLAIN_PREFIXES:
        return Token(TokenKind.COMPUTED, value)
    if is_raw:
        return Token(TokenKind.TEXT, value[3:].removesuffix(value[:3]))
    closed = len(value) > 1 and value[-1] == value[0]
    return Token(TokenKind.TEXT, _ESCAPED.sub(r"\1", value[1 : -1 if closed else None]))


def _comment_end(text: str, at: int) -> int:
    """Return the end of a comment whose begin was read; comments may be nested."""
    depth = 1
    while depth:
        found = _NESTED.search(text, at)
        if found is None:
            return len(text)
        depth += 1 if found[0] == "/*" else -1
        at = found.end()
    return at
