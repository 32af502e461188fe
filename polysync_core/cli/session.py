"""What every command needs: the API, the terminal, and failures turned into an exit code."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from polysync_core.cli.errors import CommandFailed
from polysync_core.cli.terminal import Terminal

if TYPE_CHECKING:
    from polysync_core.cli.client import Api


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One command's way to the API and to its user."""

    api: Api
    terminal: Terminal


@contextmanager
def session(url: str, *, as_json: bool) -> Generator[Session]:
    """Open a session; a CommandFailed inside it is shown and ends the program with 1.

    Token and key come from POLYSYNC_TOKEN and POLYSYNC_KEY alone: arguments are visible to every
    user of a machine.
    """
    from polysync_core.cli.client import Api

    terminal = Terminal(as_json=as_json)
    try:
        key, token = os.environ.get("POLYSYNC_KEY"), os.environ.get("POLYSYNC_TOKEN")
        # As other tools hand it on: https://opentelemetry.io/docs/specs/otel/context/env-carriers
        trace = os.environ.get("TRACEPARENT")
        with Api(url, key=key, token=token, traceparent=trace) as api:
            yield Session(api=api, terminal=terminal)
    except CommandFailed as failure:
        terminal.fail(failure)
        raise typer.Exit(1) from failure
