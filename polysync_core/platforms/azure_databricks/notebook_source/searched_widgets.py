"""Searches SQL, Scala, R and unparsed Python cells for widgets.

A literal name gives a widget. Each uncertain result gives a note.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from polysync_core.platforms.azure_databricks.notebook_source.cells import Cell, Language
from polysync_core.platforms.azure_databricks.notebook_source.python_widgets import (
    CREATORS,
    Widget,
    WidgetFindings,
)
from polysync_core.platforms.azure_databricks.notebook_source.tokens import (
    Token,
    TokenKind,
    tokens_of,
)

MAX_SEARCHED_LENGTH = 1_000_000
"""The maximum number of characters of a cell that are searched."""
_READERS = frozenset({"get", "getArgument"})
_SIMPLE_NAME = re.compile(r"[^\W\d]\w*")
_IN_TEXT = re.compile(r"\$\{\s*([^{}\n]{1,255})\}")
_END = Token(TokenKind.SIGN, "")


def search_widgets(cell: Cell, findings: WidgetFindings) -> None:
    """Add the widgets that a cell creates or reads."""
    if len(cell.text) > MAX_SEARCHED_LENGTH:
        findings.notes.append(
            f"only the first {MAX_SEARCHED_LENGTH} characters of a cell are searched:"
            " check its parameters"
        )
        cell = replace(cell, text=cell.text[:MAX_SEARCHED_LENGTH])
    if not _may_hold_widgets(cell):
        return
    tokens = list(tokens_of(cell.text, cell.language))
    search = _Search(tokens, findings)
    for index, token in enumerate(tokens):
        if token.kind is TokenKind.MARKER:
            search.marker(token.value)
        elif token.kind is TokenKind.WORD:
            search.word(index, token.value, is_sql=cell.language is Language.SQL)
        elif cell.language is Language.SQL:
            search.text(token)


def _may_hold_widgets(cell: Cell) -> bool:
    if "getArgument" in cell.text or "widget" in cell.text.lower():
        return True
    return cell.language is Language.SQL and (":" in cell.text or "$" in cell.text)


@dataclass(frozen=True, slots=True)
class _Search:
    tokens: Sequence[Token]
    findings: WidgetFindings

    def word(self, index: int, word: str, *, is_sql: bool) -> None:
        """Add the widget of a call or statement that begins with a word."""
        if is_sql and word.upper() == "CREATE" and self._word_at(index + 1).upper() == "WIDGET":
            self._statement(index + 3)
        elif word == "getArgument" and self._sign_at(index + 1, "("):
            self._read(index + 2)
        elif word == "dbutils" and self._word_at(index + 2) == "widgets":
            method = self._word_at(index + 4)
            if not self._sign_at(index + 5, "("):
                return
            if method in CREATORS:
                self._create(index + 6)
            elif method in _READERS:
                self._read(index + 6)

    def marker(self, name: str) -> None:
        """Add the parameter of a marker in SQL; a name with a full stop is a setting of Spark."""
        if _SIMPLE_NAME.fullmatch(name):
            self.findings.read.add(name)
            self.findings.marked.setdefault(name)
        elif name:
            self.findings.notes.append(
                f"SQL reads ${{{name[:255]}}}, which may be a setting of Spark: "
                "if it is a widget, add the parameter by hand"
            )

    def text(self, token: Token) -> None:
        """Note the markers in a text of SQL, which may be part of the text."""
        if token.kind is TokenKind.TEXT:
            self.findings.read.update(each.strip() for each in _IN_TEXT.findall(token.value))

    def _create(self, index: int) -> None:
        name, index = self._argument(index, "name")
        if name is None:
            self.findings.notes.append(
                "a cell creates a widget with a computed name: add the parameter by hand"
            )
        elif name and self._sign_at(index, ","):
            default, _ = self._argument(index + 1, "defaultValue")
            notes = () if default is not None else _computed_default(name)
            self.findings.widgets.append(Widget(name=name, default=default, notes=notes))
        elif name:
            self.findings.widgets.append(Widget(name=name))

    def _read(self, index: int) -> None:
        name, _ = self._argument(index, "name")
        if name:
            self.findings.read.add(name)
        elif name is None:
            self.findings.notes.append("a cell reads a widget with a computed name")

    def _statement(self, index: int) -> None:
        """Add the widget of `CREATE WIDGET TEXT name DEFAULT 'value'`."""
        name = self._word_at(index)
        if not name or self._word_at(index - 1).lower() not in CREATORS:
            return
        default = self._at(index + 2) if self._word_at(index + 1).upper() == "DEFAULT" else _END
        text = default.value if default.kind is TokenKind.TEXT else None
        self.findings.widgets.append(Widget(name=name, default=text))

    def _argument(self, index: int, name: str) -> tuple[str | None, int]:
        """Return a literal argument and the index after it; None if it is computed."""
        if self._word_at(index) == name and self._sign_at(index + 1, "="):
            index += 2
        token, end = self._at(index), self._at(index + 1)
        is_whole = end.kind is TokenKind.SIGN and end.value in {",", ")", ""}
        literal = token.value if token.kind is TokenKind.TEXT and is_whole else None
        return literal, index + 1

    def _at(self, index: int) -> Token:
        return self.tokens[index] if index < len(self.tokens) else _END

    def _word_at(self, index: int) -> str:
        token = self._at(index)
        return token.value if token.kind is TokenKind.WORD else ""

    def _sign_at(self, index: int, sign: str) -> bool:
        token = self._at(index)
        return token.kind is TokenKind.SIGN and token.value == sign


def _computed_default(name: str) -> tuple[str, ...]:
    return (f"the default of {name} is computed: set it by hand",)
