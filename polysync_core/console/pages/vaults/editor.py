"""Serves the list of vaults and their editor, with the test of the connection."""

from __future__ import annotations

from typing import Annotated, cast

import htpy as h
from fastapi import Query, Request, Response
from htpy import Node

from polysync_core.api.definitions.routes import CurrentDefinitionEditing
from polysync_core.api.operations.connection_tests import CurrentConnectionTests
from polysync_core.console.editing.editor import Editor, EditorPage, EditorTab
from polysync_core.console.editing.flow import checked_definition, stored_page, tested_page
from polysync_core.console.editing.frame import outer_button
from polysync_core.console.editing.last_test import last_test, with_last_tests
from polysync_core.console.editing.lists import DefinitionList, list_page
from polysync_core.console.editing.results import result_notice
from polysync_core.console.editing.routes import editor_routes
from polysync_core.console.editing.services import CurrentEditorServices
from polysync_core.console.editing.type_choice import type_fields, until_chosen
from polysync_core.console.forms.rows import form_fields
from polysync_core.console.forms.words import type_label
from polysync_core.console.parts.times import nothing
from polysync_core.console.paths import page_path
from polysync_core.console.shell import has_role
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import Invalid
from polysync_core.domain.security.roles import Role

_SECTION = "vaults"
_USE = "Use this provider"

After = Annotated[str | None, Query(description="The token of the page before.")]


def _provider(stored: StoredDefinition[Definition]) -> Node:
    vault = stored.definition
    return type_label(vault.provider) if isinstance(vault, Vault) else None


def _sign_in(stored: StoredDefinition[Definition]) -> Node:
    vault = stored.definition
    auth = vault.auth if isinstance(vault, Vault) else None
    return nothing() if auth is None else type_label(auth.method)


VAULTS = DefinitionList(
    kind=Kind.VAULT,
    section=_SECTION,
    title="Vaults",
    columns={"Provider": _provider, "Sign-in": _sign_in},
    purpose="A vault is the connection to a secret manager. Platforms take their secrets from it.",
)


def _connection(state: EditorPage) -> Node:
    if not state.document.get("provider"):
        return until_chosen(_USE)
    return form_fields(state.view, "auth", "attributes")


def _general(state: EditorPage) -> Node:
    return [
        form_fields(state.view, "name"),
        type_fields(state, "provider", _USE),
        form_fields(state.view, "displayName", "description"),
    ]


def _buttons(state: EditorPage) -> Node:
    if not has_role(state.request, Role.OPERATOR):
        return None
    if state.is_read_only:
        return h.form(method="post", action=page_path(_SECTION, state.name or "", "test"))[
            h.button(type="submit")["Test"]
        ]
    return outer_button("test", "Test")


def _test(state: EditorPage, _: str) -> EditorPage:
    """Test the draft, which need not be saved."""
    try:
        vault = checked_definition(state)
    except Invalid as error:
        return state.with_problems(error.problems)
    result = state.services.tests.try_vault(cast("Vault", vault))
    return state.with_result("", result_notice(result))


EDITOR = Editor(
    kind=Kind.VAULT,
    section=_SECTION,
    tabs=(
        EditorTab(
            "general", "General", ("name", "provider", "displayName", "description"), _general
        ),
        EditorTab("connection", "Connection", ("auth", "attributes"), _connection),
    ),
    prefill=("provider",),
    buttons=_buttons,
    is_testable=True,
    below=last_test,
    actions={"test": _test},
)
router = editor_routes(EDITOR)


@router.get("")
def vaults(request: Request, editing: CurrentDefinitionEditing, after: After = None) -> Response:
    """Show the vaults by name."""
    return list_page(request, with_last_tests(request, VAULTS), editing, after)


@router.post("/{name}/test")
def test_vault(
    request: Request,
    name: str,
    services: CurrentEditorServices,
    tests: CurrentConnectionTests,
) -> Response:
    """Test the stored vault, and show the result on its page."""
    return tested_page(stored_page(request, EDITOR, services, name), tests.test_vault(name))
