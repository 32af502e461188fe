"""Streams the state of a job run and the Execute button to the browser."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import htpy as h
from anyio import to_thread
from fastapi import Depends, Request, Response
from fastapi.responses import StreamingResponse
from htpy import Element, Node

from polysync_core.api.run_views import run_view
from polysync_core.api.use_cases import use_case
from polysync_core.application.runs.job_runs import JobRuns
from polysync_core.console.icons import icon
from polysync_core.console.live.fragments import OVER, Part, part_answer, part_stream
from polysync_core.console.parts.cards import card, facts
from polysync_core.console.parts.run_links import platform_link, run_link, with_run_links
from polysync_core.console.parts.status import status_badge
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import (
    duration_text,
    nothing,
    relative_time,
    running_duration,
)
from polysync_core.console.paths import page_path
from polysync_core.console.routing import PageRouter
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.identity import parse_run_id
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.status import RunStatus

CurrentJobRuns = Annotated[JobRuns, Depends(use_case(JobRuns))]

_BODY = "execute-body"

router = PageRouter()


def live_run(job: str, run: TaskRun) -> Element:
    """Return the run of a Job, which keeps itself up to date until it ends."""
    stream = page_path("live", "jobs", job, "runs", run.run_id)
    return h.div(".stack", {"id": "job-run"} | _attributes(stream, run))[_run(run)]


def execute_button(job: str, newest: TaskRun | None) -> Element:
    """Return the button that starts a Job; while a run is active, it spins and leads to it."""
    attributes = {} if newest is None else _attributes(page_path("live", "jobs", job), newest)
    return h.span({"id": "execute"} | attributes)[_button(job, newest)]


def execute_dialog() -> Element:
    """Return the dialog in which a script shows first the form, then the run."""
    return h.dialog(id="execute-dialog", aria_label="Execute now")[
        h.div(".body", id=_BODY),
        h.div(".foot")[h.button(type="button", data_close="")["Close"]],
    ]


def dialog_attributes(select: str) -> dict[str, str]:
    """Return the attributes that put a part of an answer into the dialog."""
    return {"hx-target": f"#{_BODY}", "hx-select": select, "hx-swap": "innerHTML"}


@router.get("/live/jobs/{name}")
async def stream_button(request: Request, name: str, job_runs: CurrentJobRuns) -> StreamingResponse:
    """Stream the button of a Job until its newest run ends."""

    def read() -> Part:
        newest = job_runs.newest(name)
        is_active = newest is not None and not newest.status.is_terminal
        return Part(
            content=lambda: _button(name, newest),
            state="" if newest is None else f"{newest.run_id} {newest.status}",
            is_active=is_active,
        )

    return part_stream(request, read, end=OVER)


@router.get("/live/jobs/{name}/runs/{run_id}")
async def stream_run(
    request: Request, name: str, run_id: str, job_runs: CurrentJobRuns
) -> StreamingResponse:
    """Stream a run of a Job until it ends; an unknown run is refused before the stream opens."""
    await to_thread.run_sync(_part, name, run_id, job_runs)
    return part_stream(request, lambda: _part(name, run_id, job_runs), end=OVER)


@router.get("/part/jobs/{name}/runs/{run_id}")
def part_of_run(request: Request, name: str, run_id: str, job_runs: CurrentJobRuns) -> Response:
    """Return a run of a Job, or 304 if the browser has this state."""
    return part_answer(request, _part(name, run_id, job_runs))


def _part(name: str, run_id: str, job_runs: JobRuns) -> Part:
    run = job_runs.get(name, parse_run_id(run_id))
    return Part(
        content=lambda: _run(run),
        state=run_view(run).model_dump_json(),
        is_active=not run.status.is_terminal,
    )


def _attributes(stream: str, run: TaskRun) -> dict[str, str]:
    """Return the attributes of a part that changes until a run ends."""
    if run.status.is_terminal:
        return {}
    return {"hx-sse:connect": stream, "hx-sse:close": OVER, "hx-swap": "innerMorph"}


def _button(job: str, newest: TaskRun | None) -> Element:
    if newest is None or newest.status.is_terminal:
        in_dialog = {"hx-get": page_path("jobs", job, "run", dialog=True)}
        return h.a(
            ".button.primary",
            in_dialog | dialog_attributes("#run"),
            href=page_path("jobs", job, "run"),
            data_open="execute-dialog",
        )[icon("run"), "Execute now"]
    address = page_path("jobs", job, "run", run=newest.run_id)
    return h.a(".button.primary", href=address)[h.span(".spin")[icon("rerun")], newest.status.value]


def _run(run: TaskRun) -> Node:
    now = datetime.now(UTC)
    return [_state_card(run, now), _outputs(run), _facts(run, now), _parameters(run)]


def _state_card(run: TaskRun, now: datetime) -> Element:
    again = page_path("jobs", run.job.name, "run", values=run.run_id)
    return h.section(class_=f"card state-card {run.status.value.lower()}", aria_label="Run")[
        h.div(".line")[
            status_badge(run.status),
            _length(run, now),
            platform_link(run, run.attempt, text=f"Open on {run.job.platform} "),
            run_link(run.run_id, "All facts of the run"),
        ],
        h.p(".say")[with_run_links(_sentence(run))],
        run.problem and h.p[f"{run.problem.target}: {run.problem.message}"],
        h.p(".actions")[h.a(".button", href=again)[icon("rerun"), "Run again with these values"]],
    ]


def _facts(run: TaskRun, now: datetime) -> Element:
    attempt = run.attempt
    return card(
        "Facts",
        facts(
            [
                ("Accepted", relative_time(run.queued_at, now=now)),
                ("Started by", run.history[0].actor if run.history else None),
                ("Run on the platform", attempt and attempt.external_run_id),
                ("State there", attempt and attempt.provider_status),
            ]
        ),
    )


def _sentence(run: TaskRun) -> str:
    error = run.attempt.error if run.attempt is not None else None
    return error or run.reason


def _length(run: TaskRun, now: datetime) -> Node:
    if run.started_at is None or run.status is RunStatus.QUEUED:
        return None
    if run.finished_at is None:
        return running_duration(run.started_at, now=now)
    return duration_text(run.finished_at - run.started_at)


def _outputs(run: TaskRun) -> Node:
    rows = [
        *((name, _text(value)) for name, value in run.outputs.items()),
        *((name, "not shown: it holds a secret") for name in run.redacted_outputs),
        *((name, f"not kept: {reason}") for name, reason in run.outputs_not_kept.items()),
    ]
    if rows:
        return card("Outputs", _values("Outputs of the run", rows))
    if run.status is RunStatus.SUCCEEDED:
        return card("Outputs", h.p(".in")["The run has no outputs."])
    return None


def _parameters(run: TaskRun) -> Node:
    # An attempt holds only the values whose run variables were replaced.
    replaced = (run.attempt.parameters if run.attempt is not None else None) or {}
    rows = [(name, _text(value)) for name, value in {**run.parameters, **replaced}.items()]
    return rows and card("Values", _values("Values of the run", rows))


def _values(caption: str, rows: list[tuple[str, str]]) -> Element:
    return table(
        caption,
        ("Name", "Value"),
        [
            h.tr[h.th(scope="row")[name], h.td(".mono.break")[value or nothing()]]
            for name, value in rows
        ],
    )


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
