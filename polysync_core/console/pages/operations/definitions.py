"""Serves the HTML page that exports all definitions and applies a definitions document."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import htpy as h
from fastapi import Request, Response
from htpy import Element, Node

from polysync_core.api.definitions.documents import YAML, CurrentDocuments
from polysync_core.api.engine import PossibleEngine
from polysync_core.api.security.audit_record import CurrentRecord, changes_nothing
from polysync_core.api.security.authors import DocumentAuthor
from polysync_core.application.definitions.plans import ApplyPlan
from polysync_core.console.form_data import CurrentForm, FormData
from polysync_core.console.pages.operations.document_plan import has_changes, plan_view
from polysync_core.console.pages.operations.document_problems import problem_list
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.notices import notice
from polysync_core.console.paths import page_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import has_role, page, redirect
from polysync_core.domain.definitions.document import Document, read_document
from polysync_core.domain.errors import Invalid, StaleETag
from polysync_core.domain.security.roles import Role
from polysync_core.domain.strict_documents import read_yaml, write_yaml

_SECTION = "definitions"
_TITLE = "Definitions"
_NOTICES = {
    "applied": "The document is applied.",
    "nothing": "Nothing had to change: the definitions are as in the document.",
}

router = PageRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """The document that a person has typed, with the choices beside it."""

    text: str = ""
    prune: bool = False

    @staticmethod
    def of(form: FormData) -> _Draft:
        return _Draft(text=form.get("document", ""), prune=form.get("prune") == "true")

    def read(self) -> Document:
        return read_document(read_yaml(self.text.encode()))


@router.get("/definitions")
def definitions_page(request: Request) -> Response:
    """Show how to export all definitions, and the form that applies a document."""
    return _page(request, _Draft())


@router.get("/definitions/export")
def export(documents: CurrentDocuments) -> Response:
    """Download all definitions as YAML."""
    headers = {
        "Content-Disposition": 'attachment; filename="definitions.yaml"',
        "Cache-Control": "no-store",
    }
    return Response(write_yaml(documents.export()), media_type=YAML, headers=headers)


@router.post("/definitions")
def apply(  # noqa: PLR0913 - one parameter for each use case
    request: Request,
    documents: CurrentDocuments,
    form: CurrentForm,
    engine: PossibleEngine,
    author: DocumentAuthor,
    record: CurrentRecord,
) -> Response:
    """Show the plan of a document, or execute the plan that was shown."""
    draft, token = _Draft.of(form), form.get("planToken")
    try:
        if token is None:
            changes_nothing(record)
            return _planned(request, draft, documents.plan(draft.read(), prune=draft.prune))
        plan = documents.apply(
            draft.read(), engine=engine, prune=draft.prune, plan_token=token, author=author
        )
    except Invalid as invalid:
        problems = problem_list(invalid, draft.text)
        return _page(request, draft, problems, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except StaleETag:
        return _outdated(request, draft, documents)
    return redirect(page_path("definitions", notice="applied" if has_changes(plan) else "nothing"))


def _outdated(request: Request, draft: _Draft, documents: CurrentDocuments) -> Response:
    """Show the new plan, because the definitions have changed since the last one."""
    plan = documents.plan(draft.read(), prune=draft.prune)
    warning = notice(
        "warning",
        "The stored definitions have changed since you saw the plan. Nothing is applied yet: "
        "check the new plan.",
    )
    return _planned(request, draft, plan, warning, status=HTTPStatus.PRECONDITION_FAILED)


def _planned(
    request: Request, draft: _Draft, plan: ApplyPlan, *above: Node, status: int = HTTPStatus.OK
) -> Response:
    return _page(request, draft, *above, plan_view(plan, _apply_form(draft, plan)), status=status)


def _apply_form(draft: _Draft, plan: ApplyPlan) -> Element:
    return h.form(method="post", action=page_path("definitions"))[
        h.input(type="hidden", name="document", value=draft.text),
        h.input(type="hidden", name="prune", value="true" if draft.prune else "false"),
        h.input(type="hidden", name="planToken", value=plan.token),
        h.button(".primary", type="submit")["Apply this plan"],
    ]


def _page(request: Request, draft: _Draft, *above: Node, status: int = HTTPStatus.OK) -> Response:
    is_administrator = has_role(request, Role.ADMINISTRATOR)
    return page(
        request,
        _TITLE,
        h.div(".stack")[above, is_administrator and _document_form(draft), _export_card()],
        section=_SECTION,
        notices=_NOTICES,
        status=status,
    )


def _document_form(draft: _Draft) -> Element:
    return card(
        "Apply a document",
        h.form(".form.in", method="post", action=page_path("definitions"), data_guard="")[
            h.div(".field")[
                h.label(for_="document")["Document"],
                h.textarea(
                    ".code",
                    id="document",
                    name="document",
                    spellcheck="false",
                    required=True,
                    aria_describedby="document-help",
                )[
                    # A browser drops the first line end of a text area.
                    "\n", draft.text
                ],
                h.p(".help", id="document-help")[
                    "YAML or JSON, as in a file of ",
                    h.code["polysync apply"],
                    ". Definitions that the document omits stay as they are.",
                ],
            ],
            h.div(".field.needs-script")[
                h.label(for_="file")["Or read it from a file"],
                h.input(
                    id="file",
                    type="file",
                    accept=".yaml,.yml,.json,application/yaml,application/json",
                    data_read_into="document",
                ),
            ],
            h.div(".check")[
                h.input(
                    id="prune", type="checkbox", name="prune", value="true", checked=draft.prune
                ),
                h.label(for_="prune")["Delete the definitions that lists of the document omit"],
            ],
            h.div(".actions")[h.button(".primary", type="submit")["Show the plan"]],
        ],
        note="the plan is shown before anything changes",
    )


def _export_card() -> Element:
    return card(
        "Export",
        h.div(".in.stack")[
            h.p["One document with every definition. Applying it again changes nothing."],
            h.div(".actions")[
                h.a(
                    ".button", href=page_path("definitions", "export"), download="definitions.yaml"
                )["Download as YAML"]
            ],
            h.p(".help")["In a terminal: ", h.code["polysync export"]],
        ],
    )
