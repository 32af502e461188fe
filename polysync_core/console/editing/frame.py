"""Draws the HTML page of a definition editor: heading, tabs, form and save buttons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import htpy as h
from fastapi import Request
from fastapi.responses import HTMLResponse
from htpy import Element, Node

from polysync_core.console.editing.copyable_text import copies
from polysync_core.console.editing.editor import Editor, EditorPage, EditorTab
from polysync_core.console.editing.versions.version_text import applied_notice, saved_line
from polysync_core.console.forms.filling import fill
from polysync_core.console.forms.problems import placed, problem_summary
from polysync_core.console.forms.reading import read
from polysync_core.console.forms.rows import form_fields
from polysync_core.console.forms.view import FormView, view_action
from polysync_core.console.icons import icon
from polysync_core.console.navigation import sections
from polysync_core.console.parts.broken import broken_notice
from polysync_core.console.paths import new_path, page_path
from polysync_core.console.shell import page
from polysync_core.domain.definitions.base import is_object_name
from polysync_core.domain.json_types import JsonObject

NOTICES = {
    "saved": "Saved.",
    "created": "Created.",
    "unchanged": "Nothing has changed, so nothing was saved.",
    "deleted": "Deleted.",
}


def editor_page(state: EditorPage, *, status: int = HTTPStatus.OK) -> HTMLResponse:
    """Return the page of an editor with the values of its draft."""
    editor = state.editor
    title = state.name or f"New {editor.singular}"
    return page(
        state.request,
        title,
        _tabs(state),
        broken_notice(state.opened and state.opened.definition),
        None if state.is_read_only else applied_notice(state.opened),
        None if state.is_new or editor.above is None else editor.above(state),
        _form(state),
        _below(state),
        section=editor.section,
        crumbs=[section_crumb(editor.section)],
        beside=saved_line(editor, state.opened),
        actions=_buttons(state),
        scripts=["forms.js", *editor.scripts],
        notices={**NOTICES, **editor.notices},
        status=status,
    )


def list_notices(request: Request, section: str) -> Mapping[str, Node]:
    """Return the notices of a list; that of a deletion leads to the versions."""
    was = request.query_params.get("was", "")
    if not is_object_name(was):
        return NOTICES
    address = page_path(section, was, "versions")
    return {**NOTICES, "deleted": [f"Deleted {was}. ", h.a(href=address)["Undo"]]}


def section_crumb(section: str) -> tuple[str, str]:
    """Return the label and the address of the list above a definition."""
    label = next(each.label for each in sections() if each.id == section)
    return label, page_path(section)


def do_button(view: FormView, action: str) -> dict[str, str | bool]:
    """Return the attributes of a submit button that changes the draft or tests it."""
    return view_action(view, action)


def outer_button(action: str, *label: Node) -> Element:
    """Return a button outside of the form that sends the draft."""
    return h.button(type="submit", form="editor", name="do", value=action, formnovalidate=True)[
        label
    ]


def hidden_state(state: EditorPage) -> Node:
    """Return the hidden inputs with the version that a draft began with."""
    return [
        state.etag and h.input(type="hidden", name="~etag", value=state.etag),
        state.base is not None and h.input(type="hidden", name="~base", value=compact(state.base)),
        h.input(type="hidden", name="~tab", value=state.tab or ""),
    ]


def compact(document: JsonObject) -> str:
    """Return a document as one line of JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _tabs(state: EditorPage) -> Node:
    tabs = shown_tabs(state)
    more = () if state.name is None else state.editor.more_tabs(state.name)
    if len(tabs) + len(more) < 2:
        return None
    current = next((each.id for each in tabs if each.id == state.tab), tabs[0].id)
    return h.nav(".tabs", data_tabs="", aria_label="Parts of the form")[
        [
            h.a(
                id=f"tab-{tab.id}",
                href=f"?tab={tab.id}",
                aria_controls=f"panel-{tab.id}",
                aria_current="page" if tab.id == current else None,
            )[h.span[tab.label], _count(state, tab), _wrong(state, tab)]
            for tab in tabs
        ],
        [h.a(href=address)[h.span[label]] for label, address in more],
    ]


