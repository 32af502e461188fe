"""Builds notices of results, warnings and errors, and the content of empty lists."""

from __future__ import annotations

from typing import Literal

import htpy as h
from htpy import Element, Node

from polysync_core.console.icons import icon

type Kind = Literal["info", "success", "warning", "error"]


def notice(kind: Kind, *content: Node) -> Element:
    """Return a box with a message; errors are announced to screen readers."""
    role = "alert" if kind == "error" else "status"
    sign = None if kind in {"info", "success"} else icon("warning")
    return h.div(class_=f"notice {kind}", role=role)[sign, h.div[content]]


def empty_state(sentence: str, *actions: Node, command: str | None = None) -> Element:
    """Return the content of a page without entries: a sentence, the next step, and a command."""
    return h.div(".empty")[
        h.p[sentence],
        actions and h.div(".actions")[actions],
        command and h.p(".command")["In a terminal: ", h.code[command]],
    ]
