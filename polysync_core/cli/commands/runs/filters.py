"""Defines the CLI options that filter runs, shared by several commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.status import RunStatus, TriggerType

OfTask = Annotated[str | None, typer.Option("--task", help="Only runs of this task.")]
OfJob = Annotated[str | None, typer.Option("--job", help="Only runs of this job.")]
OfStatus = Annotated[
    list[RunStatus] | None,
    typer.Option(
        "--status",
        case_sensitive=False,
        help="Only runs with this status; repeat it for several.",
    ),
]
OfPlatform = Annotated[str | None, typer.Option("--platform", help="Only runs on this platform.")]
OfTrigger = Annotated[
    TriggerType | None,
    typer.Option("--trigger", case_sensitive=False, help="Only runs with this trigger."),
]
OfCause = Annotated[
    FailureCause | None,
    typer.Option("--cause", case_sensitive=False, help="Only failed runs with this cause."),
]
OfTag = Annotated[
    str | None,
    typer.Option("--tag", metavar="NAME[=VALUE]", help="Only runs with this tag."),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="TIME", help="Accepted since a date, a time, or an age such as 24h."
    ),
]
Until = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", help="Accepted before a date, a time, or an age."),
]
OfBackfill = Annotated[
    str | None, typer.Option("--backfill", metavar="ID", help="Only runs of this backfill.")
]
OfGraphRun = Annotated[
    str | None,
    typer.Option(
        "--graph-run",
        "--graph",
        metavar="RUN",
        help="Only runs of this graph run: its root run, or @TASK.",
    ),
]


def run_query(  # noqa: PLR0913 - one parameter per option
    *,
    task: str | None = None,
    job: str | None = None,
    status: Sequence[RunStatus] | None = None,
    graph: str | None = None,
    platform: str | None = None,
    trigger: TriggerType | None = None,
    cause: FailureCause | None = None,
    tag: str | None = None,
    since: str | None = None,
    until: str | None = None,
    backfill: str | None = None,
    late: bool = False,
) -> dict[str, str | Sequence[str] | None]:
    """Return the query of a list of runs; None for a filter that was not given."""
    return {
        "task": task,
        "job": job,
        "status": [each.value for each in status or ()] or None,
        "graphRunId": graph,
        "platform": platform,
        "trigger": trigger,
        "cause": cause,
        "tag": tag,
        "since": since,
        "until": until,
        "backfillId": backfill,
        "late": "true" if late else None,
    }


IsLate = Annotated[bool, typer.Option("--late", help="Only runs that were late, missing or slow.")]
