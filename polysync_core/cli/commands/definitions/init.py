"""Implements `polysync init`, which creates a folder with working example definitions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polysync_core.cli.session import printed_errors

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder of the project; created if it is missing.")
]


def init(folder: Folder = Path()) -> None:
    """Create a small bundle with definitions, editor support and checks; nothing is replaced."""
    from polysync_core.cli.commands.definitions.schema import current_schema
    from polysync_core.cli.starter.project import create_project

    with printed_errors() as terminal:
        written = create_project(folder, current_schema())
        for path in written:
            terminal.line(f"+ {path}")
        terminal.note(f"Next: polysync validate {folder}, then follow {folder / 'README.md'}.")
