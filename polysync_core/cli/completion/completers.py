"""Attaches shell completion of object names to the parameters of CLI commands."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_args

import typer
from typer.models import ParameterInfo

from polysync_core.cli.nouns import NOUNS, kind_words

type _Completion = Callable[[typer.Context, str], list[str]]


def add_completions(signature: inspect.Signature) -> None:
    """Give each parameter that names an object the completion of its kind."""
    for parameter in signature.parameters.values():
        base, *metadata = get_args(parameter.annotation) or (None,)
        for info in metadata:
            if isinstance(info, ParameterInfo) and base is not bool:
                info.autocompletion = info.autocompletion or _completion_of(info)


def _completion_of(info: Any) -> _Completion | None:
    """Return the completion for the option names or the placeholder of a parameter."""
    names = [each for each in (info.default, *(info.param_decls or ())) if isinstance(each, str)]
    for name in (*names, info.metavar):
        if name in _COMPLETERS:
            return _COMPLETERS[name]
    return None


def _of_kind(kind: str) -> _Completion:
    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        from polysync_core.cli.completion.names import complete_names

        return complete_names(kind, incomplete, ctx.params)

    return complete


def _kinds(ctx: typer.Context, incomplete: str) -> list[str]:
    del ctx
    return [word for word in kind_words() if word.startswith(incomplete.lower())]


def _names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of an object whose kind stands before it."""
    from polysync_core.cli.completion.names import complete_names

    spelling = str(ctx.params.get("kind") or "").lower().replace("-", "")
    found = [noun.path for noun in NOUNS if spelling in noun.spellings]
    return complete_names(found[0], incomplete, ctx.params) if found else []


def _contexts(ctx: typer.Context, incomplete: str) -> list[str]:
    del ctx
    from polysync_core.cli.completion.names import complete_contexts

    return complete_contexts(incomplete)


_COMPLETERS: Mapping[str, _Completion] = {
    "TASK": _of_kind("tasks"),
    "--task": _of_kind("tasks"),
    "JOB": _of_kind("jobs"),
    "--job": _of_kind("jobs"),
    "PLATFORM": _of_kind("platforms"),
    "--platform": _of_kind("platforms"),
    "PROFILE": _of_kind("contention-profiles"),
    "WEBHOOK": _of_kind("webhooks"),
    "BACKFILL": _of_kind("backfills"),
    "--backfill": _of_kind("backfills"),
    "RUN": _of_kind("task-runs"),
    "--graph-run": _of_kind("task-runs"),
    "[KIND] NAME": _of_kind("tasks"),
    "KIND": _kinds,
    "NAME": _names,
    "--context": _contexts,
    "[CONTEXT]": _contexts,
}
"""The function that completes an option, or an argument by its placeholder."""