def tab_bar(editor: Editor, name: str, current: str) -> Element:
    """Return the tabs of an editor for its further page with the label `current`."""
    own = [(tab.label, editor.address(name, tab=tab.id)) for tab in editor.tabs]
    return h.nav(".tabs", aria_label="Parts of the definition")[
        [
            h.a(href=address, aria_current="page" if label == current else None)[h.span[label]]
            for label, address in (*own, *editor.more_tabs(name))
        ]
    ]


def shown_tabs(state: EditorPage) -> Sequence[EditorTab]:
    """Return the tabs that the draft has."""
    return [tab for tab in state.editor.tabs if tab.is_shown(state)]


def _wrong(state: EditorPage, tab: EditorTab) -> Node:
    count = state.view.wrong_in(tab.fields)
    return h.span(".count.error")[f"{count} wrong"] if count else None


def _count(state: EditorPage, tab: EditorTab) -> Node:
    count = tab.count(state)
    return None if count is None else h.span(".count")[str(count)]


def _form(state: EditorPage) -> Element:
    view = state.view
    found = placed(view.group, view.raw, state.problems)
    return h.form(
        id="editor",
        method="post",
        action=state.address,
        data_guard="",
        data_dirty="true" if _is_draft(state) else None,
        novalidate=True,
    )[
        # The key Enter presses the first button of a form.
        None
        if state.is_read_only
        else h.button(
            ".hidden", type="submit", name="do", value="review", tabindex="-1", aria_hidden="true"
        )["Review and save"],
        hidden_state(state),
        problem_summary(view.group, found, state.problems) if state.problems else None,
        state.results.get(""),
        h.div(".form")[[_panel(state, tab) for tab in shown_tabs(state)],],
        _save_bar(state),
    ]


def _is_draft(state: EditorPage) -> bool:
    """Return whether the form holds changes that are not saved."""
    if state.is_new:
        return "~tab" in state.hidden
    stored = {} if state.base is None else read(state.group, fill(state.group, state.base)).document
    return {**state.document, "name": ""} != {**stored, "name": ""}


def _below(state: EditorPage) -> Node:
    """Return the facts below the form; they may have forms of their own."""
    if state.is_new:
        return None
    editor = state.editor
    own = None if editor.below is None or state.is_broken else editor.below(state)
    return h.div(".stack.below")[own, copies(editor, state.document)]


def _panel(state: EditorPage, tab: EditorTab) -> Element:
    content = form_fields(state.view, *tab.fields) if tab.content is None else tab.content(state)
    heading = len(shown_tabs(state)) > 1 and h.h2[tab.label]
    return h.section(
        ".stack", id=f"panel-{tab.id}", aria_label=tab.label, data_count=tab.count(state)
    )[heading, content]


def _save_bar(state: EditorPage) -> Node:
    if state.is_read_only:
        return h.div(".save-bar")[h.span["Only an administrator may change it."]]
    away = state.editor.address(state.name) if state.name else page_path(state.editor.section)
    return h.div(".save-bar")[
        h.span(".grow", data_changes="")[""],
        state.is_new
        and state.editor.is_testable
        and h.button(type="submit", name="do", value="test", formnovalidate=True)["Test"],
        h.a(".button", href=away)["Discard"],
        h.button(".primary", type="submit", name="do", value="review")[
            icon("document"), "Review and save"
        ],
    ]


def _buttons(state: EditorPage) -> Node:
    if state.name is None:
        return None
    editor = state.editor
    own = None if editor.buttons is None or state.is_broken else editor.buttons(state)
    if state.is_read_only:
        return own
    duplicate = new_path(editor.section, copy=state.name)
    return [
        h.a(".button.quiet", href=duplicate)[icon("copy"), "Duplicate"],
        h.a(".button.quiet.danger", href=editor.address(state.name, "delete"))[
            icon("delete"), "Delete"
        ],
        own,
    ]
