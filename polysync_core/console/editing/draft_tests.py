"""Tests the connection of an unsaved definition, and draws the button for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import htpy as h
from htpy import Node

from polysync_core.application.platforms.connection_tests import ConnectionTestResult
from polysync_core.console.editing.connection_test_notice import result_notice
from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.editing.flow import checked_definition
from polysync_core.console.editing.frame import outer_button
from polysync_core.console.paths import page_path
from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.errors import Invalid


def draft_test_button(state: EditorPage, section: str, *label: Node) -> Node:
    """Return the button that tests the draft, or the stored definition of a read-only page."""
    if state.is_read_only:
        return h.form(method="post", action=page_path(section, state.name or "", "test"))[
            h.button(type="submit")[label]
        ]
    return outer_button("test", *label)


def with_draft_test[D: Definition](
    state: EditorPage, test: Callable[[D], ConnectionTestResult]
) -> EditorPage:
    """Return the page with the result of a test, or the problems of the draft."""
    try:
        definition = checked_definition(state)
    except Invalid as error:
        return state.with_problems(error.problems)
    return state.with_result("", result_notice(test(cast("D", definition))))
