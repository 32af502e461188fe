"""Opens the API client and the terminal for a CLI command, and prints its errors."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from polysync.errors import ApiProblem
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.terminal import Terminal

if TYPE_CHECKING:
    from polysync_core.cli.api.client import ApiClient

_NO_RUN = "There is no task run"
"""The beginning of the problem of a run id that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The API client and the terminal of one command."""

    api: ApiClient
    terminal: Terminal
    options: tuple[str, ...] = ()
    """The options that choose the same app again, such as `--context prod`."""

    def command(self, words: str) -> str:
        """Return a command for the same app, for a message."""
        from shlex import join

        return " ".join(["polysync", words, *([join(self.options)] if self.options else [])])


@contextmanager
def printed_errors(*, as_json: bool = False) -> Generator[Terminal]:
    """Open the terminal; a CommandFailed is printed and ends the program with 1."""
    terminal = Terminal(as_json=as_json)
    try:
        yield terminal
    except CommandFailed as failure:
        terminal.fail(failure)
        raise typer.Exit(1) from failure


@contextmanager
def open_session(url: str, *, as_json: bool) -> Generator[Session]:
    """Open a session; a CommandFailed inside it is printed and ends the program with 1."""
    from polysync_core.cli.api.client import ApiClient
    from polysync_core.cli.environments.connection import connection_to

    with printed_errors(as_json=as_json) as terminal:
        connection = connection_to(url)
        # The convention of OpenTelemetry: https://opentelemetry.io/docs/specs/otel/context/env-carriers
        trace = os.environ.get("TRACEPARENT")
        with ApiClient(url, connection.credentials(), traceparent=trace) as api:
            try:
                yield Session(api=api, terminal=terminal, options=connection.options)
            except ApiProblem as problem:
                if _NO_RUN in str(problem):
                    problem.add_detail("The newest run of a task is @TASK.")
                raise
