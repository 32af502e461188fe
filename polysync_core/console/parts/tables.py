"""Builds HTML tables and the links to older entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import htpy as h
from htpy import Element, Node


def table(
    caption: str, columns: Sequence[Node], rows: Iterable[Element], *, body: str | None = None
) -> Element:
    """Return a table that scrolls sideways on narrow screens; the caption is for screen readers.

    The class `rows` for the `body` lets keys walk along the rows.
    """
    return h.div(".table", tabindex="0", role="group", aria_label=caption)[
        h.table[
            h.caption(".hidden")[caption],
            h.thead[h.tr[[_heading(column) for column in columns]]],
            h.tbody(class_=body)[rows],
        ]
    ]


def _heading(column: Node) -> Element:
    """Return a heading; a column of buttons has none."""
    return h.th(scope="col")[column] if column else h.td


def older_link(address: str | None, *, label: str = "Older") -> Element | None:
    """Return the link to the next page; None at the end of a list."""
    if address is None:
        return None
    return h.nav(".pages", aria_label="More pages")[h.a(href=address, rel="next")[label]]
