"""Implements `polysync version` and `polysync help`."""

from __future__ import annotations

from importlib.metadata import version as installed_version
from typing import Annotated, Any

import typer

from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

OnlyClient = Annotated[
    bool, typer.Option("--client", help="Only this program; the API is not asked.")
]
Words = Annotated[
    list[str] | None, typer.Argument(metavar="COMMAND", help="The command to explain.")
]


def version(client: OnlyClient = False, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show the version of this program and of the API."""
    own = installed_version("polysync")
    with open_session(url, as_json=as_json) as session:
        served: str | None = None
        reason = ""
        if not client:
            try:
                served = _served(session.api.get("openapi.json", has="info"))
            except CommandFailed as failure:
                reason = str(failure)
        if as_json:
            session.terminal.json({"client": own, "api": served})
            return
        session.terminal.line(f"polysync {own}")
        if served is not None:
            session.terminal.line(f"API {served} at {session.api.url}")
        elif reason:
            session.terminal.note(reason)


def _served(document: dict[str, Any]) -> str:
    return str(document["info"].get("version", "unknown"))


def show_help(context: typer.Context, words: Words = None) -> None:
    """Show the help of a command, or the list of all commands."""
    found = context.find_root()
    command: Any = found.command
    for word in words or []:
        inner = command.get_command(found, word) if hasattr(command, "get_command") else None
        if inner is None:
            raise typer.BadParameter(f"there is no command '{word}'", param_hint="COMMAND")
        found = inner.make_context(word, [], parent=found, resilient_parsing=True)
        command = inner
    typer.echo(command.get_help(found))
