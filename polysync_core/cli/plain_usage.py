"""Formats the usage line of CLI commands without braces and flag types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from collections.abc import Iterable

_UsageError: Any = typer.BadParameter.__base__
"""The class of all errors of usage, which Typer does not export."""
_MAY_NAME = frozenset({"run", "runs", "graph", "import"})
"""The commands whose argument may be the name of an object or a word of another tool."""


class PlainCommand(TyperCommand):
    """A command whose usage has no braces, and whose flags have no type."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the parts of the usage line; `{TASK}` would look like a choice."""
        braces = str.maketrans("", "", "{}")
        return [piece.translate(braces) for piece in super().collect_usage_pieces(ctx)]

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters; a flag takes no value, so it has no `<bool>`."""
        return _without_flag_types(super().get_params(ctx))


class PlainGroup(TyperGroup):
    """A group whose flags have no type."""

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters of the group."""
        return _without_flag_types(super().get_params(ctx))

    def invoke(self, ctx: Any) -> Any:
        """Run a command; the error of a wrong command names the right one."""
        if ctx.parent is not None:
            return super().invoke(ctx)
        words = [*ctx._protected_args, *ctx.args]
        try:
            if words[:1] == ["plan"] and "-out" in words:
                # The option of Terraform; here it would be -o with the value `ut`.
                ctx.fail("No such option: -out")
            return super().invoke(ctx)
        except _UsageError as error:
            # Typer repeats the words of its validation library.
            error.message = error.message.replace("Value error, ", "")
            correction = self._correction(words)
            if correction is None:
                raise
            typer.echo(f"Error: {error.format_message()}\n{correction}", err=True)
            raise typer.Exit(error.exit_code) from error
        except typer.Exit as ended:
            # A task may have the name `list`: only its absence shows that a list is meant.
            if ended.exit_code == 1 and words[0] in _MAY_NAME and (text := self._correction(words)):
                typer.echo(text, err=True)
            raise

    def _correction(self, words: list[str]) -> str | None:
        """Return the right command for one of another tool, or why Polysync lacks it."""
        from polysync_core.cli.corrections.right_command import refusal, right_command

        if reason := refusal(words):
            return reason
        meant = right_command(words, self.commands)
        return None if meant is None else f"Did you mean:  {meant}"


def _without_flag_types(parameters: Iterable[Any]) -> list[Any]:
    found = list(parameters)
    for parameter in found:
        if getattr(parameter, "is_flag", False):
            parameter.metavar = ""
    return found
