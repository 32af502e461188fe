"""Formats a plan of definition changes as Markdown for pull requests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from polysync_core.cli.api.plan import PlanAnswer
from polysync_core.cli.terminal import printable

_SIGNS = {"create": "+", "update": "!", "delete": "-"}
"""The first character of a line, which a block of the language `diff` colours."""
_FENCE = re.compile(r"`{3,}")
_MIN_FENCE = 3


def plan_markdown(plan: PlanAnswer, warnings: Sequence[str], *, title: str) -> str:
    """Return a heading, the changed definitions as a diff, and the warnings."""
    lines = [*_changes(plan)]
    parts = [f"### {title}: {plan.summary() or 'nothing'}", ""]
    if lines:
        longest = max((len(run) for line in lines for run in _FENCE.findall(line)), default=0)
        fence = "`" * max(_MIN_FENCE, longest + 1)
        parts += [f"{fence}diff", *lines, fence, ""]
    else:
        parts += ["No definition changes.", ""]
    if warnings:
        parts += ["**Warnings**", "", *(f"- {_escaped(each)}" for each in warnings), ""]
    return "\n".join(parts)


def _changes(plan: PlanAnswer) -> Iterator[str]:
    for entry in plan.entries:
        if entry.action not in _SIGNS:
            continue
        yield _line(_SIGNS[entry.action], f"{entry.kind} {entry.name}")
        for change in entry.changes:
            yield _line(_SIGNS[change.action], f"    {change.text}")


def _line(sign: str, text: str) -> str:
    return f"{sign} {' '.join(printable(text).splitlines())}"


def _escaped(text: str) -> str:
    """Return text in which Markdown finds no markup."""
    flat = " ".join(printable(text).splitlines())
    return re.sub(r"([\\`*_\[\]<>#|@])", r"\\\1", flat)
