"""Launches jobs from classic and Flex templates, and polls and stops these jobs.

The name of a job holds the token of the attempt. Dataflow refuses a second active job of a name,
and lists ended jobs by their names, so a resend finds the job of a lost launch.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.errors import Invalid, PlatformRefused, Problem, Uncertain
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetail, FailureDetails
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.calls import AnswerTooLarge, Call
from polysync_core.platforms.connector import (
    ArtefactNotFound,
    ArtefactSchema,
    ExternalRun,
    ProviderStatus,
    Report,
    RunNotFound,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.google.answers import LIST_LAG
from polysync_core.platforms.google_dataflow.client import DataflowClient
from polysync_core.platforms.google_dataflow.outputs import declared_outputs, outputs_in
from polysync_core.platforms.google_dataflow.parameters import PAST_JOB, describe_template
from polysync_core.platforms.google_dataflow.refusals import refused_for_launch
from polysync_core.platforms.google_dataflow.settings import (
    TEMPLATE,
    StopBy,
    TemplateSettings,
    template_path,
)
from polysync_core.platforms.google_dataflow.states import can_be_drained, report_of
from polysync_core.platforms.paging import filter_bounded
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.values import as_texts

_JOB_ID = re.compile(r"[0-9]{4}-[0-9A-Za-z_-]{1,120}")
_CONFLICT = 409
_NO_REASON = "The job failed without a reason: open its page and check its logs."
"""The message of a failed job without readable error messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateKind:
    """The differences between classic and Flex templates."""

    job_type: JobType
    collection: str
    """The API's name of the templates."""
    settings: type[TemplateSettings]
    template_query: str | None
    """The query field with the template's path; None if the body has it."""
    body: Callable[[str, JsonObject], JsonObject]
    """Returns the body from the path of the template and the parameters of the launch."""

    def check(self, job: Job) -> list[Problem]:
        """Return the problems of a Job."""
        problems = settings_problems(self.settings, job.settings)
        if TEMPLATE.fullmatch(job.external_id) is not None:
            return problems
        if _JOB_ID.fullmatch(job.external_id) is None:
            message = "must be the template's path, such as gs://bucket/templates/load, or a job id"
            return [Problem("externalId", message), *problems]
        if template_path(job) is None:
            message = "is needed, because the external id is that of a past job"
            problems.append(Problem("settings.templatePath", message))
        return problems


