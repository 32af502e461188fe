"""Serves the HTML pages that list, edit and test webhooks, with recent deliveries."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

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
from polysync_core.console.icons import icon
from polysync_core.console.pages.webhooks.deliveries import deliveries
from polysync_core.console.shell import has_role
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.security.roles import Role

_SECTION = "webhooks"

After = Annotated[str | None, Query(description="The token of the page before.")]


def _host(stored: StoredDefinition[Definition]) -> Node:
    webhook = stored.definition
    return urlsplit(webhook.url).netloc if isinstance(webhook, Webhook) else None


def _events(stored: StoredDefinition[Definition]) -> Node:
    webhook = stored.definition
    if not isinstance(webhook, Webhook):
        return None
    events = webhook.events
    statuses = ", ".join(events.statuses) or "every status"
    tasks = ", ".join(events.tasks) or "every Task"
    return f"{statuses} of {tasks}"


def _state(stored: StoredDefinition[Definition]) -> Node:
    is_on = isinstance(stored.definition, Webhook) and stored.definition.enabled
    return h.span(".badge.success")["On"] if is_on else h.span(".badge")["Off"]


WEBHOOKS = DefinitionList(
    kind=Kind.WEBHOOK,
    section=_SECTION,
    title="Webhooks",
    columns={"Host": _host, "Events": _events, "State": _state},
    purpose="A webhook sends the events of runs to an address, such as that of a chat.",
)


def _buttons(state: EditorPage) -> Node:
    if not has_role(state.request, Role.OPERATOR):
        return None
    return draft_test_button(state, _SECTION, icon("webhook"), "Send a test event")


def _test(state: EditorPage, _: str) -> EditorPage:
    """Send a test event to the draft, which need not be saved."""
    return with_draft_test(state, state.services.tests.try_webhook)


EDITOR = Editor(
    kind=Kind.WEBHOOK,
    section=_SECTION,
    tabs=(
        EditorTab(
            "general",
            "General",
            ("name", "displayName", "description", "url", "secret", "enabled"),
        ),
        EditorTab("events", "Events", ("events",)),
    ),
    buttons=_buttons,
    is_testable=True,
    below=deliveries,
    actions={"test": _test},
)
router = editor_routes(EDITOR)


@router.get("")
def webhooks(request: Request, editing: CurrentDefinitionEditing, after: After = None) -> Response:
    """Show the webhooks by name."""
    return list_page(request, with_last_tests(request, WEBHOOKS), editing, after)


@router.post("/{name}/test")
def test_webhook(
    request: Request, name: str, services: CurrentEditorServices, tests: CurrentConnectionTests
) -> Response:
    """Send a test event to the stored webhook, and show the result on its page."""
    return tested_page(stored_page(request, EDITOR, services, name), tests.test_webhook(name))
