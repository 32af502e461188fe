"""Builds HTML cards, name-value lists, and CLI commands with a copy button."""

from __future__ import annotations

from collections.abc import Iterable

import htpy as h
from htpy import Element, Node

from polysync_core.console.icons import icon


def card(title: str, *content: Node, note: Node = None, actions: Node = None) -> Element:
    """Return a section with a heading; `note` stands beside the heading."""
    return h.section(".card", aria_label=title)[
        h.header[h.h2[title], note and h.small[note], actions and h.div(".actions")[actions]],
        content,
    ]


def facts(pairs: Iterable[tuple[str, Node]]) -> Element:
    """Return a list of names and values; pairs whose value is None are left out."""
    return h.dl(".facts")[
        [h.div[h.dt[name], h.dd[value]] for name, value in pairs if value is not None]
    ]


def copy_button(text: str, *, label: str = "Copy") -> Element:
    """Return a button that copies a text; it is hidden while scripts are off."""
    return h.button(".quiet.needs-script", type="button", data_copy=text)[icon("copy"), label]


def commands(*lines: str) -> Element:
    """Return a card with commands for the terminal and a button that copies them."""
    text = "\n".join(lines)
    return card(
        "In a terminal",
        h.pre(tabindex="0", aria_label="Commands")[h.code[text]],
        actions=copy_button(text),
    )
