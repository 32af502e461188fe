"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_URL = "http://127.0.0.1:7071/api"

Url = Annotated[str, typer.Option("--url", envvar="POLYSYNC_URL", help="Address of the API.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the API's JSON, for programs.")]
Limit = Annotated[int, typer.Option(min=1, help="How many.")]
All = Annotated[bool, typer.Option("--all", help="All of them.")]
Task = Annotated[str, typer.Argument(metavar="TASK", help="Name of the task.")]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", help="name=text, or name:=json for a typed value."),
]
Key = Annotated[str | None, typer.Option(help="A second run with the same key is the first one.")]
Follow = Annotated[
    bool, typer.Option("--follow", help="Stay until the end; 0 only if the run Succeeded.")
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")]
