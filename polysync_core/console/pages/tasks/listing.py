"""Serves the HTML page that lists and filters Tasks, with buttons for several Tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import htpy as h
from fastapi import Depends, Query, Request, Response
from htpy import Element, Node

from polysync_core.api.operations.holds import CurrentHolds
from polysync_core.api.use_cases import use_case
from polysync_core.application.definitions.task_list import (
    MAX_SCANNED,
    TaskFilter,
    TaskLists,
    TaskRow,
    TaskState,
)
from polysync_core.console.editing.frame import list_notices
from polysync_core.console.icons import icon
from polysync_core.console.pages.tasks.notices import NOTICES
from polysync_core.console.pages.tasks.task_table import task_table
from polysync_core.console.parts.notices import empty_state
from polysync_core.console.parts.tables import older_link
from polysync_core.console.paths import (
    new_path,
    page_path,
)
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import has_role, page
from polysync_core.domain.dispatch.holds import Hold
from polysync_core.domain.runs.stored import Page
from polysync_core.domain.security.roles import Role

PAGE_SIZE = 50

CurrentTaskLists = Annotated[TaskLists, Depends(use_case(TaskLists))]

router = PageRouter()

_STATES = {
    TaskState.ENABLED: "Enabled",
    TaskState.DISABLED: "Disabled",
    TaskState.PAUSED: "Paused",
}


def _filter(
    q: Annotated[str, Query(max_length=200)] = "",
    tag: Annotated[str, Query(max_length=400)] = "",
    platform: Annotated[str, Query(max_length=63)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
) -> TaskFilter:
    known = {each.value.lower(): each for each in TaskState}
    return TaskFilter(
        text=q.strip() or None,
        tag=tag.strip() or None,
        platform=platform.strip() or None,
        state=known.get(state.lower()),
    )


CurrentTaskFilter = Annotated[TaskFilter, Depends(_filter)]


@router.get("/tasks")
def tasks_page(
    request: Request,
    lists: CurrentTaskLists,
    holds: CurrentHolds,
    wanted: CurrentTaskFilter,
    after: Annotated[str | None, Query(max_length=1000)] = None,
) -> Response:
    """List Tasks with their newest runs and next fire times."""
    found = lists.page(wanted, limit=PAGE_SIZE, token=after)
    may_edit = has_role(request, Role.ADMINISTRATOR)
    return page(
        request,
        "Tasks",
        _filters(wanted),
        _content(request, wanted, found, holds.active()),
        section="tasks",
        actions=may_edit
        and h.a(".button.primary", href=new_path("tasks"))[icon("add"), "New task"],
        notices={**list_notices(request, "tasks"), **NOTICES},
    )


def filter_query(wanted: TaskFilter) -> dict[str, str | None]:
    """Return the query of the list's address."""
    return {
        "q": wanted.text,
        "tag": wanted.tag,
        "platform": wanted.platform,
        "state": wanted.state and wanted.state.value.lower(),
    }


def _filters(wanted: TaskFilter) -> Element:
    return h.form(".filters", method="get", action=page_path("tasks"), data_auto_submit="")[
        h.label(".hidden", for_="filter-q")["Name or Job"],
        h.input(
            id="filter-q",
            name="q",
            type="search",
            value=wanted.text or "",
            placeholder="Name or job",
        ),
        _field("platform", "Platform", wanted.platform),
        _field("tag", "Tag", wanted.tag, placeholder="name=value"),
        h.div(".field")[
            h.label(for_="filter-state")["State"],
            h.select(id="filter-state", name="state")[
                h.option(value="")["Any"],
                [
                    h.option(value=each.value.lower(), selected=wanted.state is each)[words]
                    for each, words in _STATES.items()
                ],
            ],
        ],
        h.button(type="submit")["Filter"],
        wanted != TaskFilter() and h.a(".button.quiet", href=page_path("tasks"))["Clear"],
    ]


def _field(name: str, label: str, value: str | None, placeholder: str | None = None) -> Element:
    return h.div(".field")[
        h.label(for_=f"filter-{name}")[label],
        h.input(id=f"filter-{name}", name=name, value=value or "", placeholder=placeholder),
    ]


def _content(
    request: Request, wanted: TaskFilter, found: Page[TaskRow], holds: Sequence[Hold]
) -> Node:
    if not found.items and found.continuation_token is None:
        return _empty(request, wanted)
    further = older_link(
        found.continuation_token
        and page_path("tasks", **filter_query(wanted), after=found.continuation_token),
        label="Next",
    )
    note = None if found.items else f"None of the last {MAX_SCANNED:,} tasks matches."
    return h.form(".card", method="post", action=page_path("tasks", "-", "pause"))[
        [
            h.input(type="hidden", name=f"~{name}", value=value)
            for name, value in filter_query(wanted).items()
            if value
        ],
        _bulk(request),
        note and h.p(".in")[note],
        task_table(request, found.items, holds) if found.items else None,
        further,
    ]


def _empty(request: Request, wanted: TaskFilter) -> Element:
    if wanted != TaskFilter():
        clear = h.a(".button", href=page_path("tasks"))["Clear the filter"]
        return empty_state("No task matches the filter.", clear)
    create = (
        has_role(request, Role.ADMINISTRATOR)
        and h.a(".button.primary", href=new_path("tasks"))["New task"]
    )
    return empty_state(
        "There is no task yet. A task runs a job: at times, after other tasks, or by hand.",
        create,
        command="polysync apply tasks.yaml",
    )


def _bulk(request: Request) -> Node:
    if not has_role(request, Role.OPERATOR):
        return None
    may_edit = has_role(request, Role.ADMINISTRATOR)
    return h.div(".bulk")[
        h.label(".check.needs-script")[h.input(type="checkbox", data_choose_all=""), "All"],
        h.span[h.b(".needs-script", data_chosen="")["0"], " chosen"],
        h.label(".hidden", for_="bulk-reason")["Reason of the pause"],
        h.input(
            id="bulk-reason", name="reason", maxlength="1000", placeholder="Reason of the pause"
        ),
        _bulk_button("pause", "Pause"),
        _bulk_button("resume", "Resume"),
        may_edit and [_bulk_button("enable", "Enable"), _bulk_button("disable", "Disable")],
    ]


def _bulk_button(action: str, label: str) -> Element:
    address = page_path("tasks", "-", action)
    return h.button(".small", type="submit", formaction=address, data_needs_chosen="")[label]
