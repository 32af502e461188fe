"""Deletes a definition, after an HTML page that asks and names the referring definitions."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

import htpy as h
from fastapi import Response
from fastapi.responses import HTMLResponse
from htpy import Node

from polysync_core.application.definitions.consequences.consequence import Consequence
from polysync_core.application.definitions.editing import WriteCondition
from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.editing.frame import section_crumb
from polysync_core.console.editing.review import consequence_list
from polysync_core.console.form_data import FormData
from polysync_core.console.icons import icon
from polysync_core.console.parts.notices import notice
from polysync_core.console.paths import page_path
from polysync_core.console.shell import page, redirect
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.errors import Conflict, Problem, StaleETag

SECTIONS = {
    Kind.CALENDAR: "calendars",
    Kind.CONTENTION_PROFILE: "limits",
    Kind.JOB: "jobs",
    Kind.PLATFORM: "platforms",
    Kind.TASK: "tasks",
    Kind.VAULT: "vaults",
    Kind.WEBHOOK: "webhooks",
    Kind.RECEIVER: "receivers",
}
"""The sections of the console by the kinds of definition."""


def removal_page(state: EditorPage, *, message: str = "") -> HTMLResponse:
    """Return the page that asks whether a definition shall be deleted."""
    name = state.name or ""
    referrers = _referrers(state)
    status = HTTPStatus.CONFLICT if message else HTTPStatus.OK
    return page(
        state.request,
        f"Delete {name}?",
        message and notice("error", message),
        _refused(referrers) if referrers else _question(state),
        section=state.editor.section,
        crumbs=[section_crumb(state.editor.section), (name, state.editor.address(name))],
        status=status,
    )


def delete_definition(state: EditorPage, form: FormData) -> Response:
    """Delete the definition, or return the page with the reason why it stays."""
    reference = Reference(state.editor.kind, state.name or "")
    condition = WriteCondition(if_match=form.get("~etag"))
    try:
        state.services.editing.delete(reference, condition, engine=state.services.engine)
    except StaleETag:
        message = "Another person has changed it since you opened this page. Check it again."
        return removal_page(state, message=message)
    except Conflict as error:
        return removal_page(state, message=str(error))
    return redirect(page_path(state.editor.section, notice="deleted", was=state.name))


def _referrers(state: EditorPage) -> tuple[Problem, ...]:
    try:
        state.services.editing.plan_delete(Reference(state.editor.kind, state.name or ""))
    except Conflict as error:
        return error.problems
    return ()


def _refused(referrers: tuple[Problem, ...]) -> Node:
    return notice(
        "warning",
        h.p[
            "It cannot be deleted while other definitions refer to it. Change or delete them first."
        ],
        h.ul[[h.li[_link(each.path)] for each in referrers]],
    )


def _link(path: str) -> Node:
    """Return a link to a definition, which a path such as `jobs/load` names."""
    kind, _, name = path.partition("/")
    return h.a(href=page_path(SECTIONS[Kind(kind)], name))[f"{Kind(kind).value}/{name}"]


def _kept(state: EditorPage) -> Node:
    """Return the sentence about the way back."""
    address = state.editor.address(state.name, "versions")
    return ["Its ", h.a(href=address)["versions"], " are kept, and can be created again."]


def _consequences(state: EditorPage) -> Sequence[Consequence]:
    services = state.services
    change = services.editing.plan_delete(Reference(state.editor.kind, state.name or ""))
    return services.consequences.of(change, services.engine)


def _question(state: EditorPage) -> Node:
    return h.form(".card", method="post", action=state.editor.address(state.name, "delete"))[
        h.input(type="hidden", name="~etag", value=state.etag),
        h.div(".in")[h.p["Nothing refers to it. It is deleted at once. ", _kept(state)],],
        consequence_list(_consequences(state)),
        h.div(".foot")[
            h.a(".button", href=state.editor.address(state.name))["Back"],
            h.button(".danger.primary", type="submit")[icon("delete"), f"Delete {state.name}"],
        ],
    ]
