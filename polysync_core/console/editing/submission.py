"""Parses a submitted editor form into the draft of a definition."""

from __future__ import annotations

from dataclasses import replace

from fastapi import Request

from polysync_core.console.editing.editor import Editor, EditorPage
from polysync_core.console.editing.services import EditorServices
from polysync_core.console.form_data import FormData
from polysync_core.console.forms.filling import (
    fill,
    with_defaults,
    with_known_rows,
)
from polysync_core.console.forms.raw import RawObject, nested
from polysync_core.console.forms.reading import without_blank_rows
from polysync_core.console.forms.values import Unreadable, read_json_text
from polysync_core.domain.errors import Malformed, Problem
from polysync_core.domain.json_types import JsonObject


def draft_page(
    request: Request,
    editor: Editor,
    services: EditorServices,
    name: str | None,
    document: JsonObject,
) -> EditorPage:
    """Return the state of an editor with the values of a document."""
    group = services.group(editor.kind, document, is_new=name is None)
    return EditorPage(
        request=request,
        editor=editor,
        services=services,
        group=group,
        raw=fill(group, document),
        name=name,
        tab=request.query_params.get("tab"),
    )


def submitted(
    request: Request, editor: Editor, services: EditorServices, name: str | None, form: FormData
) -> EditorPage:
    """Return the state of an editor with the values of a form."""
    raw = _raw_values(form)
    if "~document" in form:
        state = draft_page(request, editor, services, name, _json(form["~document"]))
    else:
        group = services.group(editor.kind, raw, is_new=name is None)
        state = EditorPage(
            request=request,
            editor=editor,
            services=services,
            group=group,
            raw=with_defaults(group, raw),
            name=name,
            tab=request.query_params.get("tab"),
        )
    base = _json(form["~base"]) if "~base" in form else None
    hidden = {name: value for name, value in form.multi_items() if name.startswith("~")}
    tab = form.get("~tab") or request.query_params.get("tab")
    state = replace(state, etag=form.get("~etag"), base=base, hidden=hidden, tab=tab)
    return replace(state, raw=with_known_rows(state.group, state.raw))


def tidied(state: EditorPage) -> EditorPage:
    """Return the state without blank rows, which no problem refers to."""
    return state.with_raw(without_blank_rows(state.group, state.raw))


def _raw_values(form: FormData) -> RawObject:
    names = [each for each in form.multi_items() if each[0] != "do" and each[0][:1] != "~"]
    return nested(names)


def _json(text: str) -> JsonObject:
    try:
        value = read_json_text(text)
    except Unreadable as error:
        raise Malformed([Problem("", "The form cannot be read: reload the page.")]) from error
    return value if isinstance(value, dict) else {}
