"""Defines the CLI arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_URL = "http://127.0.0.1:7071/api"

Url = Annotated[str, typer.Option("--url", envvar="POLYSYNC_URL", help="Address of the API.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Limit = Annotated[int, typer.Option(min=1, help="Maximum number of entries.")]
All = Annotated[bool, typer.Option("--all", help="List all entries.")]
TaskName = Annotated[str, typer.Argument(metavar="TASK", help="Name of the task.")]
JobName = Annotated[str, typer.Argument(metavar="JOB", help="Name of the job.")]
PlatformName = Annotated[str, typer.Argument(metavar="PLATFORM", help="Name of the platform.")]
RunName = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN", help="Id of a run, its first characters, or @TASK for a task's newest run."
    ),
]
OfKey = Annotated[
    str | None,
    typer.Option(
        "--job", metavar="KEY", help="The job key of RUN, if only Databricks stores the run."
    ),
]
JobOrKey = Annotated[
    str | None,
    typer.Option(
        "--job", metavar="JOB", help="Only runs of this job; with RUN, the job key of the run."
    ),
]
Last = Annotated[bool, typer.Option("--last", help="The newest run, instead of RUN.")]
JobType = Annotated[str | None, typer.Option("--job-type", help="Only this job type.")]
Search = Annotated[str | None, typer.Option("--search", help="Only names that contain this text.")]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", help="name=text, or name:=json for a typed value."),
]
IdempotencyKey = Annotated[
    str | None, typer.Option(help="Requests with the same key start one run only.")
]
Follow = Annotated[
    bool, typer.Option("--follow", help="Wait for the end; exit code 0 only for Succeeded.")
]
Kind = Annotated[
    str,
    typer.Argument(metavar="KIND", help="task, job, platform, vault, profile, calendar, ..."),
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the object.")]
Names = Annotated[
    list[str] | None, typer.Argument(metavar="NAME", help="Only the objects with these names.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")]
