"""Implements `polysync login` and `logout`, which sign a user in and out."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.environments.connection import ContextName, choose_connection
from polysync_core.cli.session import printed_errors

OneContext = Annotated[
    str | None,
    typer.Argument(metavar="[CONTEXT]", help="The context; by default the current one."),
]


def login(name: OneContext = None, context: ContextName = None) -> None:
    """Sign in to the app of a context; later commands renew the token by themselves."""
    from polysync_core.cli.api.client import ApiClient
    from polysync_core.cli.environments.context import SignIn
    from polysync_core.cli.environments.sign_in import credentials_of, log_in
    from polysync_core.cli.environments.store import load_contexts

    with printed_errors() as terminal:
        found = load_contexts().find(_chosen(name, context))
        account = log_in(found, terminal.note) if found.sign_in.has_login else None
        with ApiClient(found.url, credentials_of(found)) as api:
            api.get("tasks", query={"limit": "1"}, has="items")
        who = f" as {account}" if account else ""
        terminal.line(f"Signed in to {found.url}{who} (context {found.name}).")
        if found.sign_in is SignIn.ENVIRONMENT:
            terminal.note("The context takes its token from POLYSYNC_TOKEN or POLYSYNC_KEY.")


def logout(name: OneContext = None, context: ContextName = None) -> None:
    """Forget the account that is signed in to the app of a context."""
    from polysync_core.cli.environments.sign_in import log_out

    with printed_errors() as terminal:
        chosen = _chosen(name, context)
        if log_out(chosen):
            terminal.line(f"Signed out of context {chosen}.")
        else:
            terminal.note(f"No account is signed in to context {chosen}.")


def _chosen(name: str | None, context: str | None) -> str:
    if name is not None and context is not None:
        raise typer.BadParameter("give the context once", param_hint="CONTEXT")
    chosen = choose_connection(None, name or context).context
    if chosen is None:
        raise typer.BadParameter(
            "there is no current context: add one with `polysync context add NAME --url URL`",
            param_hint="CONTEXT",
        )
    return chosen
