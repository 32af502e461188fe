"""Determines which Polysync app a command calls, from options, environment variables or context."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polysync_core.cli.completion.completers import add_completions
from polysync_core.cli.options import DEFAULT_URL

if TYPE_CHECKING:
    from collections.abc import Generator

    from polysync.credentials import Credentials
    from polysync_core.domain.json_types import JsonValue

ContextName = Annotated[
    str | None,
    typer.Option("--context", metavar="NAME", help="A context instead of the current one."),
]
PossibleUrl = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="POLYSYNC_URL",
        help=f"Address of the API; by default that of the context, or {DEFAULT_URL}.",
    ),
]

_URL, _CONTEXT = "POLYSYNC_URL", "POLYSYNC_CONTEXT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The app of a command, and the values that its context holds."""

    url: str
    options: tuple[str, ...] = ()
    """The options that chose the app; empty if a variable or the current context did."""
    context: str | None = None
    needs_token: bool = False
    """True if a request first gets a token of Entra."""
    target: str | None = None
    variables: Mapping[str, JsonValue] = field(default_factory=dict[str, "JsonValue"])

    def credentials(self) -> Credentials:
        """Return the credentials of the context, or those of the environment."""
        from polysync_core.cli.environments.sign_in import credentials_of, environment_credentials

        if self.context is None:
            return environment_credentials()
        from polysync_core.cli.environments.store import load_contexts

        return credentials_of(load_contexts().find(self.context))


_current: ContextVar[Connection | None] = ContextVar("connection", default=None)


def connection_to(url: str) -> Connection:
    """Return the connection of the running command."""
    chosen = _current.get()
    return chosen if chosen is not None and chosen.url == url else Connection(url=url)


def choose_connection(url: str | None, context: str | None) -> Connection:
    """Return the app that a command means.

    The order is: `--url`, `--context`, POLYSYNC_URL, POLYSYNC_CONTEXT, the current context, and
    the local host. The credentials of a context are sent to the address of this context only.

    Raises:
        BadParameter: both options are given.
        CommandFailed: there is no such context.
    """
    from_environment = os.environ.get(_URL)
    is_option = url is not None and url != from_environment
    if context is not None and is_option:
        raise typer.BadParameter("cannot be combined with --url", param_hint="--context")
    if context is None and url is not None:
        return Connection(url=url, options=("--url", url) if is_option else ())
    from polysync_core.cli.environments.store import load_contexts

    contexts = load_contexts()
    name = context or os.environ.get(_CONTEXT) or contexts.current
    if name is None:
        return Connection(url=DEFAULT_URL)
    found = contexts.find(name)
    return Connection(
        url=found.url,
        options=() if context is None else ("--context", context),
        context=name,
        needs_token=found.sign_in.is_entra,
        target=found.target,
        variables=found.variables,
    )


def with_context[**P, R](command: Callable[P, R]) -> Callable[..., R]:
    """Add the option `--context` to a command that has `--url`."""
    signature = inspect.signature(command, eval_str=True)
    add_completions(signature)
    if "url" not in signature.parameters:
        return command

    @wraps(command)
    def chosen(*args: Any, context: str | None = None, url: str | None, **options: Any) -> R:
        from polysync_core.cli.session import printed_errors

        with printed_errors():
            connection = choose_connection(url, context)
        with _used(connection):
            return command(*args, url=connection.url, **options)  # type: ignore[arg-type]

    parameters = [
        each.replace(default=None, annotation=PossibleUrl) if name == "url" else each
        for name, each in signature.parameters.items()
    ]
    option = inspect.Parameter(
        "context", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=ContextName
    )
    changed: Any = chosen
    changed.__signature__ = signature.replace(parameters=[*parameters, option])
    added = {"url": PossibleUrl, "context": ContextName}
    changed.__annotations__ = {**command.__annotations__, **added}
    return changed


@contextmanager
def _used(connection: Connection) -> Generator[None]:
    token = _current.set(connection)
    try:
        yield
    finally:
        _current.reset(token)
