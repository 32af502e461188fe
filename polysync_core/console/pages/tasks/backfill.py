"""Serves the HTML page that creates runs for past fire times of a Task (backfill)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from shlex import quote
from typing import Any

import htpy as h
from fastapi import Request, Response
from htpy import Element, Node
from pydantic import ValidationError

from polysync_core.api.engine import CurrentEngine
from polysync_core.api.schedules.backfill import BackfillBody, CurrentBackfill
from polysync_core.api.schedules.backfills import CurrentBackfills
from polysync_core.api.schedules.routes import CurrentScheduleService, ScheduleService
from polysync_core.api.security.audit_record import CurrentRecord, changes_nothing
from polysync_core.api.security.callers import CurrentCaller
from polysync_core.application.schedules.backfill import (
    BackfilledRun,
    BackfillRequest,
    BackfillResult,
)
from polysync_core.console.form_data import CurrentForm, FormData
from polysync_core.console.icons import icon
from polysync_core.console.pages.limits.hold_notices import holds_on_run
from polysync_core.console.parts.cards import commands
from polysync_core.console.parts.notices import empty_state, notice
from polysync_core.console.parts.tables import table
from polysync_core.console.paths import page_path, run_path, task_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import page, redirect
from polysync_core.domain.definitions.validation.messages import problems_of
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.schedules.backfills import BackfillProgress

router = PageRouter()

_MAX_ROWS = 100
"""The maximum number of fire times that the dry run lists."""
_MAX_STORED = 10
_NUMBERS = ("maxConcurrentRuns", "priority")


@dataclass(frozen=True, kw_only=True)
class _Draft:
    """The values of the form with their problems."""

    name: str
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    problems: Sequence[Problem] = ()
    result: BackfillResult | None = None
    """The result of the dry run."""

    def message(self, name: str) -> str | None:
        """Return the problem of a field."""
        return next((each.message for each in self.problems if each.path == name), None)


@router.get("/tasks/{name}/backfill")
def backfill_page(
    request: Request, name: str, schedules: CurrentScheduleService, stored: CurrentBackfills
) -> Response:
    """Show the form of a backfill and the newest backfills of the Task."""
    newest = stored.page(name, limit=_MAX_STORED).items
    return _page(request, schedules, _Draft(name=name), _stored(name, newest))


@router.post("/tasks/{name}/backfills/{backfill_id}/cancel")
def cancel(
    name: str,
    backfill_id: str,
    stored: CurrentBackfills,
    engine: CurrentEngine,
    caller: CurrentCaller,
) -> Response:
    """Cancel every run of a backfill that has not ended."""
    stored.cancel(backfill_id, actor=caller.name, engine=engine)
    return redirect(task_path(name, "backfill"))


@router.post("/tasks/{name}/backfill")
def backfill(  # noqa: PLR0913
    request: Request,
    name: str,
    schedules: CurrentScheduleService,
    backfills: CurrentBackfill,
    form: CurrentForm,
    engine: CurrentEngine,
    caller: CurrentCaller,
    record: CurrentRecord,
) -> Response:
    """Show the dry run of a backfill, or create its runs."""
    values = {key: value.strip() for key, value in form.items()}
    is_dry = form.get("do") != "create"
    if is_dry:
        changes_nothing(record)
    try:
        result = backfills.backfill(_request(name, form, caller.name, is_dry=is_dry), engine)
    except Invalid as error:
        wrong = _Draft(name=name, values=values, problems=error.problems)
        return _page(request, schedules, wrong, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if is_dry:
        return _page(request, schedules, _Draft(name=name, values=values, result=result))
    return redirect(page_path("runs", backfillId=result.backfill_id))


def _request(name: str, form: FormData, actor: str, *, is_dry: bool) -> BackfillRequest:
    """Return the request, or raise `Invalid` with the names of the fields."""
    content: dict[str, Any] = {key: form.get(key, "").strip() or None for key in ("from", "to")}
    content["schedule"] = form.get("schedule", "").strip() or None
    content["redo"] = form.get("redo", "").strip() or None
    content |= {key: _number(form.get(key, "").strip()) for key in _NUMBERS}
    try:
        body = BackfillBody.model_validate(content)
    except ValidationError as error:
        raise Invalid(problems_of(error, BackfillBody)) from error
    return BackfillRequest(
        task=name,
        begin=body.begin,
        end=body.end,
        schedule=body.schedule,
        max_concurrent_runs=body.max_concurrent_runs,
        priority=body.priority,
        redo=body.redo,
        dry_run=is_dry,
        actor=actor,
    )


def _number(text: str) -> int | str | None:
    """Return a whole number; the model refuses any other text."""
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() else text or None


def _page(
    request: Request,
    schedules: ScheduleService,
    draft: _Draft,
    below: Node = None,
    *,
    status: int = HTTPStatus.OK,
) -> Response:
    statuses = schedules.statuses(draft.name)
    zones = {each.schedule.name: each.schedule.time_zone for each in statuses}
    return page(
        request,
        f"Backfill {draft.name}",
        h.div(".stack")[
            holds_on_run(request, draft.name, None),
            _form(draft, zones) if zones else _without_schedule(draft.name),
            _dry_run(draft),
            below,
        ],
        section="tasks",
        crumbs=[("Tasks", page_path("tasks")), (draft.name, task_path(draft.name))],
        status=status,
    )


def _stored(name: str, newest: Sequence[BackfillProgress]) -> Node:
    if not newest:
        return None
    rows = [
        h.tr[
            h.th(scope="row")[
                h.a(href=page_path("runs", backfillId=each.record.backfill_id))[
                    each.record.backfill_id
                ]
            ],
            h.td(".mono")[f"{each.record.begin:%Y-%m-%d %H:%M}Z"],
            h.td(".mono")[f"{each.record.end:%Y-%m-%d %H:%M}Z"],
            h.td[", ".join(f"{count} {status}" for status, count in each.counts.items() if count)],
            h.td["Done" if each.is_done else _cancel_button(name, each)],
        ]
        for each in newest
    ]
    columns = ["Backfill", "From", "To", "Runs", "State"]
    return h.section(".card", aria_label="Backfills")[
        h.header[h.h2["Newest backfills"]], table("Newest backfills", columns, rows)
    ]


def _cancel_button(name: str, each: BackfillProgress) -> Element:
    address = task_path(name, "backfills", each.record.backfill_id, "cancel")
    return h.form(".inline", method="post", action=address)[
        h.button(".danger", type="submit")[icon("stop"), "Cancel"]
    ]


def _without_schedule(name: str) -> Element:
    return empty_state(
        "The task has no schedule, so there are no fire times to fill.",
        h.a(".button", href=task_path(name, tab="scheduling"))["Add a schedule"],
    )


def _form(draft: _Draft, zones: Mapping[str, str]) -> Element:
    chosen = draft.values.get("schedule", "")
    hint = "A date, which is midnight in the zone of the schedule, or a time with its offset."
    return h.form(".card", method="post", action=task_path(draft.name, "backfill"))[
        h.header[h.h2["Runs for past fire times"]],
        h.div(".in.form")[
            _summary(draft.problems),
            h.div(".fields")[
                h.div(".field")[
                    h.label(for_="f-schedule")["Schedule"],
                    h.select(id="f-schedule", name="schedule")[
                        [
                            h.option(value=name, selected=name == chosen)[f"{name} ({zone})"]
                            for name, zone in zones.items()
                        ]
                    ],
                ],
                _input(draft, "from", "From", hint),
                _input(draft, "to", "To", f"Not part of the range. {hint}"),
                _input(draft, "maxConcurrentRuns", "Runs at the same time", "Empty: no limit."),
                _input(draft, "priority", "Priority", "Empty: 100 below that of the task."),
            ],
            h.div(".check")[
                h.input(
                    id="f-redo",
                    type="checkbox",
                    name="redo",
                    value="failed",
                    checked=draft.values.get("redo") == "failed",
                ),
                h.label(for_="f-redo")["Run failed and cancelled fire times again"],
            ],
            h.div(".actions")[
                h.button(".primary", type="submit", name="do", value="plan")["Show the runs"],
                draft.result is not None and _create_button(draft.result),
            ],
        ],
    ]


def _summary(problems: Sequence[Problem]) -> Node:
    known = {"schedule", "from", "to", *_NUMBERS}
    others = [each for each in problems if each.path not in known]
    return [notice("error", str(each)) for each in others]


def _input(draft: _Draft, name: str, label: str, hint: str) -> Element:
    error = draft.message(name)
    described = f"f-{name}-help" + (f" f-{name}-err" if error else "")
    return h.div(".field")[
        h.label(for_=f"f-{name}")[label],
        h.input(
            id=f"f-{name}",
            name=name,
            value=draft.values.get(name, ""),
            autocomplete="off",
            aria_describedby=described,
            aria_invalid="true" if error else None,
        ),
        h.p(".help", id=f"f-{name}-help")[hint],
        error and h.p(".error", id=f"f-{name}-err")[icon("warning"), h.span[error]],
    ]


def _create_button(result: BackfillResult) -> Node:
    count = sum(not each.exists for each in result.items)
    if not count:
        return None
    label = f"Create {count} {'run' if count == 1 else 'runs'}"
    return h.button(type="submit", name="do", value="create")[icon("run"), label]


def _dry_run(draft: _Draft) -> Node:
    if draft.result is None:
        return None
    items = draft.result.items
    new = sum(not each.exists for each in items)
    further = len(items) - _MAX_ROWS
    return [
        h.section(".card", aria_label="Dry run")[
            h.header[
                h.h2["Dry run: nothing is created yet"],
                h.small[f"{len(items)} fire times, {new} without a run"],
            ],
            table(
                "Fire times of the range",
                ["Fire time", "UTC", "Note", "Run"],
                [_row(each) for each in items[:_MAX_ROWS]],
            )
            if items
            else h.p(".in")["The schedule has no fire time in this range."],
            h.p(".in")[f"{further} more fire times"] if further > 0 else None,
        ],
        commands(_command(draft)),
    ]


def _row(each: BackfilledRun) -> Element:
    fire = each.fire
    return h.tr[
        h.td(".mono")[f"{fire.local:%a %Y-%m-%d %H:%M:%S %z}"],
        h.td(".mono")[f"{fire.scheduled_time:%Y-%m-%d %H:%M:%S}Z"],
        h.td[fire.note],
        h.td[h.a(href=run_path(each.run_id))["exists"] if each.exists else "new"],
    ]


def _command(draft: _Draft) -> str:
    values = draft.values
    options = [
        ("--from", values.get("from")),
        ("--to", values.get("to")),
        ("--schedule", values.get("schedule")),
        ("--max-concurrent", values.get("maxConcurrentRuns")),
        ("--priority", values.get("priority")),
    ]
    given = " ".join(f"{name} {quote(value)}" for name, value in options if value)
    return f"polysync backfill {draft.name} {given}"
