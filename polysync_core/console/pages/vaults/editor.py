"""Serves the HTML pages that list and edit vaults, with a connection test."""

from __future__ import annotations

from typing import Annotated

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
from polysync_core.console.parts.times import nothing
from polysync_core.console.shell import has_role
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.definitions.vaults import Vault
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
    return draft_test_button(state, _SECTION, "Test")


def _test(state: EditorPage, _: str) -> EditorPage:
    """Test the draft, which need not be saved."""
    return with_draft_test(state, state.services.tests.try_vault)


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
