"""Defines the action names of log lines, each with a meaning and fields.

Alerts, the workbook and queries of users depend on these names: an action may be added, never
renamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """A kind of log line."""

    meaning: str
    fields: tuple[str, ...] = ()


_TASK, _SCHEDULE = ("task",), ("task", "schedule")
_DEFINITION = ("kind", "definition")
_STOP = ("run_id", "external_run_id")
_WEBHOOK = ("webhook", "delivery")
_RECEIVER = ("receiver", "group")
_DEADLINE = ("run_id", "kind", "cause", "deadline", "reason")

ACTIONS: Mapping[str, Action] = {
    # Runs
    "run_accepted": Action("a run was stored", ("run_id", "task", "trigger")),
    "run_request_accepted": Action("a message started a run", ("message_id", "run_id", "task")),
    "run_request_refused": Action("a message requested an invalid run", ("message_id", "reason")),
    "arrival_started": Action("events started a run", ("task", "arrival", "events", "run_id")),
    "arrival_deferred": Action("a batch of events waits for the next check", ("batch", "error")),
    "arrival_failed": Action("a batch of events failed unexpectedly", ("batch",)),
    "arrival_ended": Action("the batch of a deleted task ended", ("task", "arrival")),
    "run_request_postponed": Action(
        "a message waits because too many runs wait", ("message_id", "reason")
    ),
    "backfill_accepted": Action(
        "the runs of a backfill were stored", (*_SCHEDULE, "backfill_id", "runs")
    ),
    "attempt_submitted": Action(
        "a platform accepted an attempt", ("run_id", "attempt", "platform", "external_run_id")
    ),
    "retry_planned": Action(
        "an attempt failed and will be retried", ("run_id", "task", "attempt", "status", "cause")
    ),
    "run_ended": Action(
        "a run ended with its last attempt", ("run_id", "task", "attempt", "status", "cause")
    ),
    "queued_run_ended": Action(
        "a queued run was rejected, cancelled or timed out", ("run_id", "task", "status", "cause")
    ),
    "cancel_sent": Action("a platform was requested to stop a run", _STOP),
    "cannot_stop": Action("a platform cannot stop a run; Polysync waits for its end", _STOP),
    "abandoned_run_stopped": Action("an abandoned run was stopped on its platform", _STOP),
    "stop_failed": Action("an abandoned run could not be stopped on its platform", _STOP),
    "duplicate_detected": Action(
        "an attempt has several runs on its platform", ("external_run_ids",)
    ),
    # Dispatchers and the reconciler
    "dispatcher_measured": Action(
        "the state of a Dispatcher, once a minute",
        ("shard", "waiting", "running", "oldest_seconds", "state_bytes"),
    ),
    "runs_repaired": Action(
        "the reconciler repaired runs",
        ("active", "enqueued", "resumed", "deactivated", "completed", "removed", "released"),
    ),
    "run_resumed": Action(
        "a run was resumed after its orchestration was lost", ("run_id", "attempt", "leased_since")
    ),
    "run_unreadable": Action("a stored run cannot be decoded and is left unchanged", ("run_id",)),
    "fault_unrecorded": Action(
        "a fault could not be written to its run; the next step tries again", ("run_id", "kind")
    ),
    "signal_lost": Action(
        "a signal to the engine failed; the reconciler repeats it", ("signal", "error")
    ),
    "hold_changed": Action("a hold was made or released", ("hold", "active")),
    "policy_update_lost": Action(
        "edited limits could not be sent to a Dispatcher; the next tick sends them", ("error",)
    ),
    # Schedules
    "schedules_ticked": Action(
        "a schedule tick finished",
        ("due", "fired", "skipped", "missed", "failed", "left"),
    ),
    "schedule_begun": Action("a schedule was created or edited", _SCHEDULE),
    "schedule_paused": Action("a person paused a schedule", _SCHEDULE),
    "schedule_auto_paused": Action(
        "a schedule paused itself because its runs fail", (*_SCHEDULE, "failures")
    ),
    "schedule_resumed": Action("a schedule was resumed", _SCHEDULE),
    "schedule_deferred": Action("a schedule was deferred to the next tick", (*_SCHEDULE, "error")),
    "schedule_failed": Action("a schedule failed with an internal error", _SCHEDULE),
    "schedule_sync_pending": Action(
        "an edit of a schedule takes effect at the next tick", (*_TASK, "error")
    ),
    # Deadlines
    "deadline_missed": Action(
        "a run missed a deadline of its Task, or there was no run", (*_TASK, *_DEADLINE)
    ),
    "deadline_recovered": Action(
        "a run succeeded or started after its missed deadline", (*_TASK, *_DEADLINE)
    ),
    "deadlines_deferred": Action(
        "the deadlines of a Task were deferred to the next check", (*_TASK, "error")
    ),
    "deadlines_failed": Action("the deadlines of a Task failed with an internal error", _TASK),
    # Platforms
    "failure_details_unread": Action(
        "the details of a failure that the job keeps could not be read",
        ("run_id", "platform", "error"),
    ),
    "platform_call_failed": Action(
        "a poll of a platform failed and will be retried",
        ("run_id", "platform", "error", "failures", "retry_after_seconds"),
    ),
    "durations_unread": Action(
        "past durations could not be read; the default poll plan is used", ("run_id", "task")
    ),
    "platform_call_retried": Action(
        "a call to a platform is retried", ("host", "method", "status", "repetition")
    ),
    "read_retried": Action("a request for a secret or a token is retried", ("host", "repetition")),
    "folder_skipped": Action("a search could not read a folder of a workspace", ("status",)),
    "plugin_package_broken": Action("an installed plugin package is invalid", ("package", "type")),
    # Definitions
    "definition_saved": Action("a definition was written", _DEFINITION),
    "definition_deleted": Action("a definition was deleted", _DEFINITION),
    "definition_broken": Action(
        "a stored definition breaks a rule of this version", (*_DEFINITION, "error")
    ),
    "definitions_applied": Action("a document of definitions was applied", ("changes",)),
    "artefact_imported": Action("an artefact became a Job", ("job",)),
    "drift_checked": Action(
        "all Jobs were compared with their artefacts", ("jobs", "drifted", "left")
    ),
    "drift_found": Action(
        "the artefact of a Job has changed or is gone", ("job", "platform", "state", "reason")
    ),
    "drift_unreported": Action("the drift of a Job could not be reported", ("job", "error")),
    # Events and messages
    "events_pending": Action(
        "events of a run are not published yet", ("run_id", "published", "error")
    ),
    "lineage_dropped": Action(
        "the lineage of a run was dropped", ("run_id", "event", "attempt", "reason")
    ),
    "notification_sent": Action("a receiver accepted a notification", (*_RECEIVER, "notices")),
    "notification_failed": Action(
        "a receiver did not accept a notification", (*_RECEIVER, "attempt", "error", "abandoned")
    ),
    "notification_dropped": Action(
        "a notification was dropped because its receiver was deleted or disabled",
        (*_RECEIVER, "receiver_state"),
    ),
    "notifications_held": Action(
        "notifications are held back for a summary", (*_RECEIVER, "notices", "reason")
    ),
    "webhook_delivered": Action("a webhook accepted an event", _WEBHOOK),
    "webhook_failed": Action(
        "a webhook did not accept an event", (*_WEBHOOK, "attempt", "error", "abandoned")
    ),
    "webhook_dropped": Action(
        "an event was dropped because its webhook was deleted or disabled",
        (*_WEBHOOK, "webhook_state"),
    ),
    "result_not_stored": Action(
        "the result of a test or a delivery could not be stored", ("definition", "error")
    ),
    "message_abandoned": Action(
        "a message was abandoned and recorded as a poison message",
        ("queue", "message_id", "reason"),
    ),
    # AppKit's jobs
    "appkit_run_requested": Action(
        "the start of a Databricks run was requested", ("job", "run_id", "actor", "as_user")
    ),
    "appkit_call_failed": Action("a call to Databricks failed", ("job",)),
    "appkit_workspace_unusable": Action("the workspace of a job cannot be used", ("job",)),
    "appkit_poll_failed": Action("a poll of a Databricks run failed with an internal error"),
    # The app itself
    "request_refused": Action("a caller lacks a role", ("actor", "method", "path", "needed")),
    "key_refused": Action("a caller has an unknown access key"),
    "live_page_unread": Action(
        "a live page of the console could not be read and is read again", ("error",)
    ),
    "origin_refused": Action("a page of another site sent a request (CSRF)"),
    "token_refused": Action("a caller has a token that is not accepted", ("reason",)),
    "issuer_unreadable": Action("the keys of the token issuer cannot be read", ("error",)),
    "request_failed": Action("a request failed with an internal error"),
    "tool_failed": Action("an MCP tool failed with an internal error", ("tool",)),
    "resource_failed": Action("an MCP resource failed with an internal error"),
    "mcp_failed": Action("the MCP endpoint failed with an internal error"),
    "mcp_function_failed": Action("a tool, resource or prompt of MCP failed", ("function",)),
    "timer_failed": Action(
        "a timer failed; its next call is at its next due time", ("timer", "error")
    ),
    "queue_message_failed": Action(
        "a message was not processed and will be tried again or abandoned",
        ("queue", "message_id", "dequeue_count", "error"),
    ),
    "audit_incomplete": Action(
        "a change could not be written to the audit log",
        ("actor", "method", "path", "status", "run_id"),
    ),
    "activity_failed": Action(
        "an activity failed and will be retried", ("run_id", "kind", "error")
    ),
    "activity_fault": Action("an activity failed with an internal error", ("run_id",)),
    "orchestration_failed": Action("an orchestration failed and ended", ("instance_id",)),
    "dispatcher_failed": Action(
        "the Dispatcher could not process a message", ("shard", "operation")
    ),
    "activities_abandoned": Action(
        "activities still ran at the end of the process", ("activities",)
    ),
    "setting_refused": Action("a setting of the app is wrong, so the app did not start"),
    "storage_call_retried": Action("a call to storage is retried"),
    "purged": Action(
        "expired data was deleted",
        ("runs", "outcomes", "audit", "versions", "messages", "results", "orchestrations"),
    ),
    "purge_failed": Action("expired data could not be deleted", ("step",)),
}
