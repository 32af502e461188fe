"""Serves the HTML page that lists a platform's notebooks, pipelines and jobs for import."""

from __future__ import annotations

from typing import Annotated

import htpy as h
from fastapi import Query, Request, Response
from htpy import Element, Node

from polysync_core.api.definitions.artefact_import import MAX_PER_CALL, CurrentArtefactImport
from polysync_core.api.security.authors import ImportAuthor
from polysync_core.application.platforms.import_report import (
    ArtefactPage,
    ArtefactSelection,
    FoundArtefact,
)
from polysync_core.console.editing.frame import section_crumb, tab_bar
from polysync_core.console.editing.services import CurrentEditorServices
from polysync_core.console.form_data import CurrentForm, FormData
from polysync_core.console.forms.labels import type_label
from polysync_core.console.icons import icon
from polysync_core.console.pages.platforms.editor import EDITOR, SECTION
from polysync_core.console.pages.platforms.import_pages import Counts, plan_page, progress_page
from polysync_core.console.parts.notices import empty_state, notice
from polysync_core.console.parts.tables import older_link, table
from polysync_core.console.parts.times import nothing
from polysync_core.console.paths import job_path, page_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import has_role, page
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.security.roles import Role

PAGE_SIZE = 50

router = PageRouter(prefix=f"/{SECTION}/{{name}}/artefacts")

JobTypeOf = Annotated[str, Query(alias="jobType", max_length=63)]
Search = Annotated[str, Query(max_length=200)]
After = Annotated[str | None, Query(description="The token of the page before.")]
IsAsked = Annotated[bool, Query(alias="get", description="Ask the platform.")]


@router.get("")
def artefacts(  # noqa: PLR0913
    request: Request,
    name: str,
    services: CurrentEditorServices,
    artefact_import: CurrentArtefactImport,
    job_type: JobTypeOf = "",
    search: Search = "",
    after: After = None,
    is_asked: IsAsked = False,
) -> Response:
    """Show the artefacts of a platform, and the Jobs that run them."""
    job_types = _job_types(services, name)
    selection = ArtefactSelection(
        job_type=job_type or None, search=search or None, limit=PAGE_SIZE, token=after
    )
    listing: Node = h.p(".help")[
        "Get Pipelines asks the platform for the artefacts that a Job can run."
    ]
    if is_asked or after:
        try:
            found = artefact_import.artefacts(name, selection)
        except PolysyncError as error:
            listing = notice("error", str(error), h.p[error.platform_message or ""])
        else:
            listing = _listing(request, name, selection, found)
    return page(
        request,
        name,
        tab_bar(EDITOR, name, "Artefacts"),
        _search(name, selection, job_types),
        listing,
        section=SECTION,
        crumbs=[section_crumb(SECTION)],
        scripts=["forms.js"],
    )


@router.post("")
def send_import(  # noqa: PLR0913 - one parameter for each use case
    request: Request,
    name: str,
    services: CurrentEditorServices,
    artefact_import: CurrentArtefactImport,
    form: CurrentForm,
    author: ImportAuthor,
) -> Response:
    """Plan an import, or import the next artefacts."""
    selection = _selection(form)
    if form.get("do") == "import":
        report = artefact_import.import_artefacts(
            name, selection, engine=services.engine, author=author
        )
        return progress_page(request, name, selection, report, Counts.of(form).after(report))
    services.unchanged()
    return plan_page(request, name, selection, artefact_import.plan_import(name, selection))


def _job_types(services: CurrentEditorServices, name: str) -> list[str]:
    platform = services.stored(Kind.PLATFORM, name).definition
    if not isinstance(platform, Platform):
        return []
    jobs = services.types.platform(platform.type).jobs
    return [job for job, each in jobs.items() if each.is_discoverable]


def _selection(form: FormData) -> ArtefactSelection:
    chosen = frozenset(form.getlist("externalId"))
    is_whole = form.get("all") == "true"
    return ArtefactSelection(
        job_type=form.get("jobType") or None,
        search=form.get("search") or None,
        external_ids=None if is_whole else chosen,
        limit=MAX_PER_CALL,
        token=form.get("token") or None,
        remove=form.get("remove") == "true",
    )


def _search(name: str, selection: ArtefactSelection, job_types: list[str]) -> Element:
    return h.form(".filters", method="get", action=page_path(SECTION, name, "artefacts"))[
        h.input(type="hidden", name="get", value="true"),
        h.label(".hidden", for_="search")["Part of the name"],
        h.input(
            id="search",
            name="search",
            type="search",
            value=selection.search or "",
            placeholder="Part of the name",
            maxlength="200",
        ),
        h.label(".hidden", for_="job-type")["Job type"],
        h.select(id="job-type", name="jobType")[
            h.option(value="")["Every job type"],
            [
                h.option(value=each, selected=each == selection.job_type)[type_label(each)]
                for each in job_types
            ],
        ],
        h.button(".primary", type="submit")[icon("search"), "Get Pipelines"],
    ]


def _listing(
    request: Request, name: str, selection: ArtefactSelection, found: ArtefactPage
) -> Node:
    if not found.items:
        return empty_state(
            "The platform has no such artefact, or the search does not cover its folder."
        )
    may_import = has_role(request, Role.ADMINISTRATOR)
    address = page_path(SECTION, name, "artefacts")
    older = found.token and page_path(
        SECTION,
        name,
        "artefacts",
        after=found.token,
        search=selection.search,
        jobType=selection.job_type,
    )
    return h.form(".card.artefacts", method="post", action=address)[
        h.input(type="hidden", name="search", value=selection.search or ""),
        h.input(type="hidden", name="jobType", value=selection.job_type or ""),
        may_import and _import_bar(),
        table(
            "Artefacts",
            ["Choose" if may_import else "", "Artefact", "Job type", "Jobs"],
            [_row(each, may_import=may_import) for each in found.items],
            body="rows",
        ),
        older_link(older or None, label="Next"),
    ]


def _import_bar() -> Element:
    return h.div(".bulk")[
        h.label(".check.needs-script")[
            h.input(type="checkbox", data_choose_all=""), "Choose all of this page"
        ],
        h.label(".check")[
            h.input(type="checkbox", name="remove", value="true"),
            "Also remove parameters that an incomplete reading does not find",
        ],
        h.button(type="submit", name="do", value="plan")["Plan the import of the chosen"],
        h.button(type="submit", name="all", value="true")["Plan the import of all that match"],
    ]


def _row(each: FoundArtefact, *, may_import: bool) -> Element:
    artefact = each.artefact
    is_usable = artefact.problem is None
    return h.tr(id=f"row-{artefact.job_type}-{artefact.external_id}")[
        h.td[
            may_import
            and is_usable
            and h.input(
                type="checkbox",
                name="externalId",
                value=artefact.external_id,
                aria_label=f"Choose {artefact.name}",
            )
        ],
        h.td[
            h.b[artefact.name],
            h.small(".id")[artefact.external_id],
            artefact.description and h.small[artefact.description],
            artefact.problem and h.small(".error")[artefact.problem],
        ],
        h.td[type_label(artefact.job_type)],
        h.td[
            [[h.a(href=job_path(job))[job], " "] for job in each.jobs]
            or (h.span(".badge.info")["New"] if is_usable else nothing())
        ],
    ]
