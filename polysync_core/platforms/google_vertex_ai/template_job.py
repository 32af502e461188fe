"""Submits, polls and cancels copies of Vertex AI template jobs, for three job types.

A pipeline job has an id that its creator chooses, so a repeated creation finds the first one. The
other jobs get their ids from Vertex AI. Their label holds the token of the attempt, and a resend
looks for it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.errors import Invalid, PlatformRefused, Problem, Uncertain
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.calls import AnswerTooLarge
from polysync_core.platforms.connector import (
    Artefact,
    ArtefactSchema,
    ExternalRun,
    ProviderStatus,
    Report,
    RunNotFound,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.google.answers import LIST_LAG
from polysync_core.platforms.google.attributes import PROJECT, REGION
from polysync_core.platforms.google_vertex_ai.client import VertexClient, id_of
from polysync_core.platforms.google_vertex_ai.states import report_of
from polysync_core.platforms.text import shortened_line

TEMPLATE_LABEL = "polysync_template"
"""The label of a copy, which distinguishes copies from templates."""
ATTEMPT_LABEL = "polysync_attempt"

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_LOCATION = re.compile(rf"projects/(?P<project>{PROJECT})/locations/(?P<region>{REGION})")
_LONGEST_NAME = 128
_LONGEST_LABEL = 63
_OF_PIPELINES = "vertex-ai-pipelines-"
"""The beginning of labels that the service gives to a pipeline's run and to the jobs of tasks."""
_CONFLICT = 409
# These fields describe the run of the template. The service would ignore most of them.
_RUN_FIELDS = frozenset(
    {
        "completionStats",
        "createTime",
        "endTime",
        "error",
        "jobDetail",
        "modelVersionId",
        "name",
        "outputInfo",
        "partialFailures",
        "resourcesConsumed",
        "satisfiesPzi",
        "satisfiesPzs",
        "scheduleName",
        "startTime",
        "state",
        "templateMetadata",
        "updateTime",
        "webAccessUris",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateJobType:
    """The differences between the three kinds of jobs."""

    job_type: JobType
    collection: str
    """The service's name of the list of jobs."""
    section: str
    """The part of a page's address in Google's console."""
    settings: type[BaseModel]
    states: Mapping[str, ProviderStatus]
    fill: Callable[[JsonObject, SubmitRequest], JsonObject]
    """Returns a copy with the settings and the values of a request."""
    describe: Callable[[JsonObject], ArtefactSchema]
    failure_details: Callable[[JsonObject], FailureDetails]
    outputs: Callable[[JsonObject, Job], Mapping[str, JsonValue]] = lambda run, job: {}
    parameters: Callable[[Job], list[Problem]] = lambda job: []
    """Returns the problems of a Job's parameters."""
    id_query: str | None = None
    """The query field with the id of a new job; None if the service chooses the id."""

    def check(self, job: Job) -> list[Problem]:
        """Return the problems of a Job."""
        problems = settings_problems(self.settings, job.settings) + self.parameters(job)
        _, _, job_id = self._split(job.external_id)
        if _ID.fullmatch(job_id) is not None and self._is_place(job.external_id):
            return problems
        message = f"must have the form {self.external_id_hint}, or be the id of the job alone"
        return [Problem("externalId", message), *problems]

    @property
    def external_id_hint(self) -> str:
        """The form of the external id."""
        return f"projects/<project>/locations/<region>/{self.collection}/<id>"

    def normal_id(self, external_id: str) -> str:
        """Return the id of a template alone; a project has a name and a number."""
        return external_id.rpartition("/")[2]

    def region_of(self, external_id: str) -> str | None:
        """Return the region in an external id; None if it is the id of a job alone."""
        found = _LOCATION.fullmatch(self._split(external_id)[0])
        return None if found is None else found["region"]

    def _is_place(self, external_id: str) -> bool:
        location, separator, _ = self._split(external_id)
        return not separator or _LOCATION.fullmatch(location) is not None

    def _split(self, external_id: str) -> tuple[str, str, str]:
        return external_id.rpartition(f"/{self.collection}/")


@dataclass(frozen=True, slots=True)
class TemplateJobConnector:
    """Runs copies of the templates of one region; implements `JobConnector`."""

    client: VertexClient
    shape: TemplateJobType
    now: Clock

    def submit(self, request: SubmitRequest) -> Submitted:
        """Start a copy of the template, unless an earlier submit of this attempt did."""
        problems = self.shape.check(request.job)
        if problems:
            raise Invalid(problems)
        earlier = self._earlier_run(request) if request.is_resend else None
        run_id = earlier or self._create(self._copy(request), request)
        return Submitted(external_run_id=run_id, monitor_url=self._page(run_id))

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run, with its outputs if it has succeeded."""
        found: JsonObject | None = None
        problem = ""
        try:
            found = self.client.run(_checked(external_run_id))
        except AnswerTooLarge as error:
            problem = f"The run cannot be read completely: {error}."
        if found is not None:
            return self._report(found, job, external_run_id)
        report = report_of(self.client.state(external_run_id), self._page(external_run_id))
        has_succeeded = report.status is ProviderStatus.SUCCESS
        return replace(report, outputs_missing=problem) if has_succeeded else report

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the errors of a job, or of the failed tasks of a pipeline."""
        return self.shape.failure_details(self.client.run(_checked(external_run_id)))

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
        """Return the parameters of a template."""
        return self.shape.describe(self._template(external_id))

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the copies of the template, which Polysync created."""
        label = label_of(self.shape.normal_id(job.external_id))
        for found in self.client.labelled(TEMPLATE_LABEL, label):
            run_id = id_of(found)
            if run_id is not None:
                yield ExternalRun(external_run_id=run_id, report=self._report(found, job, run_id))

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the jobs of this kind that are not copies; they can be templates."""
        wanted = (search or "").casefold()
        for found in self.client.templates():
            artefact = self._artefact(found)
            if artefact is not None and wanted in artefact.name.casefold():
                yield artefact

    def _copy(self, request: SubmitRequest) -> JsonObject:
        template = self._template(request.job.external_id)
        labels: JsonObject = {
            name: value
            for name, value in object_in(template, "labels").items()
            if not name.startswith(_OF_PIPELINES)
        }
        labels[TEMPLATE_LABEL] = label_of(self.shape.normal_id(request.job.external_id))
        labels[ATTEMPT_LABEL] = label_of(request.token)
        kept = {name: value for name, value in template.items() if name not in _RUN_FIELDS}
        name = shortened_line(request.run_name, limit=_LONGEST_NAME) or _run_name(request.token)
        copy: JsonObject = {**kept, "displayName": name, "labels": labels}
        return self.shape.fill(copy, request)

    def _template(self, external_id: str) -> JsonObject:
        region, own = self.shape.region_of(external_id), self.client.attributes.region
        if region not in {None, own}:
            raise Invalid.at(
                "externalId", f"is a job in the region {region}, but the platform is in {own}"
            )
        job_id = self.shape.normal_id(external_id)
        if _ID.fullmatch(job_id) is None:
            raise Invalid.at("externalId", f"must have the form {self.shape.external_id_hint}")
        return self.client.template(job_id)

    def _create(self, copy: JsonObject, request: SubmitRequest) -> str:
        if self.shape.id_query is None:
            return self.client.create(copy, {})
        name = _run_name(request.token)
        refusal: PlatformRefused | None = None
        try:
            return self.client.create(copy, {self.shape.id_query: name})
        except PlatformRefused as error:
            refusal = error
        if refusal.status != _CONFLICT or not self._exists(name):
            raise refusal
        return name

    def _earlier_run(self, request: SubmitRequest) -> str | None:
        """Return the run of an earlier submit; None means that the job must be created."""
        if self.shape.id_query is not None:
            name = _run_name(request.token)
            return name if self._exists(name) else None
        found = self.client.labelled(ATTEMPT_LABEL, label_of(request.token))
        run_id = next((each for job in found if (each := id_of(job)) is not None), None)
        if run_id is None and self.now() < request.begun_at + LIST_LAG:
            raise Uncertain("The job may have been created; it may not be in the list yet.")
        return run_id

    def _exists(self, name: str) -> bool:
        """Return whether the attempt's job exists; only Polysync uses its id."""
        try:
            self.client.run(name)
        except RunNotFound:
            return False
        return True

    def _report(self, found: JsonObject, job: Job, run_id: str) -> Report:
        report = report_of(found, self._page(run_id))
        if report.status is not ProviderStatus.SUCCESS:
            return report
        return replace(report, outputs=self.shape.outputs(found, job))

    def _page(self, run_id: str) -> str:
        return self.client.attributes.page(self.shape.section, run_id)

    def _artefact(self, found: JsonObject) -> Artefact | None:
        labels, job_id = object_in(found, "labels"), id_of(found)
        if job_id is None or TEMPLATE_LABEL in labels:
            return None
        location = "/".join(self.client.attributes.location)
        is_task = self.shape.id_query is None and any(
            name.startswith(_OF_PIPELINES) for name in labels
        )
        return Artefact(
            external_id=f"{location}/{self.shape.collection}/{job_id}",
            job_type=self.shape.job_type,
            name=shortened_line(found.get("displayName")) or job_id,
            problem="a pipeline created the job for a task: run the pipeline" if is_task else None,
            is_skipped=is_task,
        )


def label_of(text: str) -> str:
    """Return the value of a label for a text; a long or unusual text has a digest."""
    if len(text) <= _LONGEST_LABEL and re.fullmatch(r"[a-z0-9_-]+", text):
        return text
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _run_name(token: str) -> str:
    return f"polysync-{token}"


def _checked(external_run_id: str) -> str:
    if _ID.fullmatch(external_run_id) is None:
        raise RunNotFound("Vertex AI has no job with such an id")
    return external_run_id
