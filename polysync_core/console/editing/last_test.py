"""Shows the result of the last connection test of a stored definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import htpy as h
from fastapi import Request
from htpy import Element, Node

from polysync_core.application.operations.recent_results import ResultRecorder
from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.editing.lists import Cell, DefinitionList
from polysync_core.console.icons import icon
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.times import nothing, relative_time
from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.recent_results import LastTest
from polysync_core.domain.definitions.stored import StoredDefinition


def last_test(state: EditorPage) -> Element | None:
    """Return the card of the last test; None for a definition that was never tested."""
    found = _store(state.request).store.test(Reference(state.editor.kind, state.name or ""))
    if found is None:
        return None
    return card(
        "Last test of the connection",
        h.p(".in")[_badge(found), " ", found.message],
        note=[relative_time(found.at, now=datetime.now(UTC)), f" · {found.latency_ms} ms"],
    )


def with_last_tests(request: Request, shown: DefinitionList) -> DefinitionList:
    """Return a list with the column of the last test."""
    found = _store(request).store.tests(shown.kind)
    return replace(shown, columns={**shown.columns, "Last test": _cell(found)})


def _store(request: Request) -> ResultRecorder:
    return request.app.state.use_cases[ResultRecorder]


def _cell(found: Mapping[str, LastTest]) -> Cell:
    def cell(stored: StoredDefinition[Definition]) -> Node:
        test = found.get(stored.definition.name)
        if test is None:
            return nothing()
        return [_badge(test), " ", relative_time(test.at, now=datetime.now(UTC))]

    return cell


def _badge(test: LastTest) -> Element:
    if test.ok:
        return h.span(".badge.success")["Passed"]
    return h.span(".badge.error")[icon("warning"), "Failed"]
