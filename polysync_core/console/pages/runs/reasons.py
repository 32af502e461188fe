"""Formats a run's state and its reason as one line of text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import htpy as h
from htpy import Node

from polysync_core.application.runs.explaining import Explained
from polysync_core.console.parts.meters import slots_meter
from polysync_core.console.parts.run_links import run_link, short_id, with_run_links
from polysync_core.console.parts.times import absolute_text
from polysync_core.console.paths import limit_path, task_path
from polysync_core.domain.dispatch.explain import WaitReason, WaitReasonKind
from polysync_core.domain.dispatch.state import Lease
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.failures.groups import error_of
from polysync_core.domain.runs.run import RunStatus, TaskRun, TriggerType

_MAX_HOLDERS = 3
_MAX_ERROR = 160
_MAX_OUTPUTS = 2
_MAX_VALUE = 40


def reason_line(run: TaskRun, explained: Explained | None) -> Node:
    """Return the state of a run in words: its wait, its activity or its outcome."""
    match run.status:
        case RunStatus.QUEUED:
            return _waiting(run, explained)
        case RunStatus.RUNNING:
            return _running(run)
        case RunStatus.FAILED:
            return _failed(run)
        case RunStatus.SUCCEEDED:
            return _outputs(run)
        case RunStatus.CANCELLED | RunStatus.SKIPPED:
            return list(with_run_links(run.reason))


def trigger_line(run: TaskRun) -> Node:
    """Return the origin of a run in words, such as a schedule."""
    match run.trigger_type:
        case TriggerType.DEPENDENCY if run.parents:
            first, *others = run.parents
            more = f" +{len(others)}" if others else ""
            return ["after ", run_link(first.run_id, first.task), more]
        case TriggerType.DEPENDENCY:
            return "a dependency"
        case TriggerType.SCHEDULE:
            fire = run.scheduled_time
            return [
                f"schedule {run.schedule}",
                fire and h.small[f"for {fire:%Y-%m-%d %H:%M} UTC"],
            ]
        case TriggerType.MANUAL if run.rerun_of is not None:
            return ["rerun of ", run_link(run.rerun_of)]
        case TriggerType.MANUAL:
            return "by hand"
        case TriggerType.BACKFILL:
            return ["backfill", run.backfill_id and h.small[short_id(run.backfill_id)]]
        case TriggerType.MESSAGE:
            return "a message"
        case TriggerType.ARRIVAL:
            return _arrival(run)


def _arrival(run: TaskRun) -> Node:
    if run.arrival is None:
        return "an arrival"
    count = run.arrival.count
    return [f"arrival {run.arrival.name}", h.small[f"{count} events"] if count > 1 else None]


def holder_links(holders: Sequence[Lease]) -> Node:
    """Return links to the first holders of a limit, and the number of others."""
    named = {lease.run_id: lease.task or short_id(lease.run_id) for lease in holders}
    links = [run_link(run_id, name) for run_id, name in list(named.items())[:_MAX_HOLDERS]]
    more = len(named) - len(links)
    return [_joined(links), f" and {more} more" if more else ""]


def limit_name(reason: WaitReason) -> Node:
    """Return the name of the limit of a reason, as a link if possible."""
    if reason.profile is not None:
        return h.a(href=limit_path(reason.profile))[reason.profile]
    if reason.kind is WaitReasonKind.MAX_CONCURRENT_RUNS and reason.scope is not None:
        return h.a(href=task_path(reason.scope, tab="runtime"))["Max Concurrent Runs"]
    if reason.kind is WaitReasonKind.BACKFILL:
        return "the limit of its backfill"
    return None


def taken_text(reason: WaitReason) -> str:
    """Return the taken part of a limit in words."""
    what = "starts used" if reason.kind is WaitReasonKind.RATE_LIMIT else "taken"
    return f"{reason.used} of {reason.limit} {what}"


def ordinal(number: int) -> str:
    """Return a number as 1st, 2nd, 3rd or 4th."""
    last = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 10 < number % 100 < 14 else last}"


def value_text(value: JsonValue, *, longest: int = _MAX_VALUE) -> str:
    """Return a value on one line, cut to a length."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _waiting(run: TaskRun, explained: Explained | None) -> Node:
    explanation = explained and explained.explanation
    reasons = explanation.reasons if explanation else ()
    if reasons and explanation is not None:
        return [_problem(run), _reason(run, reasons[0], explanation.position, len(reasons) - 1)]
    sentence = explained.sentences[0] if explained and explained.sentences else run.reason
    return [_problem(run), sentence]


def _reason(run: TaskRun, reason: WaitReason, position: int | None, more: int) -> Node:
    if reason.kind is WaitReasonKind.BACK_OFF:
        until = "" if reason.until is None else f" until {absolute_text(reason.until)}"
        failed = f"Attempt {len(run.attempts)} failed. " if run.attempts else ""
        return [failed, h.b[f"Attempt {run.next_attempt} waits{until}"]]
    if reason.kind is WaitReasonKind.HELD:
        return [h.b(".warning")["Held"], h.small[reason.sentence]]
    if reason.used is None or reason.limit is None:
        return reason.sentence
    until = reason.until if reason.kind is WaitReasonKind.RATE_LIMIT else None
    return [
        slots_meter(reason.used, reason.limit, reason.needs),
        h.b[limit_name(reason)],
        f" {taken_text(reason)}",
        f" · {ordinal(position)} in line" if position is not None else "",
        f" · and {more} more {'limits' if more > 1 else 'limit'}" if more else "",
        h.small["held by ", holder_links(reason.holders)] if reason.holders else None,
        until and h.small[f"earliest start {absolute_text(until)}"],
    ]


def _running(run: TaskRun) -> Node:
    attempt = run.attempt
    number = f"Attempt {attempt.number} · " if attempt is not None and attempt.number > 1 else ""
    if run.problem is not None:
        return [number, _problem(run)]
    if run.cancel_requested is not None:
        return [number, h.b["Stopping"], ", a cancellation was requested"]
    if attempt is None or attempt.provider_status is None:
        return [number, "being submitted to ", run.job.platform]
    return [number, f"{run.job.platform} says ", h.b[attempt.provider_status]]


def _failed(run: TaskRun) -> Node:
    cause = run.attempt.cause if run.attempt is not None else None
    error = value_text(error_of(run), longest=_MAX_ERROR)
    return [h.b(".error")[cause or "Failed"], " · ", list(with_run_links(error))]


def _outputs(run: TaskRun) -> Node:
    # A name with an underscore is an answer as a whole, which the page of the run shows.
    named = [item for item in run.outputs.items() if not item[0].startswith("_")]
    shown = named[:_MAX_OUTPUTS]
    more = len(named) - len(shown)
    if not shown:
        return None
    texts = [f"{name} = {value_text(value)}" for name, value in shown]
    return h.span(".mono.nothing")[" · ".join(texts), f" · {more} more" if more else ""]


def _problem(run: TaskRun) -> Node:
    problem = run.problem
    if problem is None:
        return None
    next_try = "" if problem.next_try is None else f", next try {problem.next_try:%H:%M:%S} UTC"
    tries = f"{problem.tries} {'tries' if problem.tries > 1 else 'try'}{next_try}"
    return [h.b(".warning")[problem.summary], h.small[tries]]


def _joined(links: Iterable[Node]) -> list[Node]:
    found: list[Node] = []
    for link in links:
        found += [", ", link] if found else [link]
    return found
