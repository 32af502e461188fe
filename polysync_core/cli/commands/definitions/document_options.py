"""Defines the CLI options shared by the commands that read files of definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from polysync_core.cli.parameters import parameter_values

if TYPE_CHECKING:
    from polysync_core.cli.files.bundles import BundleChoice

Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="FILE...", help="Files, folders or patterns; - for stdin."),
]
MoreFiles = Annotated[
    list[str] | None,
    typer.Option("--file", "-f", metavar="FILE", help="Same as the argument FILE."),
]
TargetName = Annotated[
    str | None, typer.Option("--target", "-t", help="Target of the bundle, such as prod.")
]
VariableFiles = Annotated[
    list[str] | None,
    typer.Option("--var-file", metavar="FILE", help="File with values of variables."),
]
VariableValues = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="Value of a variable; name:=json for JSON."),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Also list unchanged definitions.")]
Prune = Annotated[
    bool, typer.Option("--prune", help="Also delete what the bundle owns and FILE leaves out.")
]


def chosen_bundle(
    url: str | None,
    target: str | None,
    variable_files: list[str] | None,
    variables: list[str] | None,
) -> BundleChoice:
    """Return the target and the values of the options and of the context.

    Raises:
        BadParameter: a value of `--var` is malformed.
    """
    from polysync_core.cli.environments.connection import Connection, connection_to
    from polysync_core.cli.files.bundles import BundleChoice

    connection = Connection(url="") if url is None else connection_to(url)
    return BundleChoice(
        target=target,
        files=tuple(variable_files or ()),
        values=parameter_values(variables, option="--var"),
        context_target=connection.target,
        context_values=connection.variables,
    )
