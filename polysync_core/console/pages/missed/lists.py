"""Draws the tables of missed fire times, deadlines, stopped schedules and poison messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import htpy as h
from htpy import Element, Node

from polysync_core.application.missed.calendars import ExcludedDay
from polysync_core.application.missed.stopped_schedules import IdleCause, StoppedSchedule
from polysync_core.console.parts.deadlines import CAUSES, KINDS
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import absolute_time, nothing, relative_time
from polysync_core.console.paths import page_path, run_path, task_path
from polysync_core.domain.deadlines.stored_deadlines import DeadlineReport
from polysync_core.domain.poison import PoisonMessage
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.skip import SkipKind

_KINDS: Mapping[SkipKind, str] = {
    SkipKind.MISSED: "Missed",
    SkipKind.OVERLAP: "Overlap",
    SkipKind.SCHEDULE_PAUSED: "Paused itself",
    SkipKind.SCHEDULE_CHANGED: "Schedule changed",
    SkipKind.SHARD_FULL: "Shard full",
    SkipKind.PAST: "Past not successful",
}
_CAUSES: Mapping[IdleCause, str] = {
    IdleCause.PAUSED: "Paused",
    IdleCause.SCHEDULE_DISABLED: "Schedule disabled",
    IdleCause.TASK_DISABLED: "Task disabled",
}


def fire_time_table(runs: Sequence[TaskRun]) -> Element:
    """Return the fire times without a run."""
    rows = [
        h.tr[
            h.th(scope="row")[_task(run)],
            h.td[run.schedule or nothing()],
            h.td[absolute_time(run.scheduled_time)],
            h.td[_KINDS[run.skip.kind] if run.skip else nothing()],
            h.td(".break")[h.a(href=run_path(run.run_id))[run.reason]],
        ]
        for run in runs
    ]
    columns = ["Task", "Schedule", "Fire time", "Kind", "Reason"]
    return table("Fire times without a run", columns, rows)


def stopped_table(schedules: Sequence[StoppedSchedule], now: datetime) -> Element:
    """Return the paused and disabled schedules."""
    rows = [
        h.tr[
            h.th(scope="row")[h.a(href=task_path(each.task, tab="scheduling"))[each.task]],
            h.td[each.schedule],
            h.td[_CAUSES[each.cause]],
            h.td(".break")[_pause(each, now)],
        ]
        for each in schedules
    ]
    return table("Stopped schedules", ["Task", "Schedule", "State", "Reason"], rows)


def dropped_table(runs: Sequence[TaskRun], now: datetime) -> Element:
    """Return the runs that a limit ended before they started."""
    rows = [
        h.tr[
            h.th(scope="row")[_task(run)],
            h.td[h.a(".mono", href=run_path(run.run_id))[run.run_id[:8]]],
            h.td[relative_time(run.queued_at, now=now)],
            h.td[run.attempt.cause.value if run.attempt and run.attempt.cause else nothing()],
            h.td(".break")[run.attempt.error if run.attempt else nothing()],
        ]
        for run in runs
    ]
    return table("Runs that a limit ended", ["Task", "Run", "Accepted", "Cause", "Error"], rows)


def excluded_table(days: Sequence[ExcludedDay]) -> Element:
    """Return the days on which a calendar excludes fire times."""
    rows = [
        h.tr[
            h.th(scope="row")[h.a(href=task_path(each.task, tab="scheduling"))[each.task]],
            h.td[each.schedule],
            h.td[h.a(href=page_path("calendars", each.calendar))[each.calendar]],
            h.td[each.day.isoformat()],
            h.td(".number")[str(each.count)],
        ]
        for each in days
    ]
    columns = ["Task", "Schedule", "Calendar", "Day", "Fire times"]
    return table("Fire times that calendars exclude", columns, rows)


def deadline_table(reports: Sequence[DeadlineReport]) -> Element:
    """Return the deadlines that late and missing runs missed."""
    rows = [
        h.tr[
            h.th(scope="row")[h.a(href=task_path(each.task, tab="scheduling"))[each.task]],
            h.td[KINDS[each.miss.kind]],
            h.td[absolute_time(each.miss.at)],
            h.td[CAUSES[each.miss.cause]],
            h.td[absolute_time(each.recovered_at) if each.recovered_at else nothing()],
            h.td(".break")[_reason(each)],
        ]
        for each in reports
    ]
    columns = ["Task", "Kind", "Deadline", "Cause", "Recovered", "Reason"]
    return table("Missed deadlines", columns, rows)


def _reason(report: DeadlineReport) -> Node:
    run_id, reason = report.miss.run_id, report.miss.reason
    return reason if run_id is None else h.a(href=run_path(run_id))[reason]


def message_table(messages: Sequence[PoisonMessage], now: datetime) -> Element:
    """Return the queue messages that could not be processed."""
    rows = [
        h.tr[
            h.td[relative_time(message.at, now=now)],
            h.td[message.queue],
            h.td(".break")[message.reason],
            h.td[
                h.details[
                    h.summary["Content"],
                    h.pre(tabindex="0", aria_label="Content")[message.payload],
                ]
            ],
        ]
        for message in messages
    ]
    return table("Poison messages", ["Given up", "Queue", "Reason", "Message"], rows)


def _task(run: TaskRun) -> Node:
    return run.title if run.task is None else h.a(href=task_path(run.task))[run.task]


def _pause(schedule: StoppedSchedule, now: datetime) -> Node:
    pause = schedule.pause
    if pause is None:
        return nothing()
    return [pause.reason, h.small[f" by {pause.by}, "], relative_time(pause.at, now=now)]
