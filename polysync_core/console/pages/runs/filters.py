"""Draws the filter form and status tabs of the run list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import htpy as h
from htpy import Element, Node

from polysync_core.application.definitions.name_search import NameSearch
from polysync_core.console.icons import icon, status_icon
from polysync_core.console.pages.runs.query import ACTIVE, NAMES, RunsQuery
from polysync_core.console.parts.run_links import short_id
from polysync_core.console.parts.tabs import Tab, tab_links
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import RunStatus, TriggerType

LIST = "list"
"""The id of the part of the page that depends on the filters."""
_WORDS = {RunStatus.QUEUED: "Waiting"}
_PERIODS = (
    ("", "any time"),
    ("1h", "the last hour"),
    ("24h", "the last 24 hours"),
    ("7d", "the last 7 days"),
    ("30d", "the last 30 days"),
)
_CHIPS = {
    "job": "Job",
    "tag": "tag",
    "graphRunId": "graph run",
    "backfillId": "backfill",
    "until": "until",
}
_MAX_CHOICES = 200
_MAX_SUGGESTIONS = 50
"""The maximum number of Tasks whose names the field suggests; a part of a name is enough anyway."""
_IDS = ("graphRunId", "backfillId")


def status_tabs(query: RunsQuery) -> Element:
    """Return the tabs by status, and the one of grouped failures."""
    chosen = query.get("status")
    plain = query.with_("group").with_("late")
    tabs = [
        Tab(
            label="All",
            address=plain.with_("status").address(),
            is_current=not chosen and not query.is_grouped and not query.is_late,
        ),
        Tab(
            label="Active",
            address=plain.with_("status", ACTIVE).address(),
            is_current=chosen == ACTIVE and not query.is_grouped,
        ),
        *(
            Tab(
                label=_WORDS.get(status, status.value),
                address=plain.with_("status", status.value).address(),
                is_current=query.statuses == (status,) and not query.is_grouped,
                icon=status_icon(status),
            )
            for status in RunStatus
        ),
        Tab(
            label="Late",
            address=plain.with_("status").with_("late", "true").address(),
            is_current=query.is_late,
        ),
        Tab(
            label="Failures in groups",
            address=query.with_("status").with_("late").with_("group", "failures").address(),
            is_current=query.is_grouped,
        ),
    ]
    return tab_links("Status", tabs)


def filter_form(query: RunsQuery, names: NameSearch) -> Element:
    """Return the form of the filters; every change shows the matching runs."""
    address = query.with_("status").address().partition("?")[0]
    live = {
        "hx-get": address,
        "hx-target": f"#{LIST}",
        "hx-select": f"#{LIST}",
        "hx-swap": "outerMorph",
        "hx-push-url": "true",
        "hx-trigger": "input delay:300ms, change, submit",
    }
    shown = {"task", "since", "platform", "cause", "trigger"}
    return h.form(".filters", {"method": "get", "action": address, "role": "search", **live})[
        [_hidden(query, name) for name in NAMES if name not in shown],
        query.fixed_task is None and _task_field(query, names.of(Kind.TASK)),
        _choice("since", "Accepted", query, _periods(query)),
        _choice(
            "platform",
            "Platform",
            query,
            _named("every platform", names.of(Kind.PLATFORM)[:_MAX_CHOICES]),
        ),
        _choice("cause", "Cause", query, _named("every cause", FailureCause)),
        _choice("trigger", "Started by", query, _named("every trigger", TriggerType)),
        h.noscript[h.button(type="submit")["Filter"]],
        list(_chips(query)),
    ]


def _task_field(query: RunsQuery, tasks: Sequence[str]) -> Node:
    is_short = len(tasks) <= _MAX_SUGGESTIONS
    return [
        h.label(".hidden", for_="filter-task")["Task"],
        h.input(
            id="filter-task",
            type="search",
            name="task",
            value=query.get("task"),
            placeholder="Task, or a part of its name",
            list="filter-tasks" if is_short else None,
            autocomplete="off",
        ),
        is_short and h.datalist(id="filter-tasks")[[h.option(value=name) for name in tasks]],
    ]


def _periods(query: RunsQuery) -> Iterable[tuple[str, str]]:
    own = query.get("since")
    known = {value for value, _ in _PERIODS}
    # Groups of failures have a period of their own.
    first = ("", "the last 24 hours") if query.is_grouped else _PERIODS[0]
    others = [each for each in _PERIODS[1:] if not query.is_grouped or each[0] != "24h"]
    return (first, *others, *(((own, f"since {own}"),) if own and own not in known else ()))


def _named(every: str, values: Iterable[str]) -> list[tuple[str, str]]:
    return [("", every), *((str(value), str(value)) for value in values)]


def _choice(name: str, label: str, query: RunsQuery, options: Iterable[tuple[str, str]]) -> Node:
    chosen = query.get(name)
    listed = list(options)
    if chosen and chosen not in {value for value, _ in listed}:
        listed.append((chosen, chosen))
    return [
        h.label(".hidden", for_=f"filter-{name}")[label],
        h.select(id=f"filter-{name}", name=name)[
            [h.option(value=value, selected=value == chosen)[text] for value, text in listed]
        ],
    ]


def _hidden(query: RunsQuery, name: str) -> Node:
    return [
        h.input(type="hidden", name=name, value=text) for text in dict(query.values).get(name, ())
    ]


def _chips(query: RunsQuery) -> Iterator[Element]:
    for name, words in _CHIPS.items():
        value = query.get(name)
        if value:
            shown = short_id(value) if name in _IDS else value
            yield h.span(".chip")[
                f"{words} ",
                h.b[shown],
                h.a(
                    href=query.with_(name).address(),
                    title="Remove this filter",
                    aria_label=f"Remove the filter {words} {shown}",
                )["\N{MULTIPLICATION SIGN}"],
            ]
    if query.has_filters:
        bare = RunsQuery(fixed_task=query.fixed_task).address()
        yield h.a(".button.quiet", href=bare)[icon("delete"), "Clear filters"]
