"""Draws the form field that selects a definition's type, which determines the further fields."""

from __future__ import annotations

import htpy as h
from htpy import Element, Node

from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.editing.frame import do_button
from polysync_core.console.forms.problems import control_id
from polysync_core.console.forms.rows import form_fields


def type_fields(state: EditorPage, name: str, label: str) -> list[Node]:
    """Return the field with the type, and the button that shows its fields.

    With scripts, the choice of another type presses the button.
    """
    fields: list[Node] = [*form_fields(state.view, name)]
    if state.is_new:
        button = h.button(
            do_button(state.view, "refresh"), type="submit", data_follows=control_id(name)
        )
        fields.append(h.p[button[label]])
    return fields


def until_chosen(label: str) -> Element:
    """Return the sentence that replaces the fields until a type is chosen."""
    return h.p(".help")["Choose the type first and press ", h.b[label], "."]
