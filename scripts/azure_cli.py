"""Runs the command-line programs of Azure for the other scripts."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence

type Command = Callable[[Sequence[str]], str]
"""Runs a program and returns what it prints; raises `CommandFailed`."""


class CommandFailed(Exception):
    """A program failed; the message is the last line of its error output."""


def run(command: Sequence[str]) -> str:
    """Run a program and return what it prints."""
    program = shutil.which(command[0])
    if program is None:
        raise CommandFailed(f"{command[0]} is not installed")
    done = subprocess.run(  # noqa: S603 - fixed arguments, and no shell
        [program, *command[1:]], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise CommandFailed(f"{command[0]}: {lines[-1]}")
    return done.stdout