@dataclass(frozen=True, slots=True)
class TemplateConnector:
    """Launches the templates of one kind in one region."""

    client: DataflowClient
    kind: TemplateKind
    now: Clock

    def submit(self, request: SubmitRequest) -> Submitted:
        """Launch the template, unless an earlier submit of this attempt did."""
        problems = self.kind.check(request.job)
        if problems:
            raise Invalid(problems)
        name = f"{_prefix(request.job)}{request.token}"
        earlier = self._earlier_run(name, request) if request.is_resend else None
        run_id = earlier or self._launch(name, request)
        return Submitted(external_run_id=run_id, monitor_url=self._page(run_id))

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run, with its outputs if it has succeeded."""
        report = self._report(self.client.job(_checked(external_run_id)), job, external_run_id)
        match report.status:
            case ProviderStatus.FAILED:
                return replace(report, message=self._reason(external_run_id))
            case ProviderStatus.SUCCESS if names := declared_outputs(job):
                return self._with_outputs(report, external_run_id, names)
            case _:
                return report

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the error messages of a job, the newest first."""
        texts = self.client.errors(_checked(external_run_id))
        return FailureDetails(parts=tuple(FailureDetail(error=each) for each in reversed(texts)))

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Cancel or drain a job; an ended job is not an error."""
        run_id, state = _checked(external_run_id), "JOB_STATE_CANCELLED"
        if self.kind.settings.of(job).stop_by is StopBy.DRAIN:
            found = self.client.job(run_id)
            if found.get("currentState") == "JOB_STATE_DRAINING":
                return
            if can_be_drained(found):
                state = "JOB_STATE_DRAINED"
        refusal: PlatformRefused | None = None
        try:
            self.client.stop(run_id, state)
        except PlatformRefused as error:
            refusal = error
        if refusal is None:
            return
        if not self._report(self.client.job(run_id), job, run_id).status.is_final:
            raise refusal

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return the parameters of a template; those of a past job are unknown."""
        if TEMPLATE.fullmatch(external_id) is not None:
            return describe_template(self.client.template(external_id))
        missing: ArtefactNotFound | None = None
        try:
            self.client.job(_checked(external_id))
        except RunNotFound as error:
            missing = ArtefactNotFound(str(error), cause=FailureCause.SUBMIT)
        if missing is not None:
            raise missing
        return ArtefactSchema(parameters=(), notes=(PAST_JOB,))

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the jobs that Polysync launched from the template."""
        prefix = _prefix(job)
        for found in filter_bounded(
            self.client.jobs(), lambda each: str(each.get("name")).startswith(prefix)
        ):
            run_id = found.get("id")
            if isinstance(run_id, str):
                report = self._report(found, job, run_id)
                yield ExternalRun(external_run_id=run_id, report=report)

    def _launch(self, name: str, request: SubmitRequest) -> str:
        refusal: PlatformRefused | None = None
        try:
            return self.client.launch(self._call(name, request))
        except PlatformRefused as error:
            refusal = error
        if refusal.status != _CONFLICT:
            raise refusal
        found = self._find(name)
        if found is None:
            raise Uncertain("A job of this attempt exists, but it is not in the list yet.")
        return found

    def _call(self, name: str, request: SubmitRequest) -> Call:
        path = template_path(request.job) or ""
        values = as_texts(request.parameters, request.job.parameters)
        parameters: JsonObject = {
            "jobName": name,
            "parameters": {**values},
            "environment": self.kind.settings.of(request.job).environment(),
        }
        query = {} if self.kind.template_query is None else {self.kind.template_query: path}
        return Call(
            method="POST",
            segments=(*self.client.attributes.path, self.kind.collection),
            ending=":launch",
            query=query,
            body=self.kind.body(path, parameters),
            refused=refused_for_launch(values),
        )

    def _earlier_run(self, name: str, request: SubmitRequest) -> str | None:
        """Return the job of an earlier submit; None means that the template must be launched."""
        found = self._find(name)
        if found is None and self.now() < request.begun_at + LIST_LAG:
            raise Uncertain("The template may have been launched; its job may not be listed yet.")
        return found

    def _find(self, name: str) -> str | None:
        found = (each.get("id") for each in self.client.jobs(name) if each.get("name") == name)
        return next((each for each in found if isinstance(each, str)), None)

    def _report(self, found: JsonObject, job: Job, run_id: str) -> Report:
        return report_of(found, self.kind.settings.of(job), self._page(run_id))

    def _reason(self, run_id: str) -> str:
        """Return the newest error message, or a sentence that says that none can be read."""
        try:
            texts = self.client.errors(run_id)
        except PlatformRefused as error:
            if error.cause is FailureCause.SECRET:
                raise
            return f"{_NO_REASON} Its messages cannot be read: {error}"
        return shortened_line(texts[-1]) or _NO_REASON if texts else _NO_REASON

    def _with_outputs(self, report: Report, run_id: str, names: frozenset[str]) -> Report:
        try:
            options = self.client.pipeline_options(run_id)
        except AnswerTooLarge as error:
            return replace(report, outputs_missing=f"The options cannot be read: {error}.")
        return replace(report, outputs=outputs_in(options, names))

    def _page(self, run_id: str) -> str:
        return self.client.attributes.page(run_id)


def _prefix(job: Job) -> str:
    """Return the beginning of the names of all jobs of a template."""
    digest = hashlib.sha256(job.external_id.encode()).hexdigest()[:12]
    return f"polysync-{digest}-"


def _checked(external_run_id: str) -> str:
    if _JOB_ID.fullmatch(external_run_id) is None:
        raise RunNotFound("Google Dataflow has no job with such an id")
    return external_run_id
