"""Implements `polysync dev`, which runs a complete Polysync host on the local machine."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class LogFormat(StrEnum):
    """The form of the log lines."""

    TEXT = "text"
    JSON = "json"


Host = Annotated[
    str,
    typer.Option(
        "--host",
        metavar="ADDRESS",
        help="Address to listen on. Other addresses than the default require sign-in.",
    ),
]
Port = Annotated[int, typer.Option("--port", metavar="PORT", help="Port of the API.")]
Data = Annotated[Path, typer.Option("--data", metavar="FOLDER", help="Folder for all data.")]
Format = Annotated[LogFormat, typer.Option("--log-format", help="Form of the log on stderr.")]

Simulators = Annotated[
    bool, typer.Option("--simulators", help="Also run the simulators of the examples.")
]


def dev(
    host: Host = "127.0.0.1",
    port: Port = 7071,
    data: Data = Path(".polysync"),
    log_format: Format = LogFormat.TEXT,
    simulators: Simulators = False,
) -> None:
    """Run Polysync on this machine until Ctrl-C: API, schedules, engine and storage."""
    from polysync_embedded import command

    command.dev(host=host, port=port, data=data, log_format=log_format.value, simulators=simulators)
