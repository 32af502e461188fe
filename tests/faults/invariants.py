"""Invariants that hold after every fault, as soon as no work is left."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

from polysync_core.application.events.deliveries import Delivery
from polysync_core.domain.dispatch.state import DispatcherState
from polysync_core.domain.runs.events import events_of
from polysync_core.domain.runs.identity import submit_token
from polysync_core.domain.runs.run import ALLOWED_TRANSITIONS, RunStatus, TaskRun
from tests.faults.virtual_app import VirtualApp


def check_invariants(app: VirtualApp) -> list[TaskRun]:
    """Assert every invariant and return the runs."""
    runs = app.stored()
    assert app.accepted <= {run.run_id for run in runs}, "an accepted run is lost"
    for run in runs:
        _check_history(run)
    _check_platform_runs(app, runs)
    _check_dependents(app, runs)
    _check_dispatcher(app)
    _check_index(app, runs)
    _check_events(app, runs)
    return runs


def _check_history(run: TaskRun) -> None:
    assert run.status.is_terminal, f"still {run.status}: {_history(run)}"
    first, *rest = run.history
    assert (first.from_status, first.to_status) == (None, RunStatus.QUEUED)
    for before, entry in pairwise(run.history):
        assert entry.from_status == before.to_status, _history(run)
        note = entry.to_status == entry.from_status
        assert note or entry.to_status in ALLOWED_TRANSITIONS[before.to_status], _history(run)
        assert not before.to_status.is_terminal, f"changed after its end: {_history(run)}"
    assert (rest or [first])[-1].to_status == run.status
    assert [attempt.number for attempt in run.attempts] == list(range(1, len(run.attempts) + 1))


def _check_platform_runs(app: VirtualApp, runs: list[TaskRun]) -> None:
    expected = {
        submit_token(run.run_id, attempt.number): attempt.external_run_id
        for run in runs
        for attempt in run.attempts
        if attempt.external_run_id is not None
    }
    unknown = {
        submit_token(run.run_id, attempt.number)
        for run in runs
        for attempt in run.attempts
        if attempt.external_run_id is None and _is_in_doubt(run)
    }
    started = app.platform.started
    for run in runs:
        for attempt in run.attempts:
            token = submit_token(run.run_id, attempt.number)
            assert attempt.may_be_sent or token not in started, "started without a trace"
    known = {token: started[token] for token in started if token not in unknown}
    assert known == expected, "the runs of the platform and the rows differ"
    assert app.platform.busy() == []
    tokens = [work.order.token for work in app.platform.work.values()]
    assert len(tokens) == len(set(tokens)), "an attempt was started twice"


def _is_in_doubt(run: TaskRun) -> bool:
    """Return whether the run was cancelled after a submit whose answer was lost."""
    return run.status is RunStatus.CANCELLED and "check the run there" in run.reason


def _check_dependents(app: VirtualApp, runs: list[TaskRun]) -> None:
    """Assert that one run of each dependent consumed each outcome, so all gates are empty."""
    used = Counter((run.task, parent.run_id) for run in runs for parent in run.parents)
    expected = Counter(
        (task, run.run_id)
        for run in runs
        if run.fan_out
        for task, dependencies in app.definitions.dependencies.items()
        if run.task in {each.task for each in dependencies}
    )
    assert used == expected, "a dependent was not notified exactly once"
    left = [key for _, key in app.tables.tables.get("Gates", {}) if key.startswith("t~")]
    assert not left, "a token is left in a gate"


def _check_dispatcher(app: VirtualApp) -> None:
    assert app.engine.live() == {}
    assert app.engine.dispatcher("main") == DispatcherState(), (
        "the Dispatcher has a waiting entry or a lease"
    )


def _check_index(app: VirtualApp, runs: list[TaskRun]) -> None:
    months = [rows for name, rows in app.tables.tables.items() if name.startswith("RunIndex2")]
    rows = {key for month in months for (_, key) in month}
    assert not [key for key in rows if key.startswith("a~")], "a run is still in the active index"
    by_job = sorted(
        (key.split("~")[1], key.rpartition("~")[2]) for key in rows if key.startswith("j~")
    )
    assert by_job == sorted((run.job.name, run.run_id) for run in runs if run.task is None)
    runs = [run for run in runs if run.task is not None]
    listed = sorted(key.rpartition("~")[2] for key in rows if key.startswith("r~"))
    assert listed == sorted(run.run_id for run in runs), "the index and the rows differ"
    by_task = sorted(
        (key.split("~")[1], key.rpartition("~")[2]) for key in rows if key.startswith("t~")
    )
    assert by_task == sorted((run.task, run.run_id) for run in runs)
    by_outcome = sorted(
        (key.split("~")[1], key.rpartition("~")[2]) for key in rows if key.startswith("s~")
    )
    assert by_outcome == sorted((run.status, run.run_id) for run in runs)


def _check_events(app: VirtualApp, runs: list[TaskRun]) -> None:
    """Assert that the first copy of each event follows the events of all earlier changes."""
    events = [json.loads(text) for text in app.messages.get("run-events", [])]
    sent = [event["eventId"] for event in events]
    first_copies = list(dict.fromkeys(sent))
    for run in runs:
        published = [each for each in first_copies if each.startswith(f"{run.run_id}/")]
        assert published == [event.event_id for event in events_of(run, after=0)], _history(run)
    names = [webhook.name for webhook in app.definitions.webhooks]
    # The webhooks here did not subscribe to problems.
    changes = [event["eventId"] for event in events if "problem" not in event]
    expected = {f"{event}/{name}" for event in changes for name in names}
    assert set(_delivered(app)) == expected, "an event did not reach a webhook"


def _delivered(app: VirtualApp) -> list[str]:
    return [Delivery.parse(text).id for text in app.messages.get("webhook-deliveries", [])]


def _history(run: TaskRun) -> str:
    return " | ".join(f"{entry.to_status}: {entry.reason}" for entry in run.history)
