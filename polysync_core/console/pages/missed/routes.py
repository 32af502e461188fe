"""Serves the HTML page of skipped runs and other missed work, with a rerun action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import htpy as h
from fastapi import Query, Request, Response
from htpy import Element, Node

from polysync_core.api.engine import CurrentEngine
from polysync_core.api.missed.routes import CurrentMissedWork
from polysync_core.api.runs.routes import CurrentTaskRuns
from polysync_core.api.security.callers import CurrentCaller
from polysync_core.application.missed.missed_work import MissedWork
from polysync_core.console.form_data import CurrentForm
from polysync_core.console.pages.missed.lists import (
    deadline_table,
    dropped_table,
    excluded_table,
    fire_time_table,
    message_table,
    stopped_table,
)
from polysync_core.console.pages.missed.skipped import skipped_groups
from polysync_core.console.parts.notices import empty_state, notice
from polysync_core.console.parts.tabs import Tab, tab_links
from polysync_core.console.paths import page_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import has_role, page, redirect
from polysync_core.domain.security.roles import Role

router = PageRouter()


class Kind(StrEnum):
    """The kinds of missed work, in the order of their tabs."""

    SKIPPED = "skipped"
    FIRE_TIMES = "fire-times"
    STOPPED = "stopped"
    DROPPED = "dropped"
    EXCLUDED = "excluded"
    MESSAGES = "messages"
    DEADLINES = "deadlines"


class Period(StrEnum):
    """The periods that the page offers."""

    DAY = "1d"
    THREE_DAYS = "3d"
    WEEK = "7d"
    MONTH = "31d"

    @property
    def days(self) -> int:
        """The length in days."""
        return int(self.value[:-1])

    @property
    def words(self) -> str:
        """The period in words."""
        return "the last 24 hours" if self is Period.DAY else f"the last {self.days} days"


_LABELS: Mapping[Kind, str] = {
    Kind.SKIPPED: "Skipped by an upstream",
    Kind.FIRE_TIMES: "Missed fire times",
    Kind.STOPPED: "Paused and disabled",
    Kind.DROPPED: "Dropped at a limit",
    Kind.EXCLUDED: "Left out by calendars",
    Kind.MESSAGES: "Given-up messages",
    Kind.DEADLINES: "Missed deadlines",
}
_EMPTY: Mapping[Kind, str] = {
    Kind.SKIPPED: "No run was skipped because of an upstream.",
    Kind.FIRE_TIMES: "Every fire time led to a run.",
    Kind.STOPPED: "No schedule is paused or disabled.",
    Kind.DROPPED: "No limit rejected a run.",
    Kind.EXCLUDED: "No calendar excluded a fire time.",
    Kind.MESSAGES: "Every message was processed.",
    Kind.DEADLINES: "Every deadline was met.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    kind: Kind
    period: Period
    may_repair: bool
    now: datetime


@router.get("/missed")
def missed_page(
    request: Request,
    missed: CurrentMissedWork,
    kind: Kind = Kind.SKIPPED,
    since: Annotated[Period, Query()] = Period.WEEK,
) -> Response:
    """Show the missed work of a period, by kind."""
    found = missed.since(missed.clock() - timedelta(days=since.days))
    view = _View(
        kind=kind, period=since, may_repair=has_role(request, Role.OPERATOR), now=missed.clock()
    )
    return page(
        request,
        "Did not happen",
        tab_links("Kinds", [_tab(each, found, view) for each in Kind]),
        h.div(".stack")[_section(found, view)],
        section="missed",
        beside=h.span(".nothing")[since.words],
        actions=_periods(view),
    )


@router.post("/missed/repair")
def repair(
    form: CurrentForm, runs: CurrentTaskRuns, caller: CurrentCaller, engine: CurrentEngine
) -> Response:
    """Rerun the root cause of skipped runs with everything that follows."""
    run = runs.rerun(
        runs.find(form.get("run", "")),
        downstream=True,
        idempotency_key=None,
        actor=caller.name,
        may_name_secrets=caller.has(Role.ADMINISTRATOR),
        engine=engine,
    )
    return redirect(page_path("graph", graphRunId=run.graph_run_id, task=run.task))


def _size(kind: Kind, found: MissedWork) -> tuple[int, bool]:
    """Return the number of listed items, and whether that is all of them."""
    match kind:
        case Kind.SKIPPED:
            alarms = [group for group in found.skipped.items if not group.is_by_design]
            return sum(len(group.runs) for group in alarms), found.skipped.is_complete
        case Kind.FIRE_TIMES:
            return len(found.fire_times.items), found.fire_times.is_complete
        case Kind.STOPPED:
            return len(found.stopped.items), found.stopped.is_complete
        case Kind.DROPPED:
            return len(found.dropped.items), found.dropped.is_complete
        case Kind.EXCLUDED:
            return len(found.excluded.items), found.excluded.is_complete
        case Kind.MESSAGES:
            return len(found.messages.items), found.messages.is_complete
        case Kind.DEADLINES:
            return len(found.deadlines.items), found.deadlines.is_complete


def _tab(kind: Kind, found: MissedWork, view: _View) -> Tab:
    count, is_complete = _size(kind, found)
    return Tab(
        label=_LABELS[kind],
        address=page_path("missed", kind=kind.value, since=view.period.value),
        is_current=kind is view.kind,
        count=count if is_complete else f"{count}+",
    )


def _section(found: MissedWork, view: _View) -> Node:
    _, is_complete = _size(view.kind, found)
    rest = "Older entries are not shown: choose a shorter period."
    return [_content(found, view), None if is_complete else notice("info", rest)]


def _content(found: MissedWork, view: _View) -> Node:
    match view.kind:
        case Kind.SKIPPED if groups := found.skipped.items:
            return list(skipped_groups(groups, may_repair=view.may_repair, now=view.now))
        case Kind.FIRE_TIMES if runs := found.fire_times.items:
            return _card(fire_time_table(runs))
        case Kind.STOPPED if schedules := found.stopped.items:
            return [_card(stopped_table(schedules, view.now)), _disabled_tasks()]
        case Kind.DROPPED if runs := found.dropped.items:
            return _card(dropped_table(runs, view.now))
        case Kind.EXCLUDED if days := found.excluded.items:
            return _card(excluded_table(days))
        case Kind.MESSAGES if messages := found.messages.items:
            return _card(message_table(messages, view.now))
        case Kind.DEADLINES if deadlines := found.deadlines.items:
            return _card(deadline_table(deadlines))
        case _:
            sentence = f"{_EMPTY[view.kind]} This covers {view.period.words}."
            return empty_state(sentence, _disabled_tasks() if view.kind is Kind.STOPPED else None)


def _card(content: Node) -> Element:
    return h.div(".card")[content]


def _disabled_tasks() -> Element:
    return h.p[h.a(".button", href=page_path("tasks", state="disabled"))["All disabled Tasks"]]


def _periods(view: _View) -> Element:
    options = [
        h.option(value=period.value, selected=period is view.period)[
            period.words.removeprefix("the ").capitalize()
        ]
        for period in Period
    ]
    return h.form(".inline", method="get", action=page_path("missed"), data_auto_submit="")[
        h.input(type="hidden", name="kind", value=view.kind.value),
        h.label(".hidden", for_="since")["Period"],
        h.select("#since", name="since")[options],
        h.button(".no-script", type="submit")["Show"],
    ]
