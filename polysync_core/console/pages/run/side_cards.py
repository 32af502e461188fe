"""Draws the cards beside a run: origin, related runs, last runs and CLI commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import htpy as h
from htpy import Element, Node

from polysync_core.console.pages.run.content import RunContent
from polysync_core.console.pages.runs.reasons import trigger_line
from polysync_core.console.pages.runs.table import duration_of
from polysync_core.console.parts.cards import card, commands, copy_button, facts
from polysync_core.console.parts.run_links import run_link, short_id, subject_link
from polysync_core.console.parts.times import absolute_time, duration_text
from polysync_core.console.paths import job_path, page_path, platform_path, run_path
from polysync_core.domain.runs.run import RunStatus, TaskRun

_HEIGHTS = 10
_MAX_RELATIVES = 20


def side_cards(seen: RunContent) -> Element:
    """Return the cards beside the run."""
    return h.aside(".stack", aria_label="About the run")[
        card("Origin", facts(_origin(seen))),
        _relatives(seen),
        _last_runs(seen.relatives.last, seen.run, seen.at),
        commands(*commands_of(seen.run)),
    ]


def commands_of(run: TaskRun) -> Iterator[str]:
    """Yield the commands that a person may want next."""
    run_id = run.run_id
    yield f"polysync show {run_id}"
    if run.status is RunStatus.QUEUED:
        yield f"polysync explain {run_id}"
    if run.status is RunStatus.FAILED:
        yield f"polysync logs {run_id}"
    if not run.status.is_terminal:
        yield f"polysync cancel {run_id}"
    elif run.task is not None:
        yield f"polysync rerun {run_id} --downstream --follow"
    if run.task is not None:
        yield f"polysync graph --graph-run {run.graph_run_id}"


def _origin(seen: RunContent) -> Iterator[tuple[str, Node]]:
    run = seen.run
    if run.task is not None:
        gone = "" if seen.relatives.task is not None else " (deleted)"
        yield "Task", [subject_link(run), gone]
    yield (
        "Job",
        [
            h.a(href=job_path(run.job.name))[run.job.name],
            " on ",
            h.a(href=platform_path(run.job.platform))[run.job.platform],
        ],
    )
    yield "Started by", trigger_line(run)
    if run.scheduled_time is not None:
        yield "Scheduled time", absolute_time(run.scheduled_time)
    if run.task is not None:
        graph = page_path("graph", graphRunId=run.graph_run_id)
        shown = [h.span(".mono")[short_id(run.graph_run_id)], " as a graph"]
        all_runs = page_path("runs", graphRunId=run.graph_run_id)
        yield "Graph run", [h.a(href=graph)[shown], " · ", h.a(href=all_runs)["its runs"]]
    if run.backfill_id is not None:
        address = page_path("runs", backfillId=run.backfill_id)
        yield "Backfill", h.a(".mono", href=address)[short_id(run.backfill_id)]
    yield "Priority", str(run.priority)
    if run.tags:
        yield "Tags", [_tag(name, value) for name, value in run.tags.items()]
    yield "Id", [h.span(".mono.break")[run.run_id], " ", copy_button(run.run_id, label="Copy id")]
    if run.trace_id is not None:
        yield "Trace", h.span(".mono.break")[run.trace_id]


def _tag(name: str, value: str) -> Element:
    address = page_path("runs", tag=f"{name}={value}")
    return h.a(".chip", href=address)[f"{name} = ", h.b[value]]


def _relatives(seen: RunContent) -> Element | None:
    run, relatives = seen.run, seen.relatives
    parents = [h.li[run_link(each.run_id, each.task)] for each in run.parents]
    groups = [
        _group("Started after", parents),
        _group("Rerun of", [] if run.rerun_of is None else [h.li[run_link(run.rerun_of)]]),
        _group("Rerun by", [_relative(each) for each in relatives.reruns]),
        _group("What followed", [_relative(each) for each in relatives.children]),
    ]
    shown = [group for group in groups if group is not None]
    return card("Parents and children", h.div(".in.stack")[shown]) if shown else None


def _relative(run: TaskRun) -> Element:
    return h.li[run_link(run.run_id, run.title), f" {run.status.value}"]


def _group(title: str, items: Sequence[Element]) -> Element | None:
    if not items:
        return None
    more = len(items) - _MAX_RELATIVES
    return h.div[
        h.b[title],
        h.ul[items[:_MAX_RELATIVES], more > 0 and h.li[f"and {more} more"]],
    ]


def _last_runs(last: Sequence[TaskRun], run: TaskRun, now: datetime) -> Element | None:
    """Return the last runs as bars, oldest first; the height is the duration."""
    if not last:
        return None
    lengths = {each.run_id: duration_of(each, now=now) for each in last}
    longest = max((each for each in lengths.values() if each), default=timedelta(seconds=1))
    bars = [
        _bar(each, lengths[each.run_id], longest, is_current=each.run_id == run.run_id)
        for each in reversed(last)
    ]
    note = "height is duration, newest right"
    more = None if run.task is None else page_path("tasks", run.task, "runs")
    return card(
        f"The last {len(last)} runs" if len(last) > 1 else "The last run",
        h.div(".in")[h.ul(".bars")[bars], more and h.p[h.a(href=more)["All runs of the Task"]]],
        note=note,
    )


def _bar(
    run: TaskRun, length: timedelta | None, longest: timedelta, *, is_current: bool
) -> Element:
    share = 0.0 if length is None else length / max(longest, timedelta(milliseconds=1))
    height = min(max(1, round(_HEIGHTS * share)), _HEIGHTS)
    text = f"{run.status.value}, {duration_text(length)}"
    name = run.status.value.lower()
    current = "true" if is_current else None
    return h.li[
        h.a(href=run_path(run.run_id), title=text, aria_current=current)[
            h.i(class_=f"{name} h{height}"),
            h.span(".hidden")[f"{short_id(run.run_id)}: {text}"],
        ]
    ]
