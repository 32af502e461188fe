"""Builds tabs as HTML links, so that each tab has its own URL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import htpy as h
from htpy import Element, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A tab of a page."""

    label: str
    address: str
    is_current: bool
    icon: Node = None
    count: int | str | None = None
    """The number of entries; a text such as `200+` if more exist."""


def tab_links(label: str, tabs: Sequence[Tab]) -> Element:
    """Return links that look like tabs; `label` names them for screen readers."""
    return h.nav(".tabs", aria_label=label)[
        [
            h.a(href=tab.address, aria_current="page" if tab.is_current else None)[
                tab.icon,
                h.span[tab.label],
                None if tab.count is None else h.span(".count")[str(tab.count)],
            ]
            for tab in tabs
        ]
    ]
