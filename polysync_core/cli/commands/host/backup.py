"""Implements `polysync backup`, which copies the SQLite file of the embedded host."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polysync_core.cli.options import AsJson

DATA = Path(".polysync")
DataFolder = Annotated[
    Path, typer.Option(metavar="FOLDER", help="The data folder of `polysync dev`.")
]


def backup(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="The new file for the backup.")],
    data: DataFolder = DATA,
    as_json: AsJson = False,
) -> None:
    """Copy the data of `polysync dev` to a new file, even while it runs."""
    from polysync_core.cli.api.errors import CommandFailed
    from polysync_core.cli.terminal import Terminal
    from polysync_core.storage.sqlite.backup import back_up
    from polysync_core.storage.sqlite.database import FILE_NAME, FileUnusable

    terminal = Terminal(as_json=as_json)
    path = target.absolute()
    try:
        back_up((data / FILE_NAME).absolute(), path)
    except FileUnusable as error:
        terminal.fail(CommandFailed(str(error)))
        raise typer.Exit(1) from error
    size = path.stat().st_size
    if as_json:
        terminal.json({"file": str(path), "bytes": size})
    else:
        terminal.note(f"Written to {target} ({size:,} bytes).")
