"""Submits, polls and cancels copies of Azure Machine Learning template jobs.

Azure Machine Learning has no idempotency key, but Polysync chooses the name of a job, and names are
unique. After a submit with unknown result, the connector looks up the name. It sends the job again
only if no job has the name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pydantic import BaseModel

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.errors import Invalid, PlatformRefused, Problem
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.azure_ai_foundry.client import FoundryClient
from polysync_core.platforms.azure_ai_foundry.component_parameters import with_component_types
from polysync_core.platforms.azure_ai_foundry.failure_details import failed_jobs
from polysync_core.platforms.azure_ai_foundry.settings import (
    TemplateSetting,
    settings_model,
    with_settings,
)
from polysync_core.platforms.azure_ai_foundry.states import report_of
from polysync_core.platforms.azure_ai_foundry.template_copy import (
    NAME,
    TEMPLATE_TAG,
    copy_template,
    run_name,
    template_of,
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
from polysync_core.platforms.paging import filter_bounded
from polysync_core.platforms.text import shortened_line

_MAY_EXIST = frozenset({400, 409})
"""Statuses that may mean that a job with this name exists."""


@dataclass(frozen=True, kw_only=True)
class TemplateJobType:
    """The differences between the three job types."""

    job_type: JobType
    kind: str
    """The service's name of the job type."""
    settings: Mapping[str, TemplateSetting]
    with_values: Callable[[JsonObject, SubmitRequest], JsonObject]
    """Returns a template's properties with the values of a request."""
    describe: Callable[[JsonObject], ArtefactSchema]
    """Returns the schema of a template."""

    @cached_property
    def settings_model(self) -> type[BaseModel]:
        """The model of the settings."""
        return settings_model(f"{self.job_type}Settings", self.settings)

    def check(self, job: Job) -> list[Problem]:
        """Return the problems of a Job."""
        problem = _name_problem(job.external_id)
        problems = [Problem("externalId", problem)] if problem else []
        return problems + settings_problems(self.settings_model, job.settings)


@dataclass(frozen=True, slots=True)
class TemplateJobConnector:
    """Runs copies of the templates of one workspace; implements `JobConnector`."""

    client: FoundryClient
    shape: TemplateJobType

    def submit(self, request: SubmitRequest) -> Submitted:
        """Start a copy of the template, unless an earlier submit of this attempt did."""
        problems = self.shape.check(request.job)
        if problems:
            raise Invalid(problems)
        name = run_name(request.token)
        if not (request.is_resend and self._exists(name)):
            self._create(name, self._properties(request))
        page = self.client.attributes.run_page(name)
        return Submitted(external_run_id=name, monitor_url=page)

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run."""
        answer = self.client.run(_checked(external_run_id))
        return self._report(answer, job, external_run_id)

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the error of a job and of its failed child jobs."""
        return failed_jobs(self.client.run(_checked(external_run_id)))

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Request the cancellation of a run; an ended run is not an error."""
        refusal: PlatformRefused | None = None
        try:
            self.client.cancel(_checked(external_run_id))
        except PlatformRefused as error:
            refusal = error
        if refusal is not None and not self.read(job, external_run_id).status.is_final:
            raise refusal

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return the literal inputs and the outputs of a template."""
        problem = _name_problem(external_id)
        if problem is not None:
            raise Invalid.at("externalId", problem)
        template = self._template(external_id)
        schema = self.shape.describe(template)
        return with_component_types(schema, template, self.client.component)

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the copies of the template, which Polysync created."""
        copies = self.client.jobs(self.shape.kind, tag=TEMPLATE_TAG)
        for found in filter_bounded(copies, lambda copy: template_of(copy) == job.external_id):
            name = found.get("name")
            if isinstance(name, str):
                yield ExternalRun(external_run_id=name, report=self._report(found, job, name))

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the jobs of this kind that are not copies; they can be templates."""
        wanted = (search or "").casefold()
        for found in self.client.jobs(self.shape.kind):
            artefact = self._artefact(found)
            if artefact is not None and wanted in artefact.name.casefold():
                yield artefact

    def _properties(self, request: SubmitRequest) -> JsonObject:
        name = request.job.external_id
        copy = copy_template(self._template(name), name, request.run_name)
        attributes = self.client.attributes
        copy = with_settings(copy, request.job, self.shape.settings, attributes)
        return self.shape.with_values(copy, request)

    def _template(self, name: str) -> JsonObject:
        template = self.client.template(name)
        kind = template.get("jobType")
        if kind != self.shape.kind:
            message = (
                f"the template has the kind {shortened_line(kind)}, but {self.shape.job_type} runs"
                f" a {self.shape.kind} job: import the platform's jobs again"
            )
            raise PlatformRefused(message, cause=FailureCause.SUBMIT)
        return template

    def _create(self, name: str, properties: JsonObject) -> None:
        refusal: PlatformRefused | None = None
        try:
            self.client.create(name, properties)
        except PlatformRefused as error:
            refusal = error
        if refusal is None:
            return
        if refusal.status not in _MAY_EXIST or not self._exists(name):
            raise refusal

    def _exists(self, name: str) -> bool:
        """Return whether the attempt's job exists; only Polysync uses its name."""
        try:
            self.client.run(name)
        except RunNotFound:
            return False
        return True

    def _report(self, answer: JsonObject, job: Job, name: str) -> Report:
        return report_of(answer, job, self.client.attributes.run_page(name))

    def _artefact(self, found: JsonObject) -> Artefact | None:
        properties, name = object_in(found, "properties"), found.get("name")
        is_template = template_of(found) is None and properties.get("jobType") == self.shape.kind
        if not is_template or not isinstance(name, str):
            return None
        return Artefact(
            external_id=name,
            job_type=self.shape.job_type,
            name=shortened_line(properties.get("displayName")) or name,
            description=shortened_line(properties.get("description")),
            problem=_name_problem(name),
        )


def _name_problem(external_id: str) -> str | None:
    if NAME.fullmatch(external_id) is None:
        return (
            "must be the name of a job in the workspace, such as mighty_tooth_4n7q1k:"
            " letters, digits, '_' and '-'"
        )
    return None


def _checked(external_run_id: str) -> str:
    if NAME.fullmatch(external_run_id) is None:
        raise RunNotFound("Azure AI Foundry has no job with such a name")
    return external_run_id
