"""Formats the usage of commands without braces and flag types: `TASK`, `[TASK]`, `--json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from collections.abc import Iterable


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


def _without_flag_types(parameters: Iterable[Any]) -> list[Any]:
    found = list(parameters)
    for parameter in found:
        if getattr(parameter, "is_flag", False):
            parameter.metavar = ""
    return found
