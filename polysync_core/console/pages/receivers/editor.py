"""Serves the HTML pages that list, edit and test receivers of notifications."""

from __future__ import annotations

from typing import Annotated, cast

import htpy as h
from fastapi import Query, Request, Response
from htpy import Node

from polysync_core.api.definitions.routes import CurrentDefinitionEditing
from polysync_core.api.operations.connection_tests import CurrentConnectionTests
from polysync_core.console.editing.draft_tests import draft_test_button, with_draft_test
from polysync_core.console.editing.editor import Editor, EditorPage, EditorTab
from polysync_core.console.editing.flow import stored_page, tested_page
from polysync_core.console.editing.last_test import with_last_tests
from polysync_core.console.editing.lists import DefinitionList, list_page
from polysync_core.console.editing.routes import editor_routes
from polysync_core.console.editing.services import CurrentEditorServices
from polysync_core.console.editing.type_choice import type_fields, until_chosen
from polysync_core.console.forms.rows import form_fields
from polysync_core.console.icons import icon
from polysync_core.console.pages.webhooks.deliveries import deliveries
from polysync_core.console.shell import has_role
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.receivers import (
    EmailReceiver,
    Receiver,
    ReceiverBase,
    ReceiverType,
)
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.security.roles import Role

_SECTION = "receivers"
_USE = "Use this type"
_FIELDS = {
    ReceiverType.TEAMS.value: ("url",),
    ReceiverType.SLACK.value: ("url",),
    ReceiverType.WEBHOOK.value: ("url", "secret"),
    ReceiverType.EMAIL.value: (
        "to",
        "sender",
        "service",
        "endpoint",
        "accessKey",
        "host",
        "port",
        "security",
        "username",
        "password",
    ),
}
_TARGET = tuple(dict.fromkeys(name for names in _FIELDS.values() for name in names))

After = Annotated[str | None, Query(description="The token of the page before.")]


def _type(stored: StoredDefinition[Definition]) -> Node:
    receiver = stored.definition
    if isinstance(receiver, EmailReceiver):
        return f"Email to {', '.join(receiver.to[:3])}"
    return cast("Receiver", receiver).type.value if isinstance(receiver, ReceiverBase) else None


def _events(stored: StoredDefinition[Definition]) -> Node:
    receiver = stored.definition
    if not isinstance(receiver, ReceiverBase):
        return None
    events = receiver.events
    kinds = ", ".join(events.kinds) or "every kind"
    tasks = ", ".join(events.tasks) or "every Task"
    return f"{kinds} of {tasks}"


def _state(stored: StoredDefinition[Definition]) -> Node:
    is_on = isinstance(stored.definition, ReceiverBase) and stored.definition.enabled
    return h.span(".badge.success")["On"] if is_on else h.span(".badge")["Off"]


RECEIVERS = DefinitionList(
    kind=Kind.RECEIVER,
    section=_SECTION,
    title="Receivers",
    columns={"Type": _type, "Notifications": _events, "State": _state},
    purpose="A receiver gets messages about failed, late and waiting runs: in Teams, in Slack, or "
    "by e-mail.",
)


def _general(state: EditorPage) -> Node:
    return [
        form_fields(state.view, "name"),
        type_fields(state, "type", _USE),
        form_fields(state.view, "displayName", "description", "enabled"),
    ]


def _target(state: EditorPage) -> Node:
    fields = _FIELDS.get(str(state.document.get("type")))
    return until_chosen(_USE) if fields is None else form_fields(state.view, *fields)


def _notifications(state: EditorPage) -> Node:
    if not state.document.get("type"):
        return until_chosen(_USE)
    return form_fields(state.view, "events", "grouping")


def _buttons(state: EditorPage) -> Node:
    if not has_role(state.request, Role.OPERATOR):
        return None
    return draft_test_button(state, _SECTION, icon("mail"), "Send a test message")


def _test(state: EditorPage, _: str) -> EditorPage:
    """Send a test message to the draft, which need not be saved."""
    return with_draft_test(state, state.services.tests.try_receiver)


EDITOR = Editor(
    kind=Kind.RECEIVER,
    section=_SECTION,
    tabs=(
        EditorTab(
            "general",
            "General",
            ("name", "type", "displayName", "description", "enabled"),
            _general,
        ),
        EditorTab("target", "Target", _TARGET, _target),
        EditorTab("notifications", "Notifications", ("events", "grouping"), _notifications),
    ),
    prefill=("type",),
    buttons=_buttons,
    is_testable=True,
    below=deliveries,
    actions={"test": _test},
)
router = editor_routes(EDITOR)


@router.get("")
def receivers(request: Request, editing: CurrentDefinitionEditing, after: After = None) -> Response:
    """Show the receivers by name."""
    return list_page(request, with_last_tests(request, RECEIVERS), editing, after)


@router.post("/{name}/test")
def test_receiver(
    request: Request, name: str, services: CurrentEditorServices, tests: CurrentConnectionTests
) -> Response:
    """Send a test message to the stored receiver, and show the result on its page."""
    return tested_page(stored_page(request, EDITOR, services, name), tests.test_receiver(name))
