"""Processes the submitted editor form of a definition: checks, plans and saves the draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus

from fastapi import Request, Response

from polysync_core.application.definitions.editing import WriteCondition
from polysync_core.application.definitions.plans import ChangeAction
from polysync_core.application.platforms.connection_tests import ConnectionTestResult
from polysync_core.console.editing.conflict import conflict_page, merged
from polysync_core.console.editing.connection_test_notice import result_notice
from polysync_core.console.editing.editor import Editor, EditorPage
from polysync_core.console.editing.frame import editor_page
from polysync_core.console.editing.review import review_page
from polysync_core.console.editing.services import EditorServices
from polysync_core.console.editing.submission import draft_page, submitted, tidied
from polysync_core.console.form_data import FormData
from polysync_core.console.forms.filling import (
    empty_row,
    fill,
    rows_at,
)
from polysync_core.console.forms.raw import with_row, without_row
from polysync_core.console.forms.reading import read
from polysync_core.console.parts.notices import notice
from polysync_core.console.shell import redirect
from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.stored import stored_document
from polysync_core.domain.definitions.validation.drafts import read_draft
from polysync_core.domain.errors import Invalid, Malformed, NotFound, Problem, StaleETag
from polysync_core.domain.json_types import JsonObject

_PLANNED_ANEW = "The plan has changed since you saw it. Check the new plan."


def stored_page(
    request: Request, editor: Editor, services: EditorServices, name: str
) -> EditorPage:
    """Return the state of an editor with the stored values; raises `NotFound`."""
    stored = services.stored(editor.kind, name)
    document = stored_document(stored)
    group = services.group(editor.kind, document, is_new=False)
    return EditorPage(
        request=request,
        editor=editor,
        services=services,
        group=group,
        raw=fill(group, document),
        name=name,
        etag=stored.etag,
        base=document,
        opened=stored,
        tab=request.query_params.get("tab"),
    )


def tested_page(state: EditorPage, result: ConnectionTestResult) -> Response:
    """Return the page of a stored definition with the result of its test."""
    state.services.unchanged()
    return editor_page(state.with_result("", result_notice(result)))


def new_page(request: Request, editor: Editor, services: EditorServices) -> EditorPage:
    """Return the state of an editor for a new definition."""
    query = request.query_params
    document: JsonObject = {}
    if source := query.get("copy"):
        document = stored_document(services.stored(editor.kind, source))
        document["name"] = f"{source}-copy"[:63]
    document |= {name: query[name] for name in editor.prefill if query.get(name)}
    return draft_page(request, editor, services, None, document)


def answer_form(
    request: Request, editor: Editor, services: EditorServices, name: str | None, form: FormData
) -> Response:
    """Return the answer to the button that was pressed."""
    action, _, path = form.get("do", "review").partition(":")
    services.unchanged()
    state = submitted(request, editor, services, name, form)
    match action:
        case "review":
            return review(tidied(state))
        case "save":
            return _save(state, form.get("~token", ""))
        case "edit":
            return editor_page(state)
        case "merge":
            return editor_page(merged(state, form, keeps_mine=path == "mine"))
        case _:
            return editor_page(_changed(state, action, path))


def review(state: EditorPage, *, message: str = "") -> Response:
    """Return the plan of a draft, the form with its problems, or the conflict."""
    try:
        definition = checked_definition(state)
    except Invalid as error:
        return _wrong(state, error.problems)
    try:
        change = state.services.editing.plan_put(definition, _condition(state))
    except Invalid as error:
        return _wrong(state, error.problems)
    except StaleETag:
        return _stale(state)
    if change.action is ChangeAction.UNCHANGED:
        return redirect(state.editor.address(state.name, notice="unchanged"))
    consequences = state.services.consequences.of(change, state.services.engine)
    return review_page(state, change, consequences, message=message)


def checked_definition(state: EditorPage) -> Definition:
    """Return the definition of a draft, or raise `Invalid` with every problem."""
    reading = read(state.group, state.raw)
    draft = read_draft(state.editor.kind, state.document)
    try:
        definition = state.services.editing.complete(draft)
    except Invalid as error:
        known = {each.path for each in reading.problems}
        others = [each for each in error.problems if each.path not in known]
        raise Invalid([*reading.problems, *others], omitted=error.omitted) from error
    if reading.problems:
        raise Invalid(reading.problems)
    return definition


def _changed(state: EditorPage, action: str, path: str) -> EditorPage:
    """Return the state after a button that only changes the draft."""
    match action:
        case "refresh":
            return state
        case "add":
            row = empty_row(rows_at(state.group, path))
            return state.with_raw(with_row(state.raw, path, row))
        case "remove":
            return state.with_raw(without_row(state.raw, path))
        case "secret":
            return _with_tested_secret(state, path)
        case _:
            own = state.editor.actions.get(action)
            if own is None:
                raise Malformed([Problem("do", f"'{action}' is not a button of this page")])
            return own(state, path)


def _with_tested_secret(state: EditorPage, path: str) -> EditorPage:
    try:
        result = state.services.tests.test_secret(state.view.text(path))
    except (Invalid, NotFound) as error:
        return state.with_result(path, notice("error", str(error).removeprefix("reference: ")))
    return state.with_result(path, result_notice(result))


def _save(state: EditorPage, token: str) -> Response:
    editing = state.services.editing
    definition = checked_definition(state)
    try:
        saved = editing.put(
            definition,
            _condition(state, token),
            engine=state.services.engine,
            author=state.services.author,
        )
    except Invalid as error:
        return _wrong(state, error.problems)
    except StaleETag:
        # Either another person has saved it, or the draft is not the planned one.
        return review(state, message=_PLANNED_ANEW)
    state.services.changed()
    code = "created" if saved.created else "saved"
    return redirect(state.editor.address(definition.name, tab=state.tab, notice=code))


def _condition(state: EditorPage, token: str | None = None) -> WriteCondition:
    return WriteCondition(if_match=state.etag, if_absent=state.is_new, plan_token=token)


def _wrong(state: EditorPage, problems: Sequence[Problem]) -> Response:
    return editor_page(state.with_problems(problems), status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _stale(state: EditorPage) -> Response:
    if state.is_new:
        return _wrong(state, [Problem("name", "is taken already: choose another name")])
    try:
        return conflict_page(state)
    except NotFound:
        return _deleted(state)


def _deleted(state: EditorPage) -> Response:
    """Return the draft of a definition that another person has deleted."""
    raw = {**state.raw, "name": state.name or ""}
    again = replace(state, name=None, etag=None, base=None).with_raw(raw)
    message = notice("warning", "Another person has deleted it. A save creates it again.")
    return editor_page(again.with_result("", message), status=HTTPStatus.PRECONDITION_FAILED)
