"""Serves the HTML pages that list and edit platforms, with a connection test."""

from __future__ import annotations

from typing import Annotated

import htpy as h
from fastapi import Query, Request, Response
from htpy import Node

from polysync_core.api.definitions.routes import CurrentDefinitionEditing
from polysync_core.api.operations.connection_tests import CurrentConnectionTests
from polysync_core.console.editing.draft_tests import draft_test_button, with_draft_test
from polysync_core.console.editing.editor import Editor, EditorPage, EditorTab
from polysync_core.console.editing.flow import stored_page, tested_page
from polysync_core.console.editing.last_test import last_test, with_last_tests
from polysync_core.console.editing.lists import DefinitionList, list_page
from polysync_core.console.editing.routes import editor_routes
from polysync_core.console.editing.services import CurrentEditorServices
from polysync_core.console.editing.type_choice import type_fields, until_chosen
from polysync_core.console.forms.labels import type_label
from polysync_core.console.forms.rows import form_fields
from polysync_core.console.icons import icon
from polysync_core.console.pages.limits.hold_notices import holding_card, holding_link, holds_above
from polysync_core.console.parts.holds import HOLD_NOTICES
from polysync_core.console.parts.times import nothing
from polysync_core.console.paths import limit_path, page_path
from polysync_core.console.shell import has_role
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.security.roles import Role

SECTION = "platforms"
_USE = "Use this type"

After = Annotated[str | None, Query(description="The token of the page before.")]


def _type(stored: StoredDefinition[Definition]) -> Node:
    platform = stored.definition
    return type_label(platform.type) if isinstance(platform, Platform) else None


def _sign_in(stored: StoredDefinition[Definition]) -> Node:
    platform = stored.definition
    return type_label(platform.auth.method) if isinstance(platform, Platform) else None


def _limits(stored: StoredDefinition[Definition]) -> Node:
    platform = stored.definition
    names = platform.contention_profiles if isinstance(platform, Platform) else ()
    links = [[h.a(href=limit_path(name))[name], " "] for name in names]
    return links or nothing()


def _jobs(stored: StoredDefinition[Definition]) -> Node:
    name = stored.definition.name
    return h.a(href=page_path("jobs", platform=name))["Jobs", h.span(".hidden")[f" of {name}"]]


PLATFORMS = DefinitionList(
    kind=Kind.PLATFORM,
    section=SECTION,
    title="Platforms",
    columns={"Type": _type, "Sign-in": _sign_in, "Limits": _limits, "Jobs": _jobs},
    purpose="A platform is the connection to a service that runs your jobs, such as Databricks.",
)


def _general(state: EditorPage) -> Node:
    return [
        form_fields(state.view, "name"),
        type_fields(state, "type", _USE),
        form_fields(state.view, "displayName", "description"),
    ]


def _connection(state: EditorPage) -> Node:
    if not state.document.get("type"):
        return until_chosen(_USE)
    return form_fields(state.view, "auth", "attributes")


def _limits_tab(state: EditorPage) -> Node:
    return [
        form_fields(state.view, "contentionProfiles"),
        h.details[h.summary["Advanced"], form_fields(state.view, "shard")],
    ]


def _buttons(state: EditorPage) -> Node:
    if not has_role(state.request, Role.OPERATOR):
        return None
    return [holding_link(state), _test_button(state)]


def _test_button(state: EditorPage) -> Node:
    return draft_test_button(state, SECTION, icon("platform"), "Test connection")


def _test(state: EditorPage, _: str) -> EditorPage:
    """Test the draft, which need not be saved."""
    return with_draft_test(state, state.services.tests.try_platform)


EDITOR = Editor(
    kind=Kind.PLATFORM,
    section=SECTION,
    tabs=(
        EditorTab("general", "General", ("name", "type", "displayName", "description"), _general),
        EditorTab("connection", "Connection", ("auth", "attributes"), _connection),
        EditorTab("limits", "Limits", ("contentionProfiles", "shard"), _limits_tab),
    ),
    prefill=("type",),
    more_tabs=lambda name: [("Artefacts", page_path(SECTION, name, "artefacts"))],
    buttons=_buttons,
    is_testable=True,
    above=holds_above,
    below=lambda state: [last_test(state), holding_card(state)],
    notices=HOLD_NOTICES,
    actions={"test": _test},
)
router = editor_routes(EDITOR)


@router.get("")
def platforms(request: Request, editing: CurrentDefinitionEditing, after: After = None) -> Response:
    """Show the platforms by name."""
    return list_page(request, with_last_tests(request, PLATFORMS), editing, after)


@router.post("/{name}/test")
def test_platform(
    request: Request, name: str, services: CurrentEditorServices, tests: CurrentConnectionTests
) -> Response:
    """Test the stored platform, and show the result on its page."""
    return tested_page(stored_page(request, EDITOR, services, name), tests.test_platform(name))
