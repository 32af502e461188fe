"""Serves the HTML page that lists runs, of all Tasks or of one Task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import htpy as h
from fastapi import Request, Response
from htpy import Element, Node

from polysync_core.api.engine import CurrentEngine
from polysync_core.api.runs.failures import CurrentFailureGroups
from polysync_core.api.runs.routes import CurrentTaskRuns
from polysync_core.application.definitions.name_search import NameSearch
from polysync_core.application.ports import Engine
from polysync_core.application.runs.lists.failure_groups import FailureGroupReader
from polysync_core.application.runs.lists.overview import Overview, RunsOverview
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.console.live.fragments import tag_of
from polysync_core.console.pages.jump.routes import CurrentNameSearch
from polysync_core.console.pages.runs.actions_bar import chosen_form
from polysync_core.console.pages.runs.bulk import notices_of
from polysync_core.console.pages.runs.figures import figures_strip
from polysync_core.console.pages.runs.filters import LIST, filter_form, status_tabs
from polysync_core.console.pages.runs.groups import groups_view
from polysync_core.console.pages.runs.query import CurrentRunsQuery, RunsQuery, read_query
from polysync_core.console.pages.runs.services import CurrentOverview
from polysync_core.console.pages.runs.table import Rows, runs_table
from polysync_core.console.parts.live import live_button, stream_element
from polysync_core.console.parts.notices import empty_state
from polysync_core.console.parts.tables import older_link
from polysync_core.console.paths import page_path, task_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import Crumb, has_role, page, redirect
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.stored import Page
from polysync_core.domain.security.roles import Role

RUNS = "runs"
"""The id of the part of the page that its stream replaces."""

router = PageRouter()
task_router = PageRouter()
"""The runs of a Task, below the address of the Task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsContent:
    """The content of the page of runs at one moment."""

    page: Page[TaskRun]
    overview: Overview
    at: datetime

    @property
    def is_active(self) -> bool:
        """True if a run of the page can still change."""
        return any(not run.status.is_terminal for run in self.page.items)

    @property
    def state(self) -> str:
        """A text that changes if the content changes, but not with the time alone."""
        facts = [
            (run.run_id, run.sequence, run.reason, run.problem, run.attempts)
            for run in self.page.items
        ]
        reasons = [
            (each.run.run_id, each.explanation, each.sentences)
            for each in self.overview.explained.values()
        ]
        return repr((facts, reasons, self.overview.figures, self.page.continuation_token))


@router.get("/runs")
def runs_page(  # noqa: PLR0913 - one parameter for each use case
    request: Request,
    query: CurrentRunsQuery,
    runs: CurrentTaskRuns,
    overview: CurrentOverview,
    failures: CurrentFailureGroups,
    names: CurrentNameSearch,
    engine: CurrentEngine,
) -> Response:
    """Show runs, each with its reason, and the current figures."""
    if query.is_untidy:
        return redirect(query.address(after=query.after))
    content = _content(request, query, (runs, overview, failures, names, engine))
    return _page(request, "Runs", content, query=query)


@task_router.get("/tasks/{name}/runs")
def task_runs_page(  # noqa: PLR0913 - one parameter for each use case
    request: Request,
    name: str,
    runs: CurrentTaskRuns,
    overview: CurrentOverview,
    failures: CurrentFailureGroups,
    names: CurrentNameSearch,
    engine: CurrentEngine,
) -> Response:
    """Show the runs of a Task, which may be deleted by now."""
    query = read_query(request, task=name)
    if query.is_untidy:
        return redirect(query.address(after=query.after))
    content = _content(request, query, (runs, overview, failures, names, engine))
    return _page(
        request,
        f"Runs of {name}",
        content,
        query=query,
        crumbs=[("Tasks", page_path("tasks")), (name, task_path(name))],
    )


def read_content(
    query: RunsQuery, runs: TaskRuns, overview: RunsOverview, engine: Engine
) -> RunsContent:
    """Read the runs of a page with their reasons and usual durations."""
    found = runs.page(query.listing(runs))
    return RunsContent(page=found, overview=overview.read(found.items, engine), at=runs.clock())


def runs_card(seen: RunsContent, query: RunsQuery, *, may_choose: bool) -> Element:
    """Return the part of the page that its stream replaces."""
    rows = Rows(runs=seen.page.items, overview=seen.overview, now=seen.at, may_choose=may_choose)
    token = seen.page.continuation_token
    content: Node = runs_table(rows) if rows.runs else _nothing(query, token)
    older = older_link(None if token is None else query.address(after=token), label="Older runs")
    return h.div(".card", id=RUNS)[
        chosen_form(query, content) if may_choose and rows.runs else content, older
    ]


def _content(
    request: Request,
    query: RunsQuery,
    cases: tuple[TaskRuns, RunsOverview, FailureGroupReader, NameSearch, Engine],
) -> Sequence[Node]:
    runs, overview, failures, names, engine = cases
    may_act = has_role(request, Role.OPERATOR)
    bar = [status_tabs(query), filter_form(query, names)]
    if query.is_grouped:
        found = failures.read(query.listing(runs))
        figures = overview.read([], engine).figures
        groups = groups_view(found, query, now=runs.clock(), may_rerun=may_act)
        return [figures_strip(figures, now=runs.clock()), h.div(id=LIST)[bar, groups]]
    seen = read_content(query, runs, overview, engine)
    stream = stream_element(
        query.address("live", "runs", after=query.after),
        target=RUNS,
        look=query.address("part", "runs", after=query.after),
        tag=tag_of(seen.state),
        is_active=seen.is_active,
    )
    return [
        figures_strip(seen.overview.figures, now=seen.at),
        h.div(id=LIST)[bar, runs_card(seen, query, may_choose=may_act), stream],
    ]


def _page(
    request: Request,
    title: str,
    content: Sequence[Node],
    *,
    query: RunsQuery,
    crumbs: Sequence[Crumb] = (),
) -> Response:
    answer = page(
        request,
        title,
        *content,
        section="tasks" if crumbs else "runs",
        crumbs=crumbs,
        beside=live_button(),
        notices=notices_of(request.query_params.get("notice", "")),
    )
    # The form of the filters also sends its empty fields, which the address leaves out.
    answer.headers["HX-Push-Url"] = query.address(after=query.after)
    return answer


def _nothing(query: RunsQuery, token: str | None) -> Element:
    bare = RunsQuery(fixed_task=query.fixed_task)
    if token is not None:
        return empty_state(
            "No run matches in the part of the history that was examined.",
            h.a(".button", href=query.address(after=token))["Examine older runs"],
        )
    if query.has_filters or query.after is not None:
        return empty_state(
            "No run matches these filters.",
            h.a(".button", href=bare.address())["Clear filters"],
        )
    if query.fixed_task is not None:
        command = f"polysync run {query.fixed_task}"
        return empty_state("This Task has no runs yet.", command=command)
    return empty_state(
        "There are no runs yet.",
        h.a(".button.primary", href=page_path("tasks"))["Go to the Tasks"],
        command="polysync run TASK",
    )
