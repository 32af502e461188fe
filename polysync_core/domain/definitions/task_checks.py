"""Rules about a Task and what it is linked to: its Job, Platform, profiles and upstream Tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.contention import ConcurrencyProfile
from polysync_core.domain.definitions.jobs import (
    HAVE_OUTPUTS_BY_SETTING,
    OUTPUTS_FROM_EXIT_VALUE,
    DataType,
    Direction,
    Job,
    has_outputs,
)
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.tasks import Dependency, Task
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.parameters import convert, unknown

type Find = Callable[[Kind, str], Definition | None]


def task_problems(task: Task, find: Find) -> Iterator[Problem]:
    """Yield what is wrong between a Task and what it is linked to."""
    job = find(Kind.JOB, task.job)
    if not isinstance(job, Job):
        return
    yield from _value_problems(job, task.parameters, "parameters")
    for place, schedule in enumerate(task.schedules):
        yield from _value_problems(job, schedule.parameters, f"schedules[{place}].parameters")
    for place, dependency in enumerate(task.dependencies):
        yield from _mapping_problems(job, dependency, f"dependencies[{place}]", find)
    yield from _missing_values(task, job)
    yield from _weight_problems(task, job, find)


def _value_problems(job: Job, values: Mapping[str, JsonValue], path: str) -> Iterator[Problem]:
    yield from unknown(job, values, path=path)
    for name, value in values.items():
        parameter = job.parameter(name)
        if parameter is None:
            continue
        try:
            convert(value, parameter.data_type, path=f"{path}.{name}")
        except Invalid as error:
            yield from error.problems


def _mapping_problems(job: Job, dependency: Dependency, path: str, find: Find) -> Iterator[Problem]:
    for place, mapping in enumerate(dependency.mappings):
        inner = f"{path}.mappings[{place}]"
        for problem in unknown(job, {mapping.input: None}, path=""):
            yield Problem(f"{inner}.input", problem.message)
        parameter = job.parameter(mapping.input)
        if parameter is not None and parameter.data_type is DataType.SECRET:
            yield Problem(f"{inner}.input", "is a Secret, which an output cannot give")
        parent = _job_of(dependency.task, find)
        if parent is not None:
            for message in _source_problems(parent, dependency.task, mapping.output):
                yield Problem(f"{inner}.output", message)


def _source_problems(parent: Job, task: str, output: str) -> Iterator[str]:
    """Yield why a mapping can never take this output of an upstream Task's Job."""
    parameter = parent.parameter(output)
    if not has_outputs(parent):
        yield f"task '{task}' runs a {parent.job_type}, which has no outputs" + _way_to_outputs(
            parent
        )
    elif parameter is not None and parameter.is_secret:
        yield (
            f"is sensitive in job '{parent.name}': its value is kept nowhere, so nothing can "
            "take it; pass a secret by way of a vault"
        )


def _way_to_outputs(job: Job) -> str:
    if job.job_type not in HAVE_OUTPUTS_BY_SETTING:
        return ""
    return f": set settings.{OUTPUTS_FROM_EXIT_VALUE} of job '{job.name}' to true to have some"


def _missing_values(task: Task, job: Job) -> Iterator[Problem]:
    mapped = {mapping.input for dependency in task.dependencies for mapping in dependency.mappings}
    for parameter in job.parameters:
        given = task.parameters.get(parameter.name) is not None or parameter.name in mapped
        if (
            parameter.required
            and parameter.direction is not Direction.OUTPUT
            and parameter.default is None
            and not given
        ):
            path = f"parameters.{parameter.name}"
            yield Problem(path, f"is required by job '{job.name}' and has no value")


def _weight_problems(task: Task, job: Job, find: Find) -> Iterator[Problem]:
    platform = find(Kind.PLATFORM, job.platform)
    linked = platform.contention_profiles if isinstance(platform, Platform) else ()
    for name in {*task.contention_profiles, *linked}:
        profile = find(Kind.CONTENTION_PROFILE, name)
        if not isinstance(profile, ConcurrencyProfile):
            continue
        cap = profile.settings.max_concurrent_tasks
        if task.weight > cap:
            yield Problem("weight", f"could never start: profile '{name}' has {cap} slots in all")


def _job_of(task_name: str, find: Find) -> Job | None:
    task = find(Kind.TASK, task_name)
    job = find(Kind.JOB, task.job) if isinstance(task, Task) else None
    return job if isinstance(job, Job) else None
