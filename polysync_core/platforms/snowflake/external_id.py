"""Parses the external ids of procedures, and quotes the names in statements.

The form is `DATABASE.SCHEMA.NAME(TYPE, TYPE)`. The types tell procedures of one name apart, and may
be left out. A name with small letters or other characters stands in double quotes.
https://docs.snowflake.com/en/sql-reference/identifiers-syntax
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import hidden_character
from polysync_core.domain.errors import Invalid

_PLAIN = r"[A-Za-z_][A-Za-z0-9_$]{0,254}"
_PART = rf'(?:{_PLAIN}|"(?:[^"]|""){{1,255}}")'
_TYPE = r"[A-Za-z][A-Za-z0-9_ ]{0,60}(?:\([A-Za-z0-9_, ]{1,40}\))?"
_NAME = re.compile(
    rf"(?P<database>{_PART})\.(?P<schema>{_PART})\.(?P<name>{_PART})"
    rf"(?:\((?P<types>(?:{_TYPE}(?:, ?{_TYPE}){{0,99}})?)\))?"
)
_IS_PLAIN = re.compile(r"[A-Z_][A-Z0-9_$]{0,254}")
_RULE = "must have the form DATABASE.SCHEMA.NAME(TYPE, TYPE); write other names in double quotes"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureName:
    """The full name of a procedure, with the types of its arguments if given."""

    database: str
    schema: str
    name: str
    types: tuple[str, ...] | None = None

    @classmethod
    def parse(cls, text: str) -> ProcedureName:
        """Return the name in a text; raise `Invalid`."""
        found = _NAME.fullmatch(text)
        hidden = hidden_character(text)
        if found is None or hidden is not None:
            raise Invalid.at("externalId", f"must not contain {hidden}" if hidden else _RULE)
        types = found["types"]
        return cls(
            database=_unquoted(found["database"]),
            schema=_unquoted(found["schema"]),
            name=_unquoted(found["name"]),
            types=None if types is None else type_names(types),
        )

    @property
    def quoted(self) -> str:
        """The name for a statement, with all of its parts in quotes."""
        return ".".join(map(quoted, (self.database, self.schema, self.name)))

    def __str__(self) -> str:
        """Return the normal form of the external id."""
        parts = (self.database, self.schema, self.name)
        shown = ".".join(part if _IS_PLAIN.fullmatch(part) else quoted(part) for part in parts)
        return shown if self.types is None else f"{shown}({', '.join(self.types)})"


def normal_id(text: str) -> str:
    """Return the normal form of an external id; a text of another form stays as it is."""
    try:
        return str(ProcedureName.parse(text))
    except Invalid:
        return text


def quoted(name: str) -> str:
    """Return an identifier in quotes."""
    return '"' + name.replace('"', '""') + '"'


def argument_name(name: str) -> str:
    """Return the identifier of an argument: a plain name has capital letters in Snowflake."""
    return quoted(name.upper() if re.fullmatch(_PLAIN, name) else name)


def type_names(text: str) -> tuple[str, ...]:
    """Return the names of types in a list, without precision, in capital letters."""
    return tuple(re.sub(r"\(.*", "", each).strip().upper() for each in split_list(text))


def split_list(text: str) -> list[str]:
    """Return the entries of a list; a comma in parentheses or quotes separates nothing."""
    entries, depth, quote, start = list[str](), 0, "", 0
    for index, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "," and depth == 0:
            entries.append(text[start:index])
            start = index + 1
    entries.append(text[start:])
    return [entry.strip() for entry in entries if entry.strip()]


def _unquoted(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part.upper()
