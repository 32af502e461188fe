"""Cancels or reruns all runs that match filters, after the user's confirmation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import typer

from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.confirmation import require_consent
from polysync_core.cli.run_names import find_graph_run_id, require_task
from polysync_core.domain.runs.status import TERMINAL_STATUSES, RunStatus

if TYPE_CHECKING:
    from polysync_core.cli.api.answers import RunAnswer
    from polysync_core.cli.session import Session
    from polysync_core.domain.json_types import JsonObject

type _Parameters = dict[str, str | Sequence[str] | None]
type Query = Mapping[str, str | Sequence[str] | None]

_ACTIVE = (RunStatus.QUEUED, RunStatus.RUNNING)
_SHOWN = 20
"""The maximum number of runs in the table before the question."""
_MAX_LISTED = 1_000
"""The maximum number of runs that are counted before the question, and of one rerun."""


def cancel_many(session: Session, query: Query, *, yes: bool) -> None:
    """Cancel the queued and running runs that match, as the question lists them."""
    query = _completed(session, query, [each.value for each in _ACTIVE])
    if ended := sorted(set(query["status"] or ()) & TERMINAL_STATUSES):
        message = f"a {ended[0]} run never changes: give Queued or Running"
        raise typer.BadParameter(message, param_hint="--status")
    found, is_all = _listed(session, query)
    if not found:
        _nothing(session, query, "No queued or running run matches.")
        return
    require_consent(f"Cancel {_counted(len(found), is_all=is_all)}?", yes=yes)
    if _only_backfill(query):
        _cancel_backfill(session, str(query["backfillId"]))
        return
    query["until"] = _until(found) or query["until"]
    cancelled: list[JsonObject] = []
    # The waiting runs come first, so that no slot that becomes free starts one.
    for status in [each.value for each in _ACTIVE if each in (query["status"] or ())]:
        cancelled += session.api.post_pages(
            "task-runs", "cancel", query={**query, "status": status}
        )
    if session.terminal.as_json:
        session.terminal.json({"items": [*cancelled]})
        return
    states = [str(each.get("status")) for each in cancelled]
    stopping = len([each for each in states if each in _ACTIVE])
    session.terminal.line(
        f"{_counted(states.count(RunStatus.CANCELLED))} cancelled",
        f"the platforms stop {_counted(stopping)}." if stopping else None,
    )


def _only_backfill(query: Query) -> bool:
    """Return whether the runs are all those of a backfill."""
    others = {name: value for name, value in query.items() if name not in {"backfillId", "status"}}
    return (
        query["backfillId"] is not None
        and not any(others.values())
        and (set(query["status"] or ()) >= {*_ACTIVE})
    )


def _cancel_backfill(session: Session, backfill: str) -> None:
    """Cancel a backfill as a whole, which also marks the backfill as cancelled."""
    answer = session.api.post("backfills", backfill, "cancel", has="count")
    if session.terminal.as_json:
        session.terminal.json(answer)
    else:
        session.terminal.line(f"Backfill {backfill} is cancelled.")


def rerun_many(
    session: Session, query: Query, body: JsonObject, *, key: str | None, yes: bool
) -> None:
    """Run the tasks of the finished runs that match again; failed ones by default."""
    query = _completed(session, query, [RunStatus.FAILED.value])
    if set(query["status"] or ()) & set(_ACTIVE):
        message = "only a finished run can be run again: give Failed, Cancelled, ..."
        raise typer.BadParameter(message, param_hint="--status")
    found, is_all = _listed(session, query)
    if not is_all:
        raise CommandFailed(f"More than {_MAX_LISTED} runs match: narrow the filters.")
    if not found:
        _nothing(session, query, "No run matches.")
        return
    require_consent(f"Run {_counted(len(found))} again?", yes=yes)
    prefix = key or str(uuid4())
    accepted: list[JsonObject] = []
    refused = 0
    # The oldest run comes first, as it did before.
    for run in reversed(found):
        path = ("task-runs", run.run_id, "rerun")
        try:
            accepted.append(
                session.api.post_once(*path, body=body or None, key=f"{prefix}-{run.run_id}")
            )
        except CommandFailed as failure:
            refused += 1
            session.terminal.note(f"{run.run_id} of {run.title}: {failure}")
    if session.terminal.as_json:
        session.terminal.json({"items": [*accepted]})
    else:
        session.terminal.line(f"{_counted(len(accepted))} started again.")
    if refused:
        session.terminal.note(
            f"{_counted(refused)} refused. To repeat without second starts, add "
            f"--idempotency-key {prefix}"
        )
        raise typer.Exit(1)


def _completed(session: Session, query: Query, statuses: list[str]) -> _Parameters:
    """Return the query with the whole id of a graph run, and with statuses."""
    return {
        **query,
        "status": query["status"] or statuses,
        "graphRunId": find_graph_run_id(session.api, _text(query["graphRunId"])),
    }


def _until(found: Sequence[RunAnswer]) -> str | None:
    """Return a time that keeps runs out that were accepted after the listed ones."""
    newest = max((each.queued_at for each in found if each.queued_at), default=None)
    # The API answers with milliseconds, and a list ends before the time.
    after = None if newest is None else newest + timedelta(milliseconds=1)
    return None if after is None else after.astimezone(UTC).isoformat(timespec="milliseconds")


def _listed(session: Session, query: Query) -> tuple[list[RunAnswer], bool]:
    """Show the matching runs, and return them with True if these are all."""
    from polysync_core.cli.api.answers import RunAnswer
    from polysync_core.cli.views.runs.runs import runs_view

    items, token = session.api.items("task-runs", query=query, limit=_MAX_LISTED)
    repeated = {str(each.get("rerunOf")) for each in items}
    found = [RunAnswer.decode(each) for each in items if each.get("runId") not in repeated]
    if found and not session.terminal.as_json:
        session.terminal.show(runs_view(found[:_SHOWN]))
        if len(found) > _SHOWN:
            session.terminal.note(f"... and {len(found) - _SHOWN} more")
    return found, token is None


def _nothing(session: Session, query: Query, message: str) -> None:
    require_task(session.api, _text(query["task"]))
    if session.terminal.as_json:
        session.terminal.json({"items": []})
    else:
        session.terminal.note(message)


def _counted(number: int, *, is_all: bool = True) -> str:
    more = "" if is_all else "more than "
    return f"{more}{number} run{'' if number == 1 else 's'}"


def _text(value: str | Sequence[str] | None) -> str | None:
    return value if isinstance(value, str) else None
