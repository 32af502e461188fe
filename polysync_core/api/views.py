"""Converts runs to the JSON of the API, with secrets as references."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from polysync_core.domain.clock import rfc3339
from polysync_core.domain.runs.problem import RunProblem
from polysync_core.domain.runs.progress import status_text
from polysync_core.domain.runs.run import Attempt, HistoryEntry, TaskRun


def time_view(moment: datetime | None) -> str | None:
    """Return a time as RFC 3339 text in UTC with milliseconds; None for None."""
    return None if moment is None else rfc3339(moment)


def run_view(run: TaskRun) -> dict[str, Any]:
    """Return a run as JSON."""
    return {
        "runId": run.run_id,
        "task": run.task,
        "job": run.job.name,
        "platform": run.job.platform,
        "status": run.status,
        "reason": status_text(run),
        "problem": _problem_view(run.problem),
        "triggerType": run.trigger_type,
        "graphRunId": run.graph_run_id,
        "traceId": run.trace_id,
        "schedule": run.schedule,
        "backfillId": run.backfill_id,
        "scheduledTime": time_view(run.scheduled_time),
        "queuedAt": time_view(run.queued_at),
        "startedAt": time_view(run.started_at),
        "finishedAt": time_view(run.finished_at),
        "nextAttemptAt": time_view(run.not_before),
        "rerunOf": run.rerun_of,
        "cancelRequested": run.cancel_requested is not None,
        "priority": run.priority,
        "parameters": dict(run.parameters),
        "outputs": _outputs_view(run),
        "outputsNotKept": dict(run.outputs_not_kept),
        "parents": [{"task": parent.task, "runId": parent.run_id} for parent in run.parents],
        "attempts": [_attempt_view(attempt) for attempt in run.attempts],
    }


def _outputs_view(run: TaskRun) -> dict[str, Any]:
    """Return the outputs of a run; a marker replaces each sensitive output."""
    return {**run.outputs, **{name: {"redacted": True} for name in run.redacted_outputs}}


def _problem_view(problem: RunProblem | None) -> dict[str, Any] | None:
    """Return what keeps a run from going on; None while all goes well."""
    if problem is None:
        return None
    return {
        "step": problem.step,
        "kind": problem.kind,
        "target": problem.target,
        "message": problem.message,
        "since": time_view(problem.since),
        "tries": problem.tries,
        "lastTryAt": time_view(problem.last_try),
        "nextTryAt": time_view(problem.next_try),
        "givenUpAt": time_view(problem.gives_up),
        "text": problem.text,
    }


def _attempt_view(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "status": attempt.status,
        "externalRunId": attempt.external_run_id,
        "monitorUrl": attempt.monitor_url,
        "providerStatus": attempt.provider_status,
        "submittedAt": time_view(attempt.submitted_at),
        "startedAt": time_view(attempt.started_at),
        "finishedAt": time_view(attempt.finished_at),
        "cause": attempt.cause,
        "error": attempt.error,
    }


def entry_view(entry: HistoryEntry) -> dict[str, Any]:
    """Return a history entry as JSON."""
    return {
        "at": time_view(entry.at),
        "from": entry.from_status,
        "to": entry.to_status,
        "reason": entry.reason,
        "actor": entry.actor,
        "attempt": entry.attempt,
    }
