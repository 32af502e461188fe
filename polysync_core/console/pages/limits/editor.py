"""Serves the editor of limits (contention profiles), with the current usage of each limit."""

from __future__ import annotations

import htpy as h
from htpy import Node

from polysync_core.application.dispatch.limit_usage import LimitUsage
from polysync_core.console.editing.editor import Editor, EditorPage, EditorTab
from polysync_core.console.editing.routes import editor_routes
from polysync_core.console.editing.type_choice import type_fields, until_chosen
from polysync_core.console.forms.rows import form_fields
from polysync_core.console.pages.limits.usage import usage_cards
from polysync_core.domain.definitions.base import Kind

_SECTION = "limits"
_USE = "Use this type"


def _general(state: EditorPage) -> Node:
    return [
        form_fields(state.view, "name"),
        type_fields(state, "type", _USE),
        form_fields(state.view, "displayName", "description", "scope", "enabled"),
    ]


def _settings(state: EditorPage) -> Node:
    if not state.document.get("type"):
        return until_chosen(_USE)
    return form_fields(state.view, "settings")


def _usage(state: EditorPage) -> Node:
    """Return the holders and the queue of the stored profile."""
    engine = state.services.engine
    if engine is None:
        return None
    usage: LimitUsage = state.request.app.state.use_cases[LimitUsage]
    found = usage.of(state.name or "", engine)
    cards = usage_cards(found, usage.clock(), has_link=False)
    return h.section(".limits", aria_label="In use now")[list(cards)]


EDITOR = Editor(
    kind=Kind.CONTENTION_PROFILE,
    section=_SECTION,
    tabs=(
        EditorTab(
            "general",
            "General",
            ("name", "type", "displayName", "description", "scope", "enabled"),
            _general,
        ),
        EditorTab("settings", "Settings", ("settings",), _settings),
    ),
    prefill=("type",),
    below=_usage,
)
router = editor_routes(EDITOR)
