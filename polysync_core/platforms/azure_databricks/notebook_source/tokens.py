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
    start: int = 0
    end: int = 0


_WORD = r"(?P<word>[^\W\d][\w$]*+)"
_SIGN = r"(?P<sign>\d[\w.]*+|[][(){}.,;:=+*/%&|<>!?-])"
"""A sign that separates or joins the other tokens; numbers count, too."""
_NESTED = re.compile(r"/\*|\*/")
_LINE_TEXT = r"""(?P<text>"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?)"""
_TEXT = r"""(?P<text>"(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?)"""
_SQL_TEXT = r"""(?P<text>"(?:[^"\\]|\\.|"")*+"?|'(?:[^'\\]|\\.|'')*+'?)"""
"""A text of SQL, where two quotes stand for one."""
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
_R_RAW = (
    r"""(?P<r_raw>[rR]"\((?:(?!\)").)*+(?:\)")?|[rR]"\[(?:(?!\]").)*+(?:\]")?"""
    r"""|[rR]"\{(?:(?!\}").)*+(?:\}")?|[rR]'\((?:(?!\)').)*+(?:\)')?)"""
)
_ALTERNATIVES = {
    Language.SQL: (r"--[^\n]*+", _OPEN, _BODY, _SQL_TEXT, _NAME, _MARKER, _SQL_WORD, _SIGN),
    Language.SCALA: (r"//[^\n]*+", _OPEN, _RAW, _SCALA_TEXT, _NAME, _WORD, _SIGN),
    Language.R: (r"#[^\n]*+", _R_RAW, _TEXT, _NAME, _WORD, _SIGN),
    Language.PYTHON: (r"#[^\n]*+", _PYTHON_RAW, _LINE_TEXT, _WORD, _SIGN),
}
_COMPILED = {
    language: re.compile("|".join(each), re.DOTALL) for language, each in _ALTERNATIVES.items()
}
_RAW_PREFIXES = frozenset({"r", "R", "raw"})
_PLAIN_PREFIXES = _RAW_PREFIXES | {"u", "U"}
_ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}


def tokens_of(text: str, language: Language) -> Iterator[Token]:
    """Yield the tokens of a cell."""
    pattern, at, word_end, word = _COMPILED[language], 0, -1, ""
    while (found := pattern.search(text, at)) is not None:
        at, kind = found.end(), found.lastgroup
        if kind == "open":
            at = _comment_end(text, at)
            continue
        prefix = word if word_end == found.start() else ""
        if kind == "word":
            word_end, word = at, found[0]
        if kind is not None:
            yield _token(kind, found, prefix)


def _token(kind: str, found: re.Match[str], prefix: str) -> Token:
    value, start, end = found[0], found.start(), found.end()
    match kind:
        case "text" | "raw" if prefix and prefix not in _PLAIN_PREFIXES:
            return Token(TokenKind.COMPUTED, value, start, end)
        case "text":
            return Token(
                TokenKind.TEXT, _unquoted(value, is_raw=prefix in _RAW_PREFIXES), start, end
            )
        case "raw":
            return Token(TokenKind.TEXT, value[3:].removesuffix(value[:3]), start, end)
        case "r_raw":
            closing = {"(": ")", "[": "]", "{": "}"}[value[2]] + value[1]
            return Token(TokenKind.TEXT, value[3:].removesuffix(closing), start, end)
        case "name":
            return Token(TokenKind.WORD, value.strip("`"), start, end)
        case "marker":
            return Token(TokenKind.MARKER, value.lstrip(":$").strip("{} "), start, end)
        case "word":
            return Token(TokenKind.WORD, value, start, end)
        case _:
            return Token(TokenKind.SIGN, value, start, end)


def _unquoted(value: str, *, is_raw: bool) -> str:
    """Return a text without its quotes and escapes."""
    quote = value[0]
    inner = value[1:-1] if len(value) > 1 and value[-1] == quote else value[1:]
    inner = inner.replace(quote * 2, quote)
    return inner if is_raw else _ESCAPED.sub(_unescaped, inner)


def _unescaped(found: re.Match[str]) -> str:
    sign = found[1]
    return chr(int(sign[1:], 16)) if len(sign) > 1 else _CONTROLS.get(sign, sign)


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
