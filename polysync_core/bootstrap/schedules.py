"""The schedules of tasks: how they stand, what fires them, and what runs their past."""

from __future__ import annotations

from functools import partial

from polysync_core.application.runs.recording import ACTOR
from polysync_core.application.schedules.backfill import Backfill
from polysync_core.application.schedules.firing import Firing
from polysync_core.application.schedules.preview import FireTimePreview
from polysync_core.application.schedules.service import ScheduleService
from polysync_core.application.schedules.tick import ScheduleTick
from polysync_core.bootstrap.definitions import Defined
from polysync_core.bootstrap.outside import Outside
from polysync_core.bootstrap.runs import Running
from polysync_core.bootstrap.storage import Stored
from polysync_core.domain.clock import utc_now


def schedules_of_tasks(stored: Stored, defined: Defined) -> ScheduleService:
    """Return what shows, pauses and resumes schedules."""
    return ScheduleService(
        task_named=defined.definitions.task,
        calendar_named=defined.definitions.calendar,
        store=stored.schedules,
        sync=defined.sync,
        clock=utc_now,
    )


def fire_time_preview(stored: Stored, defined: Defined) -> FireTimePreview:
    """Return what foresees fire times."""
    return FireTimePreview(
        task_named=defined.definitions.task,
        calendar_named=defined.definitions.calendar,
        states_of=stored.schedules.of_task,
        clock=utc_now,
    )


def schedule_tick(
    stored: Stored, defined: Defined, outside: Outside, running: Running
) -> ScheduleTick:
    """Return what fires the schedules that are due."""
    firing = Firing(
        runs=running.runs,
        store=stored.schedules,
        acceptance=running.acceptance,
        closing=running.closing,
        gate=running.notifier,
        cancel=partial(running.task_runs.cancel, actor=ACTOR),
        clock=utc_now,
    )
    return ScheduleTick(
        definitions=stored.definitions,
        store=stored.schedules,
        sync=defined.sync,
        firing=firing,
        job_named=defined.definitions.job,
        connections=outside.connections,
        clock=utc_now,
    )


def backfill(stored: Stored, defined: Defined, running: Running) -> Backfill:
    """Return what runs the fire times of a past range."""
    return Backfill(
        runs=running.runs,
        task_named=defined.definitions.task,
        calendar_named=defined.definitions.calendar,
        store=stored.schedules,
        acceptance=running.acceptance,
        prepare=running.task_runs.with_parents,
        clock=utc_now,
    )
