"""Starts executions of Container Apps jobs, with values in their environment variables.

Azure has no idempotency key for a start, but the list of executions shows their environment
variables. One of them holds the token of the attempt, which identifies the execution.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import StringConstraints

from polysync_core.domain.definitions.jobs import Job, JobType, SubmitSettings
from polysync_core.domain.errors import Invalid, PlatformRefused, Problem, Uncertain
from polysync_core.domain.json_types import JsonObject, JsonValue, dicts_in, object_in
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.azure.environment_variables import (
    chosen_container,
    parameter_problems,
    variables_schema,
    with_variables,
)
from polysync_core.platforms.azure_container_apps.client import JobClient
from polysync_core.platforms.azure_container_apps.states import (
    EXECUTION_NAME,
    failed_containers,
    report_of,
)
from polysync_core.platforms.connector import (
    Artefact,
    ArtefactSchema,
    ExternalRun,
    Report,
    RunNotFound,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.times import moment_in
from polysync_core.platforms.values import as_texts

TOKEN_VARIABLE = "POLYSYNC_ATTEMPT"  # noqa: S105 - the name of a variable
"""The environment variable with the token of the attempt."""
LIST_LAG = timedelta(minutes=4)
"""The maximum delay until a new execution appears in the list."""
_NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?")
_NEVER = datetime.min.replace(tzinfo=UTC)
_VOLUMES = (
    "the job mounts volumes, and the API of a start knows no volumes: check that its executions"
    " have them"
)
_OF_EXECUTION = ("image", "name", "command", "args", "env")
"""The properties of a container that a start accepts, besides its resources."""


class ContainerAppsSettings(SubmitSettings):
    """`settings` of a Job of the type ContainerAppsJob."""

    container_name: Annotated[
        str, StringConstraints(pattern=r"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)?$")
    ] = ""
    """The container that receives the parameters; empty for the first."""


def check_job(job: Job) -> list[Problem]:
    """Return the problems of a Job."""
    problem = _name_problem(job.external_id)
    return [
        *([Problem("externalId", problem)] if problem else []),
        *parameter_problems(job),
        *settings_problems(ContainerAppsSettings, job.settings),
    ]


@dataclass(frozen=True, slots=True)
class ContainerAppsJobConnector:
    """Runs the jobs of one resource group; implements `JobConnector`."""

    client: JobClient

    def submit(self, request: SubmitRequest) -> Submitted:
        """Start an execution, unless an earlier submit of this attempt did."""
        problems = check_job(request.job)
        if problems:
            raise Invalid(problems)
        name = request.job.external_id
        execution = self._started_before(request) if request.is_resend else None
        if execution is None:
            template = execution_template(self.client.job(name), request)
            execution = self.client.start(name, template) or self._named(request)
        return Submitted(external_run_id=execution, monitor_url=self.client.page(name))

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of an execution."""
        execution = self.client.execution(job.external_id, _checked(external_run_id))
        return report_of(execution, self.client.page(job.external_id))

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the failed containers with their exit codes."""
        execution = self.client.execution(job.external_id, _checked(external_run_id))
        return failed_containers(execution)

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Request the stop of an execution; an ended one is not an error."""
        # Azure may accept the stop of an ended execution and change its state.
        if self.read(job, external_run_id).status.is_final:
            return
        refusal: PlatformRefused | None = None
        try:
            self.client.stop(job.external_id, external_run_id)
        except PlatformRefused as error:
            refusal = error
        if refusal is not None and not self.read(job, external_run_id).status.is_final:
            raise refusal

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return the environment variables of the first container."""
        problem = _name_problem(external_id)
        if problem is not None:
            raise Invalid.at("externalId", problem)
        return schema_of(self.client.job(external_id))

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the executions that Azure keeps, by any caller."""
        page = self.client.page(job.external_id)
        # Azure keeps some hundred executions of a job, in no promised order.
        for found in sorted(self.client.executions(job.external_id), key=_began, reverse=True):
            name = found.get("name")
            if isinstance(name, str):
                yield ExternalRun(external_run_id=name, report=report_of(found, page))

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the jobs of the resource group, with any trigger."""
        wanted = (search or "").casefold()
        for found in self.client.jobs():
            name = found.get("name")
            if isinstance(name, str) and wanted in name.casefold():
                yield Artefact(
                    external_id=name,
                    job_type=JobType.CONTAINER_APPS_JOB,
                    name=name,
                    schema=schema_of(found),
                    problem=_name_problem(name),
                )

    def _started_before(self, request: SubmitRequest) -> str | None:
        """Return the execution of an earlier submit; None if there certainly is none."""
        found = self._find(request)
        if found is None and self.client.now() < request.begun_at + LIST_LAG:
            raise Uncertain("The job may have been started; its execution may not be listed yet.")
        return found

    def _named(self, request: SubmitRequest) -> str:
        """Return the name of an execution that Azure accepted without telling its name."""
        found = self._find(request)
        if found is None:
            raise Uncertain("Azure accepted the start; the execution is not in the list yet.")
        return found

    def _find(self, request: SubmitRequest) -> str | None:
        for found in self.client.executions(request.job.external_id):
            name, template = (
                found.get("name"),
                object_in(object_in(found, "properties"), "template"),
            )
            if _has_token(template, request.token) and isinstance(name, str):
                return _checked(name)
        return None


def execution_template(job: JsonObject, request: SubmitRequest) -> JsonObject:
    """Return the containers of a job with the values of a request.

    The containers of a start replace those of the job, so all of them are sent.
    """
    template = object_in(object_in(job, "properties"), "template")
    containers = dicts_in(template, "containers")
    name = str(request.job.settings.get("containerName") or "")
    index = chosen_container(containers, name, owner=f"the job '{request.job.external_id}'")
    values = as_texts(request.parameters, request.job.parameters)
    values[TOKEN_VARIABLE] = request.token
    chosen = containers[index]
    containers[index] = {**chosen, "env": with_variables(dicts_in(chosen, "env"), values)}
    body: JsonObject = {"containers": [_of_execution(each) for each in containers]}
    first = dicts_in(template, "initContainers")
    if first:
        body["initContainers"] = [_of_execution(each) for each in first]
    return body


def schema_of(job: JsonObject) -> ArtefactSchema:
    """Return the environment variables of the first container of a job."""
    template = object_in(object_in(job, "properties"), "template")
    containers = dicts_in(template, "containers")
    schema = variables_schema(dicts_in(containers[0], "env") if containers else [])
    if not any(dicts_in(each, "volumeMounts") for each in containers):
        return schema
    return replace(schema, notes=(*schema.notes, _VOLUMES), complete=schema.is_complete)


def _of_execution(container: JsonObject) -> JsonValue:
    kept: JsonObject = {name: container[name] for name in _OF_EXECUTION if container.get(name)}
    resources = object_in(container, "resources")
    # Azure computes the ephemeral storage, and refuses it in a request.
    size = {name: value for name, value in resources.items() if name != "ephemeralStorage"}
    return {**kept, "resources": size} if size else kept


def _has_token(template: JsonObject, token: str) -> bool:
    return any(
        entry.get("name") == TOKEN_VARIABLE and entry.get("value") == token
        for container in dicts_in(template, "containers")
        for entry in dicts_in(container, "env")
    )


def _began(execution: JsonObject) -> datetime:
    return moment_in(object_in(execution, "properties"), "startTime") or _NEVER


def _name_problem(external_id: str) -> str | None:
    if _NAME.fullmatch(external_id) is None:
        return (
            "must be the name of a job in the resource group, such as load-sales: up to 32 small"
            " letters, digits and '-'"
        )
    return None


def _checked(external_run_id: str) -> str:
    if EXECUTION_NAME.fullmatch(external_run_id) is None:
        raise RunNotFound("Azure Container Apps has no execution with such a name")
    return external_run_id
