"""Summarises large Task graphs by connected parts and tags, instead of a drawing.

An outline reads all Tasks as a range, and their newest runs as ranges. It is kept for some
seconds, so that many readers share one read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from polysync_core.application.ports import RunReader
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.task_links import TaskLinks
from polysync_core.domain.runs.status import RunStatus
from polysync_core.domain.timed_cache import TimedCache
from polysync_core.picture.layers import components

MAX_TASKS = 20_000
"""The maximum number of Tasks that an outline covers."""

type Statuses = Mapping[RunStatus | None, int]
"""The number of Tasks by the status of their newest run; None means no run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphPart:
    """A connected part of the graph of all Tasks."""

    roots: Sequence[str]
    """The Tasks without upstream Tasks, by name."""
    tasks: Sequence[str]
    statuses: Statuses


@dataclass(frozen=True, slots=True, kw_only=True)
class TagGroup:
    """The Tasks that share a value of a tag."""

    name: str
    value: str
    tasks: Sequence[str]
    statuses: Statuses


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The parts of the graph of all Tasks, the largest first, and its tags."""

    total: int
    is_complete: bool
    """False if there are more than `MAX_TASKS` Tasks."""
    parts: Sequence[GraphPart]
    """The parts of two Tasks or more."""
    single: int
    """The number of Tasks without any dependency."""
    groups: Sequence[TagGroup]
    edges: Sequence[tuple[str, str]]

    def tagged(self, tag: str) -> list[str]:
        """Return the Tasks with a tag, by its name or as `name=value`."""
        name, has_value, value = tag.partition("=")
        found = {
            task: None
            for group in self.groups
            if group.name == name and (not has_value or group.value == value)
            for task in group.tasks
        }
        return list(found)


class GraphOutlines:
    """Reads outlines; it is safe for threads."""

    def __init__(
        self, store: DefinitionSource, runs: RunReader, *, monotonic: Callable[[], float]
    ) -> None:
        self._store = store
        self._runs = runs
        self._cache = TimedCache[None, Outline](self._read, monotonic=monotonic)

    def has_more_than(self, number: int) -> bool:
        """Return whether there are more Tasks, at the cost of their keys."""
        return len(self._store.names(Kind.TASK, limit=number + 1)) > number

    def outline(self) -> Outline:
        """Return the outline of all Tasks; edits and runs are visible after some seconds."""
        return self._cache.get(None)

    def _read(self, _: None) -> Outline:
        stored = islice(self._store.task_links(), MAX_TASKS + 1)
        tasks = {each.name: each for each in stored}
        is_complete = len(tasks) <= MAX_TASKS
        edges = [
            (upstream, task.name)
            for task in tasks.values()
            for upstream in task.upstreams
            if upstream in tasks
        ]
        statuses = {name: head.status for name, head in self._runs.heads(tasks).items()}
        parts = components(list(tasks), edges)
        has_upstream = {downstream for _, downstream in edges}
        return Outline(
            total=len(tasks),
            is_complete=is_complete,
            parts=[
                GraphPart(
                    roots=[name for name in part if name not in has_upstream],
                    tasks=part,
                    statuses=_counted(part, statuses),
                )
                for part in parts
                if len(part) > 1
            ],
            single=sum(len(part) == 1 for part in parts),
            groups=_groups(tasks.values(), statuses),
            edges=edges,
        )


def _groups(tasks: Iterable[TaskLinks], statuses: Mapping[str, RunStatus]) -> list[TagGroup]:
    groups: dict[tuple[str, str], list[str]] = {}
    for task in tasks:
        for tag in task.tags.items():
            groups.setdefault(tag, []).append(task.name)
    return [
        TagGroup(name=name, value=value, tasks=names, statuses=_counted(names, statuses))
        for (name, value), names in sorted(groups.items())
    ]


def _counted(tasks: Iterable[str], statuses: Mapping[str, RunStatus]) -> Statuses:
    return Counter(statuses.get(task) for task in tasks)
