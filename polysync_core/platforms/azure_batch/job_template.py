"""Builds the Batch job of one run, with its tasks, from a template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject, JsonValue, dicts_in, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.azure.environment_variables import variables_schema, with_variables
from polysync_core.platforms.azure_batch.client import BatchClient
from polysync_core.platforms.connector import ArtefactSchema, SubmitRequest

SCHEDULES = "jobschedules"
"""The prefix of the external id of a job schedule, and the path of its kind."""
MAX_TASKS = 1000
"""The maximum number of tasks that a run copies."""
SOURCE = "polysync.source"
"""The metadata with the template of a copy."""
ATTEMPT = "polysync.attempt"
"""The metadata with the token of the attempt."""

_MAX_DISPLAY_NAME = 1024
_OF_JOB = (
    *("allowTaskPreemption", "commonEnvironmentSettings", "constraints", "jobManagerTask"),
    *("jobPreparationTask", "jobReleaseTask", "maxParallelTasks", "metadata"),
    *("networkConfiguration", "onTaskFailure", "poolInfo", "priority", "usesTaskDependencies"),
)
_OF_TASK = (
    *("affinityInfo", "applicationPackageReferences", "authenticationTokenSettings", "commandLine"),
    *("constraints", "containerSettings", "dependsOn", "displayName", "environmentSettings"),
    *("exitConditions", "id", "multiInstanceSettings", "outputFiles", "requiredSlots"),
    *("resourceFiles", "userIdentity"),
)


@dataclass(frozen=True, slots=True)
class JobTemplate:
    """The properties of a job, and its tasks."""

    job: JsonObject
    tasks: list[JsonObject]

    @classmethod
    def read(cls, client: BatchClient, external_id: str) -> JobTemplate:
        """Return the template that an external id names; raise `PlatformRefused`."""
        kind, _, name = external_id.rpartition("/")
        if kind == SCHEDULES:
            schedule = client.source(SCHEDULES, name)
            return cls(object_in(schedule, "jobSpecification"), [])
        job = client.source("jobs", name)
        # A job manager adds the tasks itself.
        tasks = [] if job.get("jobManagerTask") else list(_bounded(client, name))
        return cls(job, tasks)

    def copy(self, request: SubmitRequest, name: str, values: Mapping[str, str]) -> JsonObject:
        """Return the job of an attempt; it does not end before its tasks are added."""
        kept: JsonObject = {key: self.job[key] for key in _OF_JOB if self.job.get(key) is not None}
        others = dicts_in(kept, "metadata")
        metadata: list[JsonValue] = [
            *(each for each in others if each.get("name") not in {SOURCE, ATTEMPT}),
            {"name": SOURCE, "value": request.job.external_id},
            {"name": ATTEMPT, "value": request.token},
        ]
        manager = object_in(kept, "jobManagerTask")
        if manager:
            kept["jobManagerTask"] = _with_values(manager, values)
        common = dicts_in(kept, "commonEnvironmentSettings")
        known = {str(each.get("name")) for each in common}
        shared = {key: value for key, value in values.items() if key in known}
        if common:
            kept["commonEnvironmentSettings"] = with_variables(common, shared)
        return {
            **_limited(kept, request),
            "id": name,
            "displayName": request.run_name[:_MAX_DISPLAY_NAME],
            "metadata": metadata,
            "onAllTasksComplete": "noaction",
        }

    def task_copies(self, request: SubmitRequest, values: Mapping[str, str]) -> list[JsonObject]:
        """Return the tasks of an attempt."""
        copies: list[JsonObject] = []
        for task in self.tasks:
            kept: JsonObject = {key: task[key] for key in _OF_TASK if task.get(key) is not None}
            copies.append(_limited(_with_values(kept, values), request))
        return copies

    def check_work(self, external_id: str) -> None:
        """Raise `PlatformRefused` for a template without a task."""
        if not self.tasks and not self.job.get("jobManagerTask"):
            raise PlatformRefused(
                f"'{external_id}' has no task, so a copy would do nothing: add a task to the job,"
                " or a job manager task to the job schedule",
                cause=FailureCause.SUBMIT,
            )

    def schema(self) -> ArtefactSchema:
        """Return the environment variables of the job and of its tasks as parameters."""
        found: dict[str, JsonObject] = {}
        for entry in self._variables():
            name = str(entry.get("name"))
            known = found.setdefault(name, entry)
            if known.get("value") != entry.get("value"):
                # The tasks differ, so there is no default.
                found[name] = {"name": entry.get("name")}
        return variables_schema(list(found.values()))

    def _variables(self) -> Iterator[JsonObject]:
        yield from dicts_in(self.job, "commonEnvironmentSettings")
        yield from dicts_in(object_in(self.job, "jobManagerTask"), "environmentSettings")
        for task in self.tasks:
            yield from dicts_in(task, "environmentSettings")


def metadata_of(job: JsonObject, name: str) -> JsonValue:
    """Return the metadata of a job with a name; None if it has none."""
    for each in dicts_in(job, "metadata"):
        if each.get("name") == name:
            return each.get("value")
    return None


def _with_values(task: JsonObject, values: Mapping[str, str]) -> JsonObject:
    settings = with_variables(dicts_in(task, "environmentSettings"), values)
    return {**task, "environmentSettings": settings} if settings else task


def _limited(part: JsonObject, request: SubmitRequest) -> JsonObject:
    """Return a job or task without retries if the attempt is the only try."""
    if not request.is_only_try:
        return part
    return {**part, "constraints": {**object_in(part, "constraints"), "maxTaskRetryCount": 0}}


def _bounded(client: BatchClient, job: str) -> Iterator[JsonObject]:
    for count, task in enumerate(client.tasks(job)):
        if count == MAX_TASKS:
            raise PlatformRefused(
                f"'{job}' has more than {MAX_TASKS} tasks, which is too many for a template: let a"
                " job manager task create them",
                cause=FailureCause.SUBMIT,
            )
        yield task
