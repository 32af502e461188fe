"""Reads the graph of Tasks with dependencies, newest runs and next fire times."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from polysync_core.application.definitions.suggestions import unknown
from polysync_core.application.dependencies.large_graph_cache import LargeGraphCache
from polysync_core.application.ports import RunReader
from polysync_core.application.schedules.service import ScheduleStatus
from polysync_core.domain.definitions.base import Kind, TypeName
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.name_graph import upstream_first
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.tasks import Mapping as OutputMapping
from polysync_core.domain.definitions.tasks import Take, Task
from polysync_core.domain.dependencies.conditions import Condition
from polysync_core.domain.dependencies.tokens import edge_from
from polysync_core.domain.errors import Invalid, NotFound, Problem
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.stored import RunHead

MAX_NODES = 1_000
"""The largest graph in one answer."""
_FEW = 20
"""Up to this number, Jobs are read one by one; more Jobs are read as a range."""
_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A Task, or a deleted Task as its last run describes it."""

    task: str
    job: str
    platform: str | None
    job_type: TypeName | None
    enabled: bool
    schedules: int
    last_run: RunHead | None
    """The newest run; in the graph of a graph run, the newest run of that graph run."""
    next_fire_time: datetime | None
    run: TaskRun | None = None
    """The whole newest run; only in the graph of a graph run."""
    paused_schedules: int = 0
    disabled_schedules: int = 0
    broken: str | None = None
    """The fault of a stored definition that this version cannot read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyEdge:
    """A dependency between two nodes."""

    upstream: str
    downstream: str
    conditions: tuple[Condition, ...]
    mappings: tuple[OutputMapping, ...]
    when: str | None = None
    """The value condition."""
    take: Take = Take.EACH


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Tasks in topological order, and the dependencies between them."""

    nodes: tuple[Node, ...]
    edges: tuple[DependencyEdge, ...]


