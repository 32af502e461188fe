"""Draws the first card of a run's HTML page: state, reason and remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import htpy as h
from htpy import Element, Node

from polysync_core.application.runs.explaining import Explained
from polysync_core.console.icons import status_icon
from polysync_core.console.pages.run.content import RunContent
from polysync_core.console.pages.runs.reasons import (
    holder_links,
    limit_name,
    ordinal,
    taken_text,
)
from polysync_core.console.pages.runs.table import duration_of
from polysync_core.console.parts.deadlines import deadline_sentences
from polysync_core.console.parts.meters import slots_meter
from polysync_core.console.parts.run_links import run_link, with_run_links
from polysync_core.console.parts.times import (
    absolute_text,
    duration_text,
    relative_time,
    running_duration,
)
from polysync_core.console.paths import page_path
from polysync_core.domain.dispatch.explain import Explanation, WaitReason, WaitReasonKind
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.groups import error_of
from polysync_core.domain.runs.run import RunStatus, TaskRun

REMEDIES: Mapping[FailureCause, str] = {
    FailureCause.ARTEFACT: (
        "The platform ran the artefact, and it failed. Read the failure details, correct the "
        "artefact, and rerun."
    ),
    FailureCause.SUBMIT: (
        "The platform refused to start the artefact. Check the external id, the parameters and "
        "the permissions of the Job."
    ),
    FailureCause.TIMEOUT: (
        "The attempt ran longer than the execution time-out of its Task. Raise the time-out, or "
        "make the artefact quicker."
    ),
    FailureCause.QUEUE_TIMEOUT: (
        "The run waited longer than the queue time-out of a limit. See which runs hold the limit."
    ),
    FailureCause.CONTENTION_REJECTED: (
        "A full limit rejected the run. Rerun it later, or set the limit to queue such runs."
    ),
    FailureCause.PARAMETERS: "A value does not fit its parameter. Correct the value, and rerun.",
    FailureCause.SECRET: "A secret could not be read. Test the vault and the reference.",
    FailureCause.PLATFORM_UNREACHABLE: (
        "The platform did not answer for too long. Test the connection of the platform."
    ),
    FailureCause.LOST: (
        "The platform no longer knows the run. Check the run on the platform, and rerun."
    ),
    FailureCause.INTERNAL: (
        "Polysync itself failed. Read the log of the app for the details, and rerun."
    ),
}


def state_card(seen: RunContent) -> Element:
    """Return the card with the state of a run, its reason and its remedy."""
    run = seen.run
    name = run.status.value.lower()
    return h.section(
        class_=f"card state-card {name}", id="state-card", aria_label="State of the run"
    )[
        h.div(".line")[
            h.span(class_=f"status pill {name}")[status_icon(run.status), h.span[run.status.value]],
            _times(seen),
        ],
        h.p(".say")[_sentence(seen)],
        [h.p[line] for line in _more(seen)],
        [h.p[line] for line in deadline_sentences(run)],
    ]


def _times(seen: RunContent) -> Node:
    run, now = seen.run, seen.at
    waited = None if run.started_at is None else run.started_at - run.queued_at
    running = run.status is RunStatus.RUNNING and run.started_at is not None
    duration = duration_of(run, now=now)
    return [
        h.b[running_duration(run.started_at, now=now)]
        if running and run.started_at is not None
        else duration is not None and h.b[duration_text(duration)],
        h.span(".nothing")["queued ", relative_time(run.queued_at, now=now)],
        waited is not None and h.span(".nothing")[f"waited {duration_text(waited)}"],
        run.finished_at is not None
        and h.span(".nothing")["ended ", relative_time(run.finished_at, now=now)],
    ]


def _sentence(seen: RunContent) -> Node:
    run, explained = seen.run, seen.explained
    match run.status:
        case RunStatus.QUEUED:
            return _waiting(run, explained)
        case RunStatus.RUNNING:
            return _running(run)
        case RunStatus.FAILED:
            return list(with_run_links(error_of(run)))
        case RunStatus.SUCCEEDED | RunStatus.CANCELLED | RunStatus.SKIPPED:
            return list(with_run_links(run.reason))


def _waiting(run: TaskRun, explained: Explained) -> Node:
    explanation = explained.explanation
    first = explanation.reasons[0] if explanation and explanation.reasons else None
    if first is not None and first.kind is WaitReasonKind.HELD:
        return _held(first)
    if explanation is None or first is None or first.used is None or first.limit is None:
        return list(with_run_links(next(iter(explained.sentences), run.reason)))
    return _limit(first, explanation)


def _held(reason: WaitReason) -> Node:
    return [
        h.b(".warning")["Held"],
        f": {reason.sentence} ",
        h.a(href=page_path("holds"))["All holds"],
    ]


def _limit(reason: WaitReason, explanation: Explanation) -> Node:
    used, limit = reason.used or 0, reason.limit or 0
    return [
        slots_meter(used, limit, reason.needs),
        "It waits for ",
        h.b[limit_name(reason)],
        f": {taken_text(reason)}",
        f", and it needs {reason.needs}" if reason.needs > 1 else "",
        [", held by ", holder_links(reason.holders)] if reason.holders else "",
        ".",
        "" if explanation.position is None else f" It is {ordinal(explanation.position)} in line.",
        "" if reason.until is None else f" The earliest start is {absolute_text(reason.until)}.",
    ]


def _running(run: TaskRun) -> Node:
    attempt, platform = run.attempt, run.job.platform
    number = 1 if attempt is None else attempt.number
    if run.cancel_requested is not None:
        return f"Attempt {number} is being stopped on {platform}."
    if attempt is None or attempt.provider_status is None:
        return f"Attempt {number} is being submitted to {platform}."
    return [f"Attempt {number} is on {platform}, which says ", h.b[attempt.provider_status], "."]


def _more(seen: RunContent) -> Iterator[Node]:
    """Yield further sentences: other reasons, the problem, the remedy, and warnings."""
    run = seen.run
    if run.status is RunStatus.QUEUED:
        for sentence in seen.explained.sentences[1:]:
            if not _is_position(sentence):
                yield list(with_run_links(sentence))
        return
    yield from _of_problem(run)
    if run.status is RunStatus.FAILED and run.attempt is not None and run.attempt.cause is not None:
        cause = run.attempt.cause
        yield [h.b[f"Cause {cause}"], ": ", REMEDIES[cause]]
    if run.skip is not None and run.skip.root is not None:
        root = run.skip.root
        link = run_link(root.run_id, root.task)
        yield ["The root cause is ", link, f", which ended as {root.status}."]
    yield from (text for text in seen.explained.sentences if text.startswith("Warning"))


def _of_problem(run: TaskRun) -> Iterator[Node]:
    problem = run.problem
    if problem is None or run.status.is_terminal:
        return
    yield [h.b(".warning")["Problem"], f": {problem.text}."]
    if problem.next_try is not None:
        yield f"The next try is at {absolute_text(problem.next_try)}."
    if problem.gives_up is not None:
        yield f"The attempt is given up at {absolute_text(problem.gives_up)}."


def _is_position(sentence: str) -> bool:
    """Return whether a sentence repeats the position in the queue, which the card shows first."""
    return sentence.endswith(("ahead.", "is next."))
