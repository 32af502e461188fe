"""Scenarios of the orchestrations, with the answers that the activities give today.

A recorded history is never recorded again, so this module may change with the orchestrations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orchestrations.complete_run import RUNS_A_ROUND, TASKS_A_CALL
from orchestrations.names import (
    ABANDON,
    COMPLETE_RUN,
    DEACTIVATE_RUNS,
    END_QUEUED,
    END_RUN,
    FIND_DEPENDENTS,
    NOTIFY_DEPENDENTS,
    POLL,
    SUBMIT,
    TASK_RUN,
)
from orchestrations.task_run import CALLS_PER_GENERATION, MAX_FAULTS
from polysync_core.application.dependencies.dependent_notifier import (
    DispatchRequest,
    Notified,
    PendingNotification,
)
from polysync_core.application.runs.step_result import DONE, AttemptMemo, StepResult
from polysync_core.domain.dispatch.policies import PolicySet, TaskPolicy
from polysync_core.domain.dispatch.state import WaitingRun
from polysync_core.domain.runs.identity import RunId, completion_id, derived_run_id, instance_id

_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_RUN = derived_run_id("replay")

type Answer = dict[str, Any] | None
"""The result of an activity; None means that the activity fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One execution of an orchestration from its start to its end."""

    orchestration: str
    name: str
    instance: str
    input: Mapping[str, Any]
    answers: Mapping[str, Sequence[Answer]]
    """The answers of each activity, call by call; the last one is repeated."""
    wake_ups: int = 0
    """The number of wake-up events, which are sent before any timer is due."""

    @property
    def file(self) -> str:
        """The file name of the recording."""
        return f"{self.orchestration}.{self.name}.json"


def _task_run(name: str, *, wake_ups: int = 0, **answers: Sequence[Answer]) -> Scenario:
    work = {"run": _RUN, "attempt": 1, "shard": "main"}
    return Scenario(
        orchestration=TASK_RUN,
        name=name,
        instance=instance_id(_RUN, 1),
        input=work,
        answers=answers,
        wake_ups=wake_ups,
    )


def _end_run(name: str, **answers: Sequence[Answer]) -> Scenario:
    work = {"run": _RUN, "attempt": 1, "cause": "QueueTimeout", "reason": "It waited too long."}
    return Scenario(
        orchestration=END_RUN, name=name, instance="e" * 32, input=work, answers=answers
    )


def _complete_run(name: str, **answers: Sequence[Answer]) -> Scenario:
    return Scenario(
        orchestration=COMPLETE_RUN,
        name=name,
        instance=completion_id(_RUN),
        input={"run": _RUN},
        answers=answers,
    )


def _after(seconds: float, *, submitted: bool = True, polls: int = 1) -> Answer:
    memo = AttemptMemo(polls=polls)
    return StepResult(submitted=submitted, after_seconds=seconds, memo=memo).as_json()


def _waiting(name: str, attempt: int) -> WaitingRun:
    run_id = derived_run_id(name)
    return WaitingRun(run_id=run_id, attempt=attempt, task="t", priority=100, queued_at=_NOON)


def _notified(*starts: str, pending: Mapping[RunId, Sequence[str]] | None = None) -> Answer:
    policies = PolicySet()
    policies.add(TaskPolicy(name="t", max_concurrent_runs=1))
    return Notified(
        dispatch=tuple(
            DispatchRequest(shard="main", waiting=_waiting(each, 1), policies=policies)
            for each in starts
        ),
        pending=tuple(
            PendingNotification(run_id=run_id, tasks=tuple(tasks))
            for run_id, tasks in (pending or {}).items()
        ),
    ).as_json()


_ENDED = DONE.as_json()
_AGAIN = StepResult(done=True, retry=_waiting("replay", 2)).as_json()
_MANY = StepResult(
    done=True, notify=tuple(f"task-{number}" for number in range(TASKS_A_CALL + 5))
).as_json()
_SKIPPED = {derived_run_id(f"skipped-{number}"): ["t"] for number in range(RUNS_A_ROUND + 1)}
_FAN_OUT: Mapping[str, Sequence[Answer]] = {
    NOTIFY_DEPENDENTS: [
        _notified("child", pending=_SKIPPED),
        None,
        _notified("grandchild"),
        _notified(),
    ],
    DEACTIVATE_RUNS: [_notified()],
}

SCENARIOS = (
    _task_run("success", **{SUBMIT: [_after(1)], POLL: [_after(2), _after(4), _ENDED]}),
    _task_run("success_at_once", **{SUBMIT: [_ENDED]}),
    _task_run("retry", **{SUBMIT: [_after(1)], POLL: [_AGAIN]}),
    _task_run(
        "cancel", wake_ups=2, **{SUBMIT: [_after(1)], POLL: [_after(900), _after(5), _ENDED]}
    ),
    _task_run(
        "lost_answer",
        **{SUBMIT: [_after(5, submitted=False), None, _after(0)], POLL: [_after(2), _ENDED]},
    ),
    _task_run(
        "given_up",
        **{SUBMIT: [_after(1)], POLL: [None] * MAX_FAULTS, ABANDON: [_ENDED]},
    ),
    _task_run(
        "continue_as_new",
        wake_ups=1,
        **{
            SUBMIT: [_after(1)],
            POLL: [*[_after(30, polls=n) for n in range(2 * CALLS_PER_GENERATION)], _ENDED],
        },
    ),
    _task_run("fan_out", **{SUBMIT: [_after(1)], POLL: [_MANY], **_FAN_OUT}),
    _end_run("alone", **{END_QUEUED: [None, _ENDED]}),
    _end_run("fan_out", **{END_QUEUED: [_MANY], **_FAN_OUT}),
    _complete_run("nothing_left", **{FIND_DEPENDENTS: [_ENDED]}),
    _complete_run("fan_out", **{FIND_DEPENDENTS: [_MANY], **_FAN_OUT}),
)
