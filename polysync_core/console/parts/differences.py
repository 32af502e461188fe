"""Draws the table of a definition's changed fields, with old and new values."""

from __future__ import annotations

import json
from collections.abc import Iterable

import htpy as h
from htpy import Element, Node

from polysync_core.domain.definitions.changes.differences import FieldDifference
from polysync_core.domain.json_types import JsonValue


def difference_table(label: str, differences: Iterable[FieldDifference]) -> Element:
    """Return a table of changed fields; signs and words tell the two values apart."""
    return h.table(".diff", aria_label=label)[
        h.tbody[[_rows(difference) for difference in differences]]
    ]


def _rows(difference: FieldDifference) -> Node:
    return [
        h.tr(".removed")[
            h.th(".path", scope="row")[difference.path],
            _sign("\N{MINUS SIGN}", "before"),
            h.td[value_text(difference.before)],
        ],
        h.tr(".added")[
            h.td(".path"),
            _sign("+", "after"),
            h.td[value_text(difference.after)],
        ],
    ]


def _sign(sign: str, word: str) -> Element:
    return h.td(".sign")[h.span(aria_hidden="true")[sign], h.span(".hidden")[word]]


def value_text(value: JsonValue) -> Node:
    """Return a value in words; an absent value is named."""
    if value is None:
        return h.span(".nothing")["not set"]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
