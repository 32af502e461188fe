"""Defines the lines of the graph picture: dependencies with states and passed values."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from polysync_core.application.dependencies.graph_view import DependencyEdge
from polysync_core.console.graph.boxes import Box
from polysync_core.domain.definitions.tasks import Take
from polysync_core.domain.dependencies.conditions import DEFAULT_CONDITIONS, Condition, outcomes_of
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.status import RunStatus

_CONDITION_WORDS: Mapping[Condition, str] = {
    Condition.ON_SUCCESS: "succeeded",
    Condition.ON_FAILURE: "failed",
    Condition.ON_COMPLETION: "ended",
    Condition.ON_SKIPPED: "was skipped",
    Condition.ALWAYS: "ended or was skipped",
}
"""The outcome that each condition requires, after the word "if"."""
_MAX_LABELS = 2
_MAX_VALUE = 16

type Values = Mapping[tuple[str, str], JsonValue]
"""The outputs of upstream runs, by Task and output."""


class LineState(StrEnum):
    """The state of a dependency, which is also its class in the style sheet."""

    OPEN = "open"
    DONE = "done"
    LIVE = "live"
    ERROR = "error"
    NEVER = "never"
    DRAFT = "draft"
    CYCLE = "cycle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A text on a line."""

    text: str
    full: str
    is_value: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A dependency as a line of the picture."""

    upstream: str
    downstream: str
    state: LineState = LineState.OPEN
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The dependencies of a Task as a form holds them, saved or not."""

    task: str
    edges: Sequence[DependencyEdge]


def lines_of(
    edges: Iterable[DependencyEdge], boxes: Mapping[str, Box], values: Values, draft: Draft | None
) -> dict[tuple[str, str], Line]:
    """Return the lines by their ends.

    With a draft, its edges replace the stored ones of its Task. New edges are marked, and so are
    all edges of a cycle.
    """
    stored = list(edges)
    shown = stored if draft is None else [*_without(stored, draft.task), *draft.edges]
    lines = {
        (edge.upstream, edge.downstream): Line(
            upstream=edge.upstream,
            downstream=edge.downstream,
            state=line_state(edge, boxes),
            labels=_labels(edge, values),
        )
        for edge in shown
    }
    return lines if draft is None else _with_draft(lines, draft, stored)


def line_state(edge: DependencyEdge, boxes: Mapping[str, Box]) -> LineState:
    """Return the state of a dependency, by the newest runs of its two Tasks."""
    before = _status(boxes.get(edge.upstream))
    after = _status(boxes.get(edge.downstream))
    if after is RunStatus.SKIPPED:
        return LineState.NEVER
    is_over = before is not None and before.is_terminal
    if is_over and after in {RunStatus.RUNNING, RunStatus.QUEUED}:
        return LineState.LIVE
    if before is RunStatus.FAILED and before not in outcomes_of(edge.conditions):
        return LineState.ERROR
    return LineState.DONE if is_over and after is not None else LineState.OPEN


def _status(box: Box | None) -> RunStatus | None:
    return None if box is None else box.status


def _without(edges: Iterable[DependencyEdge], task: str) -> list[DependencyEdge]:
    return [edge for edge in edges if edge.downstream != task]


def _with_draft(
    lines: Mapping[tuple[str, str], Line], draft: Draft, stored: Sequence[DependencyEdge]
) -> dict[tuple[str, str], Line]:
    known = {(edge.upstream, edge.downstream): edge for edge in stored}
    changed = {
        (edge.upstream, draft.task)
        for edge in draft.edges
        if known.get((edge.upstream, draft.task)) != edge
    }
    cyclic = edges_on_a_cycle(lines, draft.task)

    def marked(ends: tuple[str, str], line: Line) -> Line:
        if ends in cyclic:
            return replace(line, state=LineState.CYCLE)
        return replace(line, state=LineState.DRAFT) if ends in changed else line

    return {ends: marked(ends, line) for ends, line in lines.items()}


def edges_on_a_cycle(edges: Collection[tuple[str, str]], task: str) -> set[tuple[str, str]]:
    """Return the edges on the cycles through a Task."""
    after: dict[str, set[str]] = {}
    before: dict[str, set[str]] = {}
    for upstream, downstream in edges:
        after.setdefault(upstream, set()).add(downstream)
        before.setdefault(downstream, set()).add(upstream)
    down, up = _reached(after, task), _reached(before, task)
    if task not in down:
        return set()
    on_cycle = down & up
    return {(one, other) for one, other in edges if one in on_cycle and other in on_cycle}


def _reached(following: Mapping[str, Iterable[str]], task: str) -> set[str]:
    """Return the names that one step or more lead to; the start only if a cycle leads back."""
    reached: set[str] = set()
    pending = list(following.get(task, ()))
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            pending += following.get(name, ())
    return reached


def condition_words(conditions: Iterable[Condition]) -> str:
    """Return the required outcomes, after the word "if" and the upstream."""
    return " or ".join(_CONDITION_WORDS[each] for each in conditions)


def _labels(edge: DependencyEdge, values: Values) -> tuple[Label, ...]:
    labels: list[Label] = []
    if edge.conditions != DEFAULT_CONDITIONS:
        text = f"if it {condition_words(edge.conditions)}"
        labels.append(Label(text=text, full=text))
    if edge.take is Take.NEWEST:
        text = "newest outcome"
        labels.append(Label(text=text, full=f"{text}; it starts no run"))
    if edge.take is Take.WINDOW:
        text = "all since last fire time"
        labels.append(Label(text=text, full="all outcomes since the last fire time of the task"))
    if edge.when is not None:
        labels.append(Label(text=f"if {_cut(edge.when)}", full=f"if {edge.when}"))
    for mapping in edge.mappings:
        key = (edge.upstream, mapping.output)
        value = json.dumps(values[key], ensure_ascii=False) if key in values else None
        text = mapping.output if value is None else f"{mapping.output} = {_cut(value)}"
        full = f"{mapping.output} → {mapping.input}" + ("" if value is None else f": {value}")
        labels.append(Label(text=text, full=full, is_value=value is not None))
    more = len(labels) - _MAX_LABELS
    if more <= 1:
        return tuple(labels)
    rest = "; ".join(label.full for label in labels[_MAX_LABELS:])
    return (*labels[:_MAX_LABELS], Label(text=f"{more} more", full=rest))


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_VALUE else f"{text[: _MAX_VALUE - 1]}…"
