"""Builds the HTTP routes of a definition editor, the same for every kind of definition."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request, Response

from polysync_core.api.definitions.versions import CurrentVersions
from polysync_core.console.editing.editor import Editor
from polysync_core.console.editing.flow import answer_form, new_page, stored_page
from polysync_core.console.editing.frame import editor_page
from polysync_core.console.editing.removal import delete_definition, removal_page
from polysync_core.console.editing.services import CurrentEditorServices, EditorServices
from polysync_core.console.editing.versions.pages import version_page, versions_page
from polysync_core.console.form_data import CurrentForm
from polysync_core.console.paths import NEW
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import require_role
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.security.roles import Role

After = Annotated[str | None, Query(max_length=8_192)]
Number = Annotated[int, Path(ge=1)]


def editor_routes(editor: Editor) -> PageRouter:
    """Return the routes of an editor; `roles.py` names a role for each."""
    router = PageRouter(prefix=f"/{editor.section}")
    _add_new(router, editor)
    _add_removal(router, editor)
    _add_versions(router, editor)
    _add_stored(router, editor)
    return router


def _add_new(router: PageRouter, editor: Editor) -> None:
    @router.get(f"/-/{NEW}")
    def show_new(request: Request, services: CurrentEditorServices) -> Response:
        return editor_page(new_page(request, editor, services))

    @router.post(f"/-/{NEW}")
    def send_new(request: Request, services: CurrentEditorServices, form: CurrentForm) -> Response:
        return answer_form(request, editor, services, None, form)


def _add_removal(router: PageRouter, editor: Editor) -> None:
    @router.get("/{name}/delete")
    def ask_to_delete(request: Request, name: str, services: CurrentEditorServices) -> Response:
        return removal_page(stored_page(request, editor, services, name))

    @router.post("/{name}/delete")
    def delete(
        request: Request, name: str, services: CurrentEditorServices, form: CurrentForm
    ) -> Response:
        return delete_definition(stored_page(request, editor, services, name), form)


def _add_versions(router: PageRouter, editor: Editor) -> None:
    @router.get("/{name}/versions")
    def list_versions(
        request: Request, name: str, versions: CurrentVersions, after: After = None
    ) -> Response:
        return versions_page(request, editor, name, versions, after)

    @router.get("/{name}/versions/{number}")
    def show_version(
        request: Request, name: str, number: Number, services: CurrentEditorServices
    ) -> Response:
        return version_page(request, editor, services, name, number)


def _add_stored(router: PageRouter, editor: Editor) -> None:
    @router.get("/{name}")
    def show(request: Request, name: str, services: CurrentEditorServices) -> Response:
        if _means_new(editor, services, name):
            require_role(request, Role.ADMINISTRATOR)
            return editor_page(new_page(request, editor, services))
        return editor_page(stored_page(request, editor, services, name))

    @router.post("/{name}")
    def send(
        request: Request, name: str, services: CurrentEditorServices, form: CurrentForm
    ) -> Response:
        known = None if _means_new(editor, services, name) else name
        return answer_form(request, editor, services, known, form)


def _means_new(editor: Editor, services: EditorServices, name: str) -> bool:
    """Return whether a name is the word `new`, and no definition has this name."""
    return name == NEW and not services.editing.exists(Reference(editor.kind, name))
