"""Implements `polysync demo`, which runs an example data pipeline and shows its results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Port = Annotated[
    int | None,
    typer.Option(
        "--port", metavar="PORT", help="Port of the API (default: 7071, or the next free port)."
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="FOLDER", help="Empty folder (default: .polysync/demo, emptied first)."
    ),
]


def demo(port: Port = None, data: Data = None) -> None:
    """Run the example over five simulated platforms, end to end, and stop."""
    from polysync_embedded import command

    raise typer.Exit(command.demo(port=port, data=data))
