"""Draws the HTML page that shows the planned changes of a definition before saving."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

import htpy as h
from fastapi.responses import HTMLResponse
from htpy import Element, Node

from polysync_core.application.definitions.consequences.consequence import Consequence
from polysync_core.application.definitions.plans import ChangeAction, PlannedChange
from polysync_core.console.editing.copyable_text import as_yaml
from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.editing.frame import compact, hidden_state, section_crumb
from polysync_core.console.editing.versions.version_text import bundle_notice
from polysync_core.console.icons import icon
from polysync_core.console.parts.cards import copy_button
from polysync_core.console.parts.differences import difference_table
from polysync_core.console.parts.notices import notice
from polysync_core.console.shell import page
from polysync_core.domain.definitions.document import write_definition
from polysync_core.domain.errors import Problem


def review_page(
    state: EditorPage,
    change: PlannedChange,
    consequences: Sequence[Consequence],
    *,
    message: str = "",
) -> HTMLResponse:
    """Return the page that shows a plan, with the button that saves."""
    name = change.reference.name
    title = f"Create {name}?" if state.is_new else f"Save changes of {name}?"
    return page(
        state.request,
        title,
        message and notice("warning", message),
        bundle_notice(change.before),
        h.section(".card", aria_label="Plan")[
            h.header[h.h2["What will change"]],
            plan_content(state, change, consequences),
            _form(state, change),
        ],
        section=state.editor.section,
        crumbs=[section_crumb(state.editor.section)],
        status=HTTPStatus.OK,
    )


def plan_content(
    state: EditorPage, change: PlannedChange, consequences: Sequence[Consequence]
) -> Node:
    """Return the differences, the warnings and the consequences of a change."""
    return [
        _created(state, change)
        if change.action is ChangeAction.CREATE
        else difference_table("Changed fields", change.differences),
        h.div(".in")[[_warning(each) for each in change.warnings]] if change.warnings else None,
        consequence_list(consequences),
    ]


def consequence_list(consequences: Sequence[Consequence]) -> Node:
    """Return the effects of a change that its fields do not show."""
    if not consequences:
        return None
    return h.ul(".in.stack", aria_label="Consequences")[
        [h.li[icon("warning"), " ", each.text] for each in consequences]
    ]


def _warning(problem: Problem) -> Element:
    return notice("warning", problem.path and h.code[problem.path], " ", problem.message)


def change_count(change: PlannedChange) -> int:
    """Return the number of changed fields."""
    return len(change.differences)


def _created(state: EditorPage, change: PlannedChange) -> Node:
    if change.definition is None:
        return None
    text = as_yaml(state.editor, write_definition(change.definition))
    return h.pre(tabindex="0", aria_label="The new definition in YAML")[h.code[text]]


def _form(state: EditorPage, change: PlannedChange) -> Element:
    count = change_count(change)
    label = "Create" if state.is_new else f"Save {count} {'change' if count == 1 else 'changes'}"
    text = as_yaml(state.editor, state.document)
    return h.form(id="editor", method="post", action=state.address)[
        hidden_state(state),
        h.input(type="hidden", name="~document", value=compact(state.document)),
        h.input(type="hidden", name="~token", value=change.token),
        h.div(".foot")[
            h.button(type="submit", name="do", value="edit")["Back"],
            copy_button(text, label="Copy as YAML"),
            h.button(".primary", type="submit", name="do", value="save")[icon("document"), label],
        ],
    ]
