"""Implements `polysync schedules`, `pause` and `resume` for the schedules of a Task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, TaskName, Url
from polysync_core.cli.session import Session, open_session

if TYPE_CHECKING:
    from polysync_core.domain.json_types import JsonObject

Reason = Annotated[str, typer.Option("--reason", help="The reason; shown with the schedule.")]
OneSchedule = Annotated[
    str | None, typer.Option("--schedule", help="Only this schedule; default: all of the task.")
]


def schedules(task: TaskName, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show the schedules of a task: state, next and last fire time."""
    with open_session(url, as_json=as_json) as session:
        _show(session, session.api.get("tasks", task, "schedules", has="items"))


def pause(
    task: TaskName,
    reason: Reason,
    schedule: OneSchedule = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Pause one schedule of a task, or all of them, until they are resumed."""
    body: JsonObject = {"reason": reason, "schedule": schedule}
    with open_session(url, as_json=as_json) as session:
        _show(session, session.api.post("tasks", task, "pause", body=body))


def resume(
    task: TaskName,
    schedule: OneSchedule = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Resume one schedule of a task, or all of them; missed fire times are not run."""
    with open_session(url, as_json=as_json) as session:
        _show(session, session.api.post("tasks", task, "resume", body={"schedule": schedule}))


def _show(session: Session, answer: JsonObject) -> None:
    if session.terminal.as_json:
        session.terminal.json(answer)
    else:
        from polysync_core.cli.views.schedules.schedules import schedules_view

        session.terminal.show(*schedules_view(answer))
