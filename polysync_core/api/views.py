"""Converts runs to the JSON of the API, with secrets as references."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from polysync_core.domain.clock import rfc3339
from polysync_core.domain.runs.run import Attempt, HistoryEntry, MappedInput, TaskRun
from polysync_core.domain.runs.values import values_of


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
        "reason": run.reason,
        "triggerType": run.trigger_type,
        "graphRunId": run.graph_run_id,
        "traceId": run.trace_id,
        "schedule": run.schedule,
        "backfillId": run.backfill_id,
        "scheduledTime": time_view(run.scheduled_time),
        "timeZone": run.time_zone,
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
        "mappedInputs": {name: _source_view(each) for name, each in run.mapped_inputs.items()},
        "attempts": [_attempt_view(run, attempt) for attempt in run.attempts],
    }


def _outputs_view(run: TaskRun) -> dict[str, Any]:
    """Return the outputs of a run; a marker replaces each sensitive output."""
    return {**run.outputs, **{name: {"redacted": True} for name in run.redacted_outputs}}


def _source_view(source: MappedInput) -> dict[str, str]:
    return {"task": source.task, "runId": source.run_id, "output": source.output}


def _attempt_view(run: TaskRun, attempt: Attempt) -> dict[str, Any]:
    sent = values_of(run, attempt)
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
        "parameters": None if sent is None else sent.values,
        "parametersNotKept": [] if sent is None else list(sent.not_kept),
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
