"""Builds the routes that every editor of definitions has."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from polysync_core.console.editing.editor import Editor
from polysync_core.console.editing.flow import answer_form, new_page, stored_page
from polysync_core.console.editing.frame import editor_page
from polysync_core.console.editing.removal import delete_definition, removal_page
from polysync_core.console.editing.services import CurrentEditorServices
from polysync_core.console.form_data import CurrentForm


def editor_routes(editor: Editor) -> APIRouter:
    """Return the routes of an editor; `roles.py` names a role for each."""
    router = APIRouter(prefix=f"/{editor.section}")
    # `/new` comes before the routes with a name.
    _add_new(router, editor)
    _add_removal(router, editor)
    _add_stored(router, editor)
    return router


def _add_new(router: APIRouter, editor: Editor) -> None:
    @router.get("/new")
    def show_new(request: Request, services: CurrentEditorServices) -> Response:
        return editor_page(new_page(request, editor, services))

    @router.post("/new")
    def send_new(request: Request, services: CurrentEditorServices, form: CurrentForm) -> Response:
        return answer_form(request, editor, services, None, form)


def _add_removal(router: APIRouter, editor: Editor) -> None:
    @router.get("/{name}/delete")
    def ask_to_delete(request: Request, name: str, services: CurrentEditorServices) -> Response:
        return removal_page(stored_page(request, editor, services, name))

    @router.post("/{name}/delete")
    def delete(
        request: Request, name: str, services: CurrentEditorServices, form: CurrentForm
    ) -> Response:
        return delete_definition(stored_page(request, editor, services, name), form)


def _add_stored(router: APIRouter, editor: Editor) -> None:
    @router.get("/{name}")
    def show(request: Request, name: str, services: CurrentEditorServices) -> Response:
        return editor_page(stored_page(request, editor, services, name))

    @router.post("/{name}")
    def send(
        request: Request, name: str, services: CurrentEditorServices, form: CurrentForm
    ) -> Response:
        return answer_form(request, editor, services, name, form)
