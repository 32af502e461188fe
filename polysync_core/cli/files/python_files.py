"""Runs Python files of definitions in separate processes, and returns the definitions."""

from __future__ import annotations

import os
import subprocess
import sys

from polysync_core.cli.api.errors import BadDocument

_SECONDS = 60
_SECRETS = frozenset({"POLYSYNC_KEY", "POLYSYNC_TOKEN"})


def is_python(source: str) -> bool:
    """Return whether a file is evaluated; a folder never includes such a file."""
    return source.endswith(".py")


def evaluated(source: str) -> bytes:
    """Return the document of a file as JSON.

    The file is the user's own program. It runs with the user's rights, but without the credentials
    of Polysync in its environment.

    Raises:
        BadDocument: the file fails, and the details end with the line of the error.
    """
    command = [sys.executable, "-m", "polysync.evaluate", source]
    environment = {name: each for name, each in os.environ.items() if name not in _SECRETS}
    try:
        ended = subprocess.run(  # noqa: S603 - the user named the file
            command, env=environment, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BadDocument(f"{source}: the file has not ended after {_SECONDS} seconds.") from error
    if ended.returncode:
        lines = ended.stderr.decode("utf-8", "replace").splitlines()
        raise BadDocument(f"{source}: the file failed.", details=_own_lines(source, lines))
    return ended.stdout


def _own_lines(source: str, lines: list[str]) -> list[str]:
    """Return the traceback from the first line of the file itself."""
    starts = [index for index, line in enumerate(lines) if f'"{source}"' in line]
    return lines[starts[0] :] if starts else lines[-5:]
