"""Checks a Task against the Job, platform, contention profiles and upstream Tasks."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import replace

from polysync_core.domain.arrivals.event_variables import EVERY_FACT
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.contention import ConcurrencyProfile
from polysync_core.domain.definitions.jobs import DataType, Direction, Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.tasks import Dependency, Take, Task
from polysync_core.domain.definitions.validation.unread import ALL_READ, UnreadFields
from polysync_core.domain.dependencies.expressions import output_names
from polysync_core.domain.dependencies.windows import scheduled_tasks, window_problem
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.parameters import convert, unknown_parameters

type Find = Callable[[Kind, str], Definition | None]
type OutputsProblem = Callable[[Job], str | None]


def task_problems(
    task: Task, find: Find, outputs_problem: OutputsProblem, unread_fields: UnreadFields = ALL_READ
) -> Iterator[Problem]:
    """Yield the contradictions between a Task and the definitions that it refers to."""
    job = None if unread_fields.includes("job") else find(Kind.JOB, task.job)
    if not isinstance(job, Job):
        return
    yield from _value_problems(job, task.parameters, "parameters")
    for index, schedule in enumerate(task.schedules):
        yield from _value_problems(job, schedule.parameters, f"schedules[{index}].parameters")
    for index, arrival in enumerate(task.arrivals):
        path = f"arrivals[{index}].parameters"
        yield from _value_problems(job, arrival.parameters, path, EVERY_FACT)
    for index, dependency in enumerate(task.dependencies):
        path = f"dependencies[{index}]"
        parent = _job_of(dependency.task, find)
        yield from _input_problems(job, dependency, path)
        if parent is not None:
            yield from _output_problems(parent, dependency, path, outputs_problem)
    yield from _window_problems(task, find)
    if not unread_fields.overlaps("parameters") and not unread_fields.overlaps("dependencies"):
        yield from _missing_values(task, job)
    yield from _weight_problems(task, job, find)


def _value_problems(
    job: Job, values: Mapping[str, JsonValue], path: str, facts: Container[str] | None = None
) -> Iterator[Problem]:
    yield from unknown_parameters(job, values, path=path)
    for name, value in values.items():
        parameter = job.parameter(name)
        if parameter is None:
            continue
        try:
            convert(value, parameter.data_type, path=f"{path}.{name}", facts=facts)
        except Invalid as error:
            yield from error.problems


def _input_problems(job: Job, dependency: Dependency, path: str) -> Iterator[Problem]:
    for index, mapping in enumerate(dependency.mappings):
        inner = f"{path}.mappings[{index}].input"
        for problem in unknown_parameters(job, {mapping.input: None}, path=""):
            yield replace(problem, path=inner)
        parameter = job.parameter(mapping.input)
        if parameter is not None and parameter.data_type is DataType.SECRET:
            yield Problem(
                inner, "is a Secret, which no output can supply: give a vault:// reference instead"
            )


def _output_problems(
    parent: Job, dependency: Dependency, path: str, outputs_problem: OutputsProblem
) -> Iterator[Problem]:
    """Yield the outputs that can never have a value from the upstream Task's Job."""
    used = [
        (f"{path}.mappings[{n}].output", each.output) for n, each in enumerate(dependency.mappings)
    ]
    if dependency.when is not None:
        used += [(f"{path}.when", name) for name in sorted(output_names(dependency.when))]
    reason = outputs_problem(parent) if used else None
    for inner, output in used:
        parameter = parent.parameter(output)
        if reason is not None:
            yield Problem(inner, f"can never have a value from task '{dependency.task}': {reason}")
        elif parameter is not None and parameter.is_secret:
            yield Problem(
                inner,
                f"is sensitive in job '{parent.name}' and is never stored: "
                "pass the secret through a vault",
            )


def _missing_values(task: Task, job: Job) -> Iterator[Problem]:
    mapped = {mapping.input for dependency in task.dependencies for mapping in dependency.mappings}
    by_start = mapped | _given_by_arrivals(task)
    for parameter in job.parameters:
        given = task.parameters.get(parameter.name) is not None or parameter.name in by_start
        if (
            parameter.required
            and parameter.direction is not Direction.OUTPUT
            and parameter.default is None
            and not given
        ):
            path = f"parameters.{parameter.name}"
            yield Problem(
                path, f"is required by job '{job.name}' and has no value: give a value or a mapping"
            )


def _given_by_arrivals(task: Task) -> set[str]:
    """Return the inputs that every arrival supplies, if nothing else starts the Task by itself."""
    if not task.arrivals or task.schedules:
        return set()
    first, *others = [
        {name for name, value in arrival.parameters.items() if value is not None}
        for arrival in task.arrivals
    ]
    return first.intersection(*others)


def _window_problems(task: Task, find: Find) -> Iterator[Problem]:
    """Yield the windows without fire times, and those with too many."""

    def upstream_of(name: str) -> Task | None:
        found = find(Kind.TASK, name)
        return found if isinstance(found, Task) else None

    for index, dependency in enumerate(task.dependencies):
        upstream = upstream_of(dependency.task)
        if dependency.take is not Take.WINDOW or upstream is None:
            continue
        sources = scheduled_tasks(upstream, upstream_of)
        if (reason := window_problem(task, upstream, sources)) is not None:
            yield Problem(f"dependencies[{index}].take", reason)


def _weight_problems(task: Task, job: Job, find: Find) -> Iterator[Problem]:
    platform = find(Kind.PLATFORM, job.platform)
    linked = platform.contention_profiles if isinstance(platform, Platform) else ()
    for name in {*task.contention_profiles, *linked}:
        profile = find(Kind.CONTENTION_PROFILE, name)
        if not isinstance(profile, ConcurrencyProfile):
            continue
        cap = profile.settings.max_concurrent_tasks
        if task.weight > cap:
            yield Problem(
                "weight", f"must be at most {cap}, the number of slots of profile '{name}'"
            )


def _job_of(task_name: str, find: Find) -> Job | None:
    task = find(Kind.TASK, task_name)
    job = find(Kind.JOB, task.job) if isinstance(task, Task) else None
    return job if isinstance(job, Job) else None
