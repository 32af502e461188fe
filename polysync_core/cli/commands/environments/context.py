"""Implements `polysync context`, which manages the named Polysync apps that commands call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from polysync_core.cli.environments.context import SignIn
from polysync_core.cli.options import AsJson
from polysync_core.cli.plain_usage import PlainCommand, PlainGroup
from polysync_core.cli.session import printed_errors

if TYPE_CHECKING:
    from polysync_core.domain.json_types import JsonObject

context = typer.Typer(cls=PlainGroup, no_args_is_help=True)

ContextName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the context.")]
Address = Annotated[str, typer.Option("--url", help="Address of the API.")]
Method = Annotated[SignIn, typer.Option("--sign-in", case_sensitive=False, help="Way to sign in.")]
AppId = Annotated[
    str | None,
    typer.Option("--app-id", metavar="ID", help="For Entra: client id of the app registration."),
]
TenantId = Annotated[
    str | None, typer.Option("--tenant", metavar="ID", help="For Entra: the tenant.")
]
KeyVariable = Annotated[
    str | None,
    typer.Option("--key-variable", help="For AccessKey: the environment variable of the key."),
]
KeyCommand = Annotated[
    str | None, typer.Option("--key-command", help="For AccessKey: a command that prints the key.")
]
Variables = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="Value of a variable; name:=json for JSON."),
]
Target = Annotated[
    str | None, typer.Option("--target", help="The target of bundles that the context uses.")
]
Use = Annotated[bool, typer.Option("--use", help="Make it the current context.")]
Replace = Annotated[bool, typer.Option("--replace", help="Replace a context of this name.")]


def add(  # noqa: PLR0913 - one parameter per option
    name: ContextName,
    url: Address,
    sign_in: Method = SignIn.ENVIRONMENT,
    app_id: AppId = None,
    tenant: TenantId = None,
    key_variable: KeyVariable = None,
    key_command: KeyCommand = None,
    variables: Variables = None,
    target: Target = None,
    use: Use = False,
    replace: Replace = False,
) -> None:
    """Add a context: the address of an app, its sign-in and its variables."""
    from polysync_core.cli.environments.checks import check_context
    from polysync_core.cli.environments.context import Context
    from polysync_core.cli.environments.store import load_contexts, save_contexts
    from polysync_core.cli.parameters import parameter_values

    with printed_errors() as terminal:
        added = check_context(
            Context(
                name=name,
                url=url,
                sign_in=sign_in,
                app_id=app_id,
                tenant_id=tenant,
                key_variable=key_variable,
                key_command=key_command,
                target=target,
                variables=parameter_values(variables, option="--var"),
            )
        )
        contexts = load_contexts()
        if name in contexts.by_name and not replace:
            raise typer.BadParameter("exists already: use --replace", param_hint="NAME")
        changed = contexts.with_context(added, use=use)
        save_contexts(changed)
        terminal.line(f"Context {name} is added{' and used' if changed.current == name else ''}.")
        if added.sign_in.has_login:
            terminal.note(f"To sign in: polysync login {name}")


def use(name: ContextName) -> None:
    """Make a context the current one."""
    from polysync_core.cli.environments.store import load_contexts, save_contexts

    with printed_errors() as terminal:
        contexts = load_contexts().using(name)
        save_contexts(contexts)
        terminal.line(f"Commands now use {contexts.find(name).url} (context {name}).")


def list_contexts(as_json: AsJson = False) -> None:
    """List the contexts; a star marks the current one."""
    from polysync_core.cli.environments.store import load_contexts

    with printed_errors(as_json=as_json) as terminal:
        contexts = load_contexts()
        if as_json:
            entries: JsonObject = {each.name: each.as_json() for each in contexts.sorted}
            terminal.json({"current": contexts.current, "contexts": entries})
        elif not contexts.by_name:
            terminal.note("No contexts. To add one: polysync context add NAME --url URL")
        else:
            from polysync_core.cli.views.environments.contexts import contexts_view

            terminal.show(contexts_view(contexts.sorted, contexts.current))


def remove(name: ContextName) -> None:
    """Remove a context, and forget the account that is signed in to it."""
    from polysync_core.cli.environments.sign_in import log_out
    from polysync_core.cli.environments.store import load_contexts, save_contexts

    with printed_errors() as terminal:
        save_contexts(load_contexts().without(name))
        log_out(name)
        terminal.line(f"Context {name} is removed.")


context.command("add", cls=PlainCommand)(add)
context.command("use", cls=PlainCommand)(use)
context.command("list", cls=PlainCommand)(list_contexts)
context.command("remove", cls=PlainCommand)(remove)
