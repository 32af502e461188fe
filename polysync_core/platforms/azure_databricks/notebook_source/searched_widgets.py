"""Searches SQL, Scala, R and invalid Python cells for calls that define widgets.

A literal name gives a widget. Each uncertain result gives a note.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from polysync_core.platforms.azure_databricks.notebook_source.cells import Cell, Language
from polysync_core.platforms.azure_databricks.notebook_source.findings import (
    CREATORS,
    READERS,
    READERS_OF_ALL,
    Widget,
    WidgetFindings,
    computed_default,
)
from polysync_core.platforms.azure_databricks.notebook_source.tokens import (
    Token,
    TokenKind,
    tokens_of,
)

MAX_SEARCHED_LENGTH = 1_000_000
"""The maximum number of characters of a cell that are searched."""
_MOST_TOKENS = 500
"""The maximum number of tokens of the arguments of one call."""
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_STATEMENT = re.compile(r"\bcreate\s+widget\b", re.IGNORECASE)
_SIMPLE_NAME = re.compile(r"[^\W\d]\w*")
_IN_TEXT = re.compile(r"\$\{\s*([^{}\n]{1,255})\}")
_END = Token(TokenKind.SIGN, "")


def search_widgets(cell: Cell, findings: WidgetFindings, *, only_statements: bool = False) -> None:
    """Add the widgets that a cell creates or reads.

    `only_statements` ignores the markers of a statement, whose values the other language gives.
    """
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
        if token.kind is TokenKind.MARKER and not only_statements:
            search.marker(token.value)
        elif token.kind is TokenKind.WORD:
            search.word(index, token.value, is_sql=cell.language is Language.SQL)
        elif token.kind is TokenKind.TEXT and cell.language is Language.SQL and not only_statements:
            search.text(token.value)


def _may_hold_widgets(cell: Cell) -> bool:
    if any(word in cell.text for word in ("getArgument", "getCurrentBindings")):
        return True
    if "widget" in cell.text.lower():
        return True
    return cell.language is Language.SQL and (":" in cell.text or "$" in cell.text)


@dataclass(frozen=True, slots=True)
class _Search:
    tokens: Sequence[Token]
    findings: WidgetFindings

    def word(self, index: int, word: str, *, is_sql: bool) -> None:
        """Add the widget of a call or statement that begins with a word."""
        if is_sql and word.upper() == "CREATE" and self._word_at(index + 1).upper() == "WIDGET":
            self._statement(index + 2)
        elif word == "getArgument" and self._sign_at(index + 1, "("):
            self._read(index + 2)
        elif word == "sql" and not is_sql and self._sign_at(index + 1, "("):
            self._execution(index + 2)
        elif word == "getCurrentBindings" and self._sign_at(index + 1, "("):
            self.findings.reads_all()
        elif word == "widgets" and self._sign_at(index + 1, "."):
            self._method(self._word_at(index + 2), index + 3)

    def _execution(self, index: int) -> None:
        """Add the widget of a statement that another language executes."""
        token = self._at(index)
        if token.kind is TokenKind.WORD:
            # The prefix of a text, such as `s` of Scala.
            token = self._at(index + 1)
        if token.kind is TokenKind.TEXT:
            search_widgets(Cell(Language.SQL, token.value), self.findings, only_statements=True)
        elif token.kind is TokenKind.COMPUTED and _STATEMENT.search(token.value):
            self.findings.computed_name("a statement")

    def _method(self, method: str, index: int) -> None:
        if not self._sign_at(index, "("):
            return
        if method in CREATORS:
            self._create(index + 1)
        elif method in READERS:
            self._read(index + 1)
        elif method in READERS_OF_ALL:
            self.findings.reads_all()

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

    def text(self, text: str) -> None:
        """Add the markers in a text of SQL: they are replaced before the text is read."""
        for each in _IN_TEXT.findall(text):
            self.marker(each.strip())

    def _create(self, index: int) -> None:
        arguments = self._arguments(index)
        name = arguments.get("name", arguments.get("0"))
        if not name:
            self.findings.computed_name("a cell")
            return
        default = arguments.get("defaultValue", arguments.get("1", ""))
        notes = () if default is not None else (computed_default(name),)
        given = "defaultValue" in arguments or "1" in arguments
        self.findings.widgets.append(
            Widget(name=name, default=default if given else None, notes=notes)
        )

    def _read(self, index: int) -> None:
        arguments = self._arguments(index)
        name = arguments.get("name", arguments.get("0"))
        if name:
            self.findings.read.add(name)
        else:
            self.findings.computed_read("a cell")

    def _statement(self, index: int) -> None:
        """Add the widget of `CREATE WIDGET TEXT name DEFAULT 'value'`."""
        kind, name = self._at(index), self._at(index + 1)
        if kind.value.lower() not in CREATORS:
            self.findings.computed_name("a statement")
            return
        after = self._at(index + 2)
        is_whole = after.start > name.end or after is _END or self._sign_at(index + 2, ";")
        if name.kind is not TokenKind.WORD or name.start <= kind.end - 1 or not is_whole:
            self.findings.computed_name("a statement")
            return
        default, notes = None, tuple[str, ...]()
        if after.value.upper() == "DEFAULT":
            value = self._at(index + 3)
            default = value.value if value.kind is TokenKind.TEXT else None
            notes = () if default is not None else (computed_default(name.value),)
        self.findings.widgets.append(Widget(name=name.value, default=default, notes=notes))

    def _arguments(self, index: int) -> dict[str, str | None]:
        """Return the arguments of a call by name or position; None for a computed one."""
        found: dict[str, str | None] = {}
        part: list[Token] = []
        depth = 0
        for token in self.tokens[index : index + _MOST_TOKENS]:
            sign = token.value if token.kind is TokenKind.SIGN else ""
            if depth == 0 and sign in {",", ")"}:
                _add_argument(found, part)
                part = []
                if sign == ")":
                    break
                continue
            depth += 1 if sign in _OPENING else -1 if sign in _CLOSING else 0
            part.append(token)
        _add_argument(found, part)
        return found

    def _at(self, index: int) -> Token:
        return self.tokens[index] if index < len(self.tokens) else _END

    def _word_at(self, index: int) -> str:
        token = self._at(index)
        return token.value if token.kind is TokenKind.WORD else ""

    def _sign_at(self, index: int, sign: str) -> bool:
        token = self._at(index)
        return token.kind is TokenKind.SIGN and token.value == sign


def _add_argument(found: dict[str, str | None], part: Sequence[Token]) -> None:
    if not part:
        return
    position = str(len(found))
    is_named = len(part) > 2 and part[0].kind is TokenKind.WORD and part[1].value == "="
    name, value = (part[0].value, part[2:]) if is_named else (position, part)
    has_prefix = len(value) == 2 and value[0].kind is TokenKind.WORD
    if has_prefix and value[0].end == value[1].start:
        # The prefix of a text, such as `r` of Python.
        value = value[1:]
    is_literal = len(value) == 1 and value[0].kind is TokenKind.TEXT
    found[name] = value[0].value if is_literal else None