class GraphTooLarge(Invalid):
    """A graph has more Tasks than one answer may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskGraphs:
    """Reads the graph of all Tasks, of one Task, or of a graph run."""

    store: DefinitionSource
    runs: RunReader
    schedules: Callable[[Iterable[Task]], Mapping[str, Sequence[ScheduleStatus]]]
    """Returns the states of the schedules of Tasks, by Task."""
    large: LargeGraphCache[Graph]

    def of_tasks(self, task: str | None = None) -> Graph:
        """Return the graph of all Tasks, or of one Task with its ancestors and descendants.

        Raises `NotFound`, and `Invalid` for more than `MAX_NODES`.
        """
        return self.large.get((task, None), lambda: self._read_tasks(task))

    def of_relatives(self, tasks: Sequence[str], *, hops: int | None = None) -> Graph:
        """Return some Tasks with the ancestors and descendants of each.

        `hops` limits the number of dependencies on the way. Unknown Tasks are left out. Raises
        `NotFound` if none is known, and `Invalid` for more than `MAX_NODES`.
        """
        known = [task for name in tasks if (task := self._task(name)) is not None]
        if not known and tasks:
            raise unknown(Reference(Kind.TASK, tasks[0]), self.store)
        found: dict[str, Task] = {}
        for start in known:
            for following in (self._upstreams, self._dependents):
                found |= self._reachable([start], following, hops)
        return self._graph(_bounded(found), self.runs.heads(found), {})

    def of_names(self, tasks: Sequence[str]) -> Graph:
        """Return these Tasks with the dependencies between them; raises as `of_tasks`."""
        found = {name: task for name in tasks if (task := self._task(name)) is not None}
        return self._graph(_bounded(found), self.runs.heads(found), {})

    def of_graph_run(self, graph_run_id: RunId, task: str | None = None) -> Graph:
        """Return the graph of a graph run; its nodes show only the runs of that graph run.

        The graph has the Tasks with a run in the graph run and the descendants of its root. With
        `task`, it has that Task with its ancestors and descendants. Raises as `of_tasks`.
        """
        return self.large.get(
            (task, graph_run_id), lambda: self._read_graph_run(graph_run_id, task)
        )

    def _read_tasks(self, task: str | None) -> Graph:
        tasks = self._all() if task is None else self._with_relatives(task)
        return self._graph(tasks, self.runs.heads(tasks), {})

    def _read_graph_run(self, graph_run_id: RunId, task: str | None) -> Graph:
        found = self._runs_of(graph_run_id)
        if not found:
            raise NotFound("There is no graph run of this id: name the first run of a graph run.")
        if task is not None:
            tasks = self._with_relatives(task)
            return self._graph_of(tasks, {name: found[name] for name in tasks if name in found})
        roots = [name for name, run in found.items() if run.run_id == graph_run_id]
        known = {name: known for name in found if (known := self._task(name)) is not None}
        downstream = self._reachable(
            [known[name] for name in roots if name in known], self._dependents
        )
        return self._graph_of({**known, **downstream}, found)

    def _all(self) -> dict[str, Task]:
        stored = islice(self.store.all(Kind.TASK), MAX_NODES + 1)
        tasks = [each.definition for each in stored]
        return _bounded({each.name: each for each in tasks if isinstance(each, Task)})

    def _with_relatives(self, name: str) -> dict[str, Task]:
        task = self._task(name)
        if task is None:
            raise unknown(Reference(Kind.TASK, name), self.store)
        return _bounded(
            self._reachable([task], self._upstreams) | self._reachable([task], self._dependents)
        )

    def _reachable(
        self,
        start: Iterable[Task],
        following: Callable[[Task], Iterable[Task]],
        hops: int | None = None,
    ) -> dict[str, Task]:
        """Return the start and the Tasks that at most `hops` steps lead to."""
        reached = {task.name: task for task in start}
        last = list(reached.values())
        while last and hops != 0:
            hops = None if hops is None else hops - 1
            found = {each.name: each for task in last for each in following(task)}
            last = [task for name, task in found.items() if name not in reached]
            reached |= {task.name: task for task in last}
            _bounded(reached)
        return reached

    def _upstreams(self, task: Task) -> Iterator[Task]:
        parents = (self._task(dependency.task) for dependency in task.dependencies)
        return (parent for parent in parents if parent is not None)

    def _dependents(self, task: Task) -> Iterator[Task]:
        referrers = self.store.referrers(Reference(Kind.TASK, task.name))
        found = (stored.definition for stored in referrers)
        return (each for each in found if isinstance(each, Task))

    def _task(self, name: str) -> Task | None:
        stored = self.store.get(Kind.TASK, name)
        found = stored and stored.definition
        return found if isinstance(found, Task) else None

    def _job(self, name: str) -> Job | None:
        stored = self.store.get(Kind.JOB, name)
        found = stored and stored.definition
        return found if isinstance(found, Job) else None

    def _jobs(self, names: Collection[str]) -> dict[str, Job]:
        if len(names) > _FEW:
            stored = (each.definition for each in self.store.all(Kind.JOB))
            return {each.name: each for each in stored if isinstance(each, Job)}
        found = ((name, self._job(name)) for name in names)
        return {name: job for name, job in found if job is not None}

    def _runs_of(self, graph_run_id: RunId) -> dict[str, TaskRun]:
        """Return the newest run of each Task in a graph run."""
        newest: dict[str, TaskRun] = {}
        token: str | None = None
        while True:
            listing = Listing(graph_run_id=graph_run_id, limit=_PAGE, continuation_token=token)
            page = self.runs.page(listing)
            for run in page.items:
                if run.task is not None:
                    newest.setdefault(run.task, run)
            if len(newest) > MAX_NODES or (token := page.continuation_token) is None:
                return _bounded(newest)

    def _graph_of(self, tasks: Mapping[str, Task], runs: Mapping[str, TaskRun]) -> Graph:
        heads = {name: RunHead.of(run) for name, run in runs.items()}
        return self._graph(tasks, heads, runs)

    def _graph(
        self,
        tasks: Mapping[str, Task],
        heads: Mapping[str, RunHead],
        runs: Mapping[str, TaskRun],
    ) -> Graph:
        jobs = self._jobs({each.job for each in tasks.values()})
        schedules = self.schedules(tasks.values())
        nodes = {
            name: replace(
                _node(task, jobs.get(task.job), schedules.get(name, ())),
                last_run=heads.get(name),
                run=runs.get(name),
            )
            for name, task in tasks.items()
        }
        nodes |= {
            name: _node_of_deleted_task(name, run)
            for name, run in runs.items()
            if name not in tasks
        }
        edges = sorted(_edges(tasks), key=lambda edge: (edge.downstream, edge.upstream))
        upstream: dict[str, list[str]] = {name: [] for name in sorted(nodes)}
        for edge in edges:
            upstream[edge.downstream].append(edge.upstream)
        ordered = [nodes[name] for name in upstream_first(upstream)]
        return Graph(nodes=tuple(ordered), edges=tuple(edges))


def _node(task: Task, job: Job | None, schedules: Sequence[ScheduleStatus]) -> Node:
    times = [each.next_fire_time for each in schedules if each.next_fire_time is not None]
    return Node(
        task=task.name,
        job=task.job,
        platform=job and job.platform,
        job_type=job and job.job_type,
        enabled=task.enabled,
        schedules=len(task.schedules),
        last_run=None,
        next_fire_time=min(times, default=None),
        paused_schedules=sum(
            each.paused is not None and each.schedule.enabled for each in schedules
        ),
        disabled_schedules=sum(not each.schedule.enabled for each in schedules),
        broken=task.row.broken,
    )


def _edges(tasks: Mapping[str, Task]) -> Iterator[DependencyEdge]:
    """Yield the dependencies between these Tasks; one upstream of a Task is one edge."""
    for task in tasks.values():
        for upstream in dict.fromkeys(each.task for each in task.dependencies):
            if upstream in tasks:
                yield _edge(task, upstream)


def _edge(task: Task, upstream: str) -> DependencyEdge:
    """Return the dependencies of a Task on one upstream as an edge."""
    edge = edge_from(upstream, task)
    dependencies = [each for each in task.dependencies if each.task == upstream]
    return DependencyEdge(
        upstream=upstream,
        downstream=task.name,
        conditions=edge.conditions,
        mappings=tuple(each for one in dependencies for each in one.mappings),
        when=edge.when,
        take=edge.take,
    )


def _node_of_deleted_task(task: str, run: TaskRun) -> Node:
    """Return the node of a deleted Task, from its last run."""
    return Node(
        task=task,
        job=run.job.name,
        platform=run.job.platform,
        job_type=run.job.job_type,
        enabled=False,
        schedules=0,
        last_run=RunHead.of(run),
        next_fire_time=None,
        run=run,
    )


def _bounded[T](found: dict[str, T]) -> dict[str, T]:
    if len(found) > MAX_NODES:
        message = f"the graph has more than {MAX_NODES} tasks: name a task with a smaller graph"
        raise GraphTooLarge([Problem("task", message)])
    return found
