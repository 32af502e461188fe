"""Draws the HTML page of an edit conflict between a draft and a newer version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus

import htpy as h
from fastapi.responses import HTMLResponse
from htpy import Element, Node

from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.editing.frame import compact, section_crumb
from polysync_core.console.form_data import FormData
from polysync_core.console.forms.filling import fill
from polysync_core.console.forms.problems import control_id
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.differences import difference_table, value_text
from polysync_core.console.parts.notices import notice
from polysync_core.console.shell import page
from polysync_core.domain.definitions.changes.differences import FieldDifference
from polysync_core.domain.definitions.changes.merging import FieldConflict, Merge, Side, merge
from polysync_core.domain.definitions.stored import stored_document
from polysync_core.domain.json_types import JsonObject

_TAKE = "~take:"
_OWN = "Another person has saved it since you opened it. Your changes are here, but not saved yet."


def conflict_page(state: EditorPage) -> HTMLResponse:
    """Return the page of a draft whose stored version has changed meanwhile.

    Raises `NotFound` if another person has deleted the definition.
    """
    name = state.name or ""
    stored = state.services.stored(state.editor.kind, name)
    theirs = stored_document(stored)
    merging = merge(state.base or {}, theirs, state.document)
    return page(
        state.request,
        f"{name} was changed meanwhile",
        notice("warning", _OWN),
        h.form(".stack", id="editor", method="post", action=state.address)[
            h.input(type="hidden", name="~document", value=compact(state.document)),
            h.input(type="hidden", name="~base", value=compact(state.base or {})),
            h.input(type="hidden", name="~etag", value=stored.etag),
            _changes(merging),
            h.div(".foot")[
                h.a(".button", href=state.address)["Take theirs"],
                h.button(type="submit", name="do", value="merge:mine")["Keep mine"],
                h.button(".primary", type="submit", name="do", value="merge")["Merge by field"],
            ],
        ],
        section=state.editor.section,
        crumbs=[section_crumb(state.editor.section), (name, state.address)],
        status=HTTPStatus.PRECONDITION_FAILED,
    )


def merged(state: EditorPage, form: FormData, *, keeps_mine: bool) -> EditorPage:
    """Return the draft on top of the version that is stored now.

    The changes of both people are merged field by field. With `keeps_mine` the draft wins.
    """
    stored = state.services.stored(state.editor.kind, state.name or "")
    theirs = stored_document(stored)
    document = state.document
    if not keeps_mine:
        document = merge(state.base or {}, theirs, state.document, _choices(form)).document
    return _with_document(replace(state, etag=stored.etag, base=theirs), document)


def _with_document(state: EditorPage, document: JsonObject) -> EditorPage:
    group = state.services.group(state.editor.kind, document, is_new=state.is_new)
    return replace(state, group=group, raw=fill(group, document))


def _choices(form: FormData) -> dict[str, Side]:
    return {
        name.removeprefix(_TAKE): Side(value)
        for name, value in form.multi_items()
        if name.startswith(_TAKE) and value in set(Side)
    }


def _changes(merging: Merge) -> Node:
    return [
        card("Both of you changed", _conflicts(merging.conflicts)) if merging.conflicts else None,
        _differences("Their changes", merging.theirs),
        _differences("Your changes", merging.mine),
    ]


def _differences(title: str, differences: Sequence[FieldDifference]) -> Node:
    return card(title, difference_table(title, differences)) if differences else None


def _conflicts(conflicts: Sequence[FieldConflict]) -> Element:
    return h.div(".in.stack")[[_conflict(each) for each in conflicts]]


def _conflict(each: FieldConflict) -> Element:
    return h.fieldset[
        h.legend[h.code[each.path]],
        h.div(".versus")[
            _choice(each.path, Side.MINE, "Yours", value_text(each.mine), is_chosen=True),
            _choice(each.path, Side.THEIRS, "Theirs", value_text(each.theirs)),
        ],
    ]


def _choice(path: str, side: Side, label: str, value: Node, *, is_chosen: bool = False) -> Element:
    name = _TAKE + path
    control = f"{control_id(path)}-{side.value.lower()}"
    return h.div(".check")[
        h.input(type="radio", id=control, name=name, value=side.value, checked=is_chosen),
        h.label(for_=control)[h.b[label], " ", h.span(".break")[value]],
    ]
