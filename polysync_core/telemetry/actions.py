"""Every `action` that a line of the log may have, with the fields beside it.

Alerts, the workbook and people's own queries hold on to them: one may be added, none renamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of line in the log."""

    meaning: str
    fields: tuple[str, ...] = ()


_TASK, _SCHEDULE = ("task",), ("task", "schedule")
_DEFINITION = ("kind", "definition")
_STOP = ("run_id", "external_run_id")
_WEBHOOK = ("webhook", "delivery")

ACTIONS: Mapping[str, Action] = {
    # Runs
    "run_accepted": Action("a run was stored", ("run_id", "task", "trigger")),
    "run_request_accepted": Action("a message started a run", ("message_id", "run_id", "task")),
    "run_request_refused": Action(
        "a message asks for a run that cannot be", ("message_id", "reason")
    ),
    "backfill_accepted": Action(
        "the runs of a backfill were stored", (*_SCHEDULE, "backfill_id", "runs")
    ),
    "attempt_submitted": Action(
        "a platform took an attempt", ("run_id", "attempt", "platform", "external_run_id")
    ),
    "retry_planned": Action(
        "an attempt failed and another follows", ("run_id", "task", "attempt", "status", "cause")
    ),
    "run_ended": Action(
        "an attempt ended, and its run with it", ("run_id", "task", "attempt", "status", "cause")
    ),
    "queued_run_ended": Action(
        "a run was ended that may not wait any longer", ("run_id", "task", "status", "cause")
    ),
    "cancel_sent": Action("a platform was asked to stop a run", _STOP),
    "cannot_stop": Action("a platform cannot stop a run: its own end is awaited", _STOP),
    "stop_at_last": Action("a run that is given up was stopped", _STOP),
    "stop_failed": Action("a run that is given up could not be stopped", _STOP),
    "duplicate_detected": Action(
        "an attempt has several runs on its platform", ("external_run_ids",)
    ),
    # Dispatchers and repairs
    "dispatcher_measured": Action(
        "how a Dispatcher stands, each minute",
        ("shard", "waiting", "running", "oldest_seconds", "state_bytes"),
    ),
    "runs_repaired": Action(
        "the reconciler had something to make good",
        ("active", "enqueued", "resumed", "settled", "completed", "withdrawn", "released"),
    ),
    "run_resumed": Action("a run was taken up again", ("run_id", "attempt", "leased_since")),
    "run_unreadable": Action("a stored run cannot be read and is left as it is", ("run_id",)),
    "signal_lost": Action("the engine could not be told; the reconciler will", ("signal", "error")),
    "policy_update_lost": Action("a Dispatcher was not told of an edit; the tick will", ("error",)),
    # Schedules
    "schedules_ticked": Action(
        "what was due was gone through",
        ("due", "fired", "skipped", "missed", "failed", "left"),
    ),
    "schedule_begun": Action("a schedule was created or edited", _SCHEDULE),
    "schedule_paused": Action("a schedule was paused, or paused itself", (*_SCHEDULE, "failures")),
    "schedule_resumed": Action("a schedule goes on", _SCHEDULE),
    "schedule_deferred": Action("a schedule waits for the next tick", (*_SCHEDULE, "error")),
    "schedule_failed": Action("a schedule met a fault of ours", _SCHEDULE),
    "schedule_sync_pending": Action("an edit takes effect with the next tick", (*_TASK, "error")),
    # Platforms
    "platform_trouble": Action(
        "a platform could not be asked and will be again",
        ("run_id", "platform", "error", "failures", "again_after_seconds"),
    ),
    "durations_unread": Action(
        "how long past runs took could not be read; the usual plan is used", ("run_id", "task")
    ),
    "platform_call_repeated": Action(
        "a call is sent again", ("host", "method", "status", "repetition")
    ),
    "read_retried": Action(
        "a request for a secret or a token is sent again", ("host", "repetition")
    ),
    "folder_skipped": Action("a folder of a workspace could not be read in a search", ("status",)),
    "platform_package_broken": Action(
        "an installed package of platforms cannot be used", ("package", "type")
    ),
    # Definitions
    "definition_saved": Action("a definition was written", _DEFINITION),
    "definition_deleted": Action("a definition was deleted", _DEFINITION),
    "definitions_applied": Action("a document of definitions was applied", ("changes",)),
    "artefact_imported": Action("an artefact became a Job", ("job",)),
    # Events and messages
    "events_pending": Action(
        "events of a run are still to be published", ("run_id", "published", "error")
    ),
    "webhook_delivered": Action("a webhook took an event", _WEBHOOK),
    "webhook_failed": Action(
        "a webhook did not take an event", (*_WEBHOOK, "attempt", "error", "given_up")
    ),
    "webhook_dropped": Action("an event is not wanted any more", (*_WEBHOOK, "webhook_is")),
    "message_given_up": Action("a message was given up", ("queue", "message_id", "reason")),
    # AppKit's jobs
    "appkit_run_requested": Action(
        "the start of a Databricks run was requested", ("job", "run_id", "actor", "as_user")
    ),
    "appkit_call_failed": Action("a call to Databricks failed", ("job",)),
    "appkit_workspace_unusable": Action("the workspace of a job cannot be used", ("job",)),
    "appkit_poll_failed": Action("a poll of a Databricks run failed with an internal error"),
    # The app itself
    "request_refused": Action("a caller lacks a role", ("actor", "method", "path", "needed")),
    "key_refused": Action("a caller has a key that is none"),
    "request_failed": Action("a request met a fault of ours"),
    "tool_failed": Action("a tool of the Copilot met a fault of ours", ("tool",)),
    "resource_failed": Action("a document of the Copilot met a fault of ours"),
    "audit_incomplete": Action(
        "a change could not be written into the audit",
        ("actor", "method", "path", "status", "run_id"),
    ),
    "activity_failed": Action("a step of a run is tried again", ("run_id", "kind", "error")),
    "activity_fault": Action("a step of a run met a fault of ours", ("run_id",)),
    "storage_call_repeated": Action("storage did not answer and is asked again"),
    "purged": Action(
        "what is old was deleted", ("runs", "outcomes", "audit", "messages", "orchestrations")
    ),
    "purge_failed": Action("something old could not be deleted", ("step",)),
}
