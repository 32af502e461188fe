"""Asks the user to confirm a change that is hard to undo."""

from __future__ import annotations

import typer

from polysync_core.cli.api.errors import CommandFailed


def require_consent(question: str, *, yes: bool) -> None:
    """Ask the question on standard error, unless `--yes` was given.

    Raises:
        CommandFailed: the answer is no, or no answer can be read.
    """
    if yes:
        return
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort as error:
        raise CommandFailed(
            "Nothing is changed, because no answer was given: repeat the command with --yes."
        ) from error
    if not agreed:
        raise CommandFailed("Nothing is changed.")
