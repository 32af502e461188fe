"""Serves the results of the quick search for console pages."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import htpy as h
from fastapi import Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from htpy import Element

from polysync_core.api.runs.routes import CurrentTaskRuns
from polysync_core.api.use_cases import use_case
from polysync_core.application.definitions.name_search import NameSearch
from polysync_core.console.navigation import sections
from polysync_core.console.pages.jump.targets import Target, targets
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.notices import empty_state
from polysync_core.console.paths import page_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import has_role, page

CurrentNameSearch = Annotated[NameSearch, Depends(use_case(NameSearch))]
Wanted = Annotated[str, Query(max_length=200)]

router = PageRouter()


@router.get("/jump")
def jump_page(
    request: Request, names: CurrentNameSearch, runs: CurrentTaskRuns, q: Wanted = ""
) -> Response:
    """Show the pages that a text may mean."""
    found = _found(request, names, runs, q)
    return page(request, "Jump to", _form(q), _results(found, q))


@router.get("/part/jump")
def jump_results(
    request: Request, names: CurrentNameSearch, runs: CurrentTaskRuns, q: Wanted = ""
) -> Response:
    """Return the pages that a text may mean, for the jump dialog."""
    found = [asdict(each) for each in _found(request, names, runs, q)]
    return JSONResponse(found, headers={"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})


def _found(request: Request, names: NameSearch, runs: CurrentTaskRuns, text: str) -> list[Target]:
    visible = [each for each in sections() if has_role(request, each.role)]
    return targets(text, sections=visible, names=names, runs=runs)


def _form(text: str) -> Element:
    return h.form(".filters", method="get", action=page_path("jump"), role="search")[
        h.label(".hidden", for_="wanted")["Task, Job, run or page"],
        h.input(
            id="wanted",
            name="q",
            type="search",
            value=text,
            maxlength="200",
            placeholder="Task, Job, run id or page",
            autofocus=True,
        ),
        h.button(type="submit")["Search"],
    ]


def _results(found: list[Target], text: str) -> Element:
    if not found:
        return empty_state(
            f"Nothing has a name with “{text}”, and no run id begins with it.",
            h.a(".button", href=page_path("tasks"))["All Tasks"],
        )
    items = [h.li[h.a(href=each.url)[each.text], h.p(".help")[each.kind]] for each in found]
    return card("Found", h.ul(".found")[items])
