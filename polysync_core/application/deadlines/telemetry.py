"""Writes log lines and metrics about missed and recovered deadlines."""

from __future__ import annotations

import logging
from datetime import datetime

from polysync_core.domain.deadlines.judging import Miss
from polysync_core.domain.deadlines.kinds import DeadlineChange, DeadlineKind, MissCause
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.run import TaskRun
from polysync_core.telemetry import names
from polysync_core.telemetry.instruments import instruments

_log = logging.getLogger(__name__)


def record_change(task: Task, change: DeadlineChange, miss: Miss) -> None:
    """Record a deadline that was missed, or its recovery."""
    _count(miss.kind, change, miss.count)
    facts = {
        "task": task.name,
        "run_id": miss.run_id,
        "kind": miss.kind.value,
        "cause": miss.cause.value,
        "deadline": miss.at.isoformat(),
        "reason": miss.reason,
    }
    if change is DeadlineChange.MISSED:
        _log.warning("A deadline was missed.", extra={"action": "deadline_missed", **facts})
    else:
        _log.info("A late run recovered.", extra={"action": "deadline_recovered", **facts})


def record_slow_run(run: TaskRun, deadline: datetime) -> None:
    """Record a run that takes longer than normal."""
    _count(DeadlineKind.SLOW, DeadlineChange.MISSED, 1)
    facts = {
        "task": run.task,
        "run_id": run.run_id,
        "kind": DeadlineKind.SLOW.value,
        "cause": MissCause.RUNNING.value,
        "deadline": deadline.isoformat(),
        "reason": run.history[-1].reason,
    }
    _log.warning("A deadline was missed.", extra={"action": "deadline_missed", **facts})


def record_slow_recovery(run: TaskRun) -> None:
    """Record that a slow run has succeeded."""
    _count(DeadlineKind.SLOW, DeadlineChange.RECOVERED, 1)
    facts = {"task": run.task, "run_id": run.run_id, "kind": DeadlineKind.SLOW.value}
    _log.info("A slow run succeeded.", extra={"action": "deadline_recovered", **facts})


def _count(kind: DeadlineKind, change: DeadlineChange, number: int) -> None:
    attributes = {names.DEADLINE: kind.value, names.CHANGE: change.value}
    instruments().deadlines.add(number, attributes)
