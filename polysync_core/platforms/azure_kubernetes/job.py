"""Starts, polls and stops copies of Kubernetes Jobs and of CronJob templates.

Kubernetes has no idempotency key, but the name of a Job is unique in its namespace, and Polysync
derives the name from the attempt. So a repeated create finds the Job of the first one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.errors import Invalid, PlatformRefused, Problem
from polysync_core.domain.json_types import JsonObject, dicts_in, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.azure.environment_variables import copy_name, parameter_problems
from polysync_core.platforms.azure_kubernetes.client import KubernetesClient
from polysync_core.platforms.azure_kubernetes.failure_details import (
    failed_containers,
    first_failure,
)
from polysync_core.platforms.azure_kubernetes.job_template import (
    BEGUN_ANNOTATION,
    KIND_LABEL,
    SOURCE_LABEL,
    TOKEN_ANNOTATION,
    JobTemplate,
)
from polysync_core.platforms.azure_kubernetes.outputs import with_outputs
from polysync_core.platforms.azure_kubernetes.settings import KubernetesSettings
from polysync_core.platforms.azure_kubernetes.states import (
    CANCELLED_ANNOTATION,
    report_of,
    with_wait,
)
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
from polysync_core.platforms.paging import newest_first

START_GRACE = timedelta(seconds=20)
"""The time in which a Job may start before its pods are asked for the reason of the wait."""
_CONFLICT = 409
_MAX_PODS = 100
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """The kind of the objects that runs are copied from."""

    job_type: JobType
    path: str
    """The kind in the paths of the API."""

    def check(self, job: Job) -> list[Problem]:
        """Return the problems of a Job."""
        problem = name_problem(job.external_id)
        problems = [Problem("externalId", problem)] if problem else []
        return [
            *problems,
            *parameter_problems(job),
            *settings_problems(KubernetesSettings, job.settings),
        ]


JOBS = SourceKind(job_type=JobType.AKS_JOB, path="jobs")
CRON_JOBS = SourceKind(job_type=JobType.AKS_CRON_JOB, path="cronjobs")


@dataclass(frozen=True, slots=True)
class KubernetesJobConnector:
    """Runs copies of the Jobs or CronJobs of one namespace; implements `JobConnector`."""

    client: KubernetesClient
    kind: SourceKind

    def submit(self, request: SubmitRequest) -> Submitted:
        """Create the Job of the attempt, unless an earlier submit of this attempt did."""
        problems = self.kind.check(request.job)
        if problems:
            raise Invalid(problems)
        name = copy_name(request.job.external_id, request.token)
        if not (request.is_resend and self._is_own(name, request)):
            source = self.client.source(self.kind.path, request.job.external_id)
            job = JobTemplate.of(source).copy(request, kind=self.kind.path, name=name)
            self._create(job, name, request)
        return Submitted(external_run_id=name, monitor_url=self.client.attributes.page)

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run; a Job without ready pods includes the reason of its wait."""
        report = self._report(self.client.job(_checked(external_run_id)))
        if report.status is ProviderStatus.SUCCESS:
            return with_outputs(report, job, self.client, external_run_id)
        if report.status is ProviderStatus.FAILED:
            failure = first_failure(self._pods(external_run_id))
            texts = [each for each in (report.message, failure) if each]
            return replace(report, message="; ".join(texts))
        begun = report.started_at
        waits = report.status is ProviderStatus.STARTING and report.wait is None
        if waits and begun is not None and self.client.now() - begun > START_GRACE:
            return with_wait(report, self._pods(external_run_id))
        return report

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the failed containers, with exit codes and the end of their logs."""
        return failed_containers(self.client, _checked(external_run_id))

    def cancel(self, job: Job, external_run_id: str) -> None:
        """End a Job by a deadline that has passed; an ended run is not an error.

        Kubernetes then stops the pods and keeps the Job, so the end can be read.
        """
        found = self.client.job(_checked(external_run_id))
        if self._report(found).status.is_final:
            return
        change: JsonObject = {
            "metadata": {"annotations": {CANCELLED_ANNOTATION: "true"}},
            "spec": {"activeDeadlineSeconds": 1, "parallelism": 0, "suspend": False},
        }
        self.client.patch(external_run_id, change)

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return the environment variables of the first container."""
        problem = name_problem(external_id)
        if problem is not None:
            raise Invalid.at("externalId", problem)
        return JobTemplate.of(self.client.source(self.kind.path, external_id)).schema()

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the copies of the artefact, and the Jobs that a CronJob created by itself."""
        # Kubernetes orders by name, so the newest Job is known after the last page only.
        jobs = newest_first(self._jobs_of(job), lambda each: self._is_run(each, job), _created)
        for each in jobs:
            name = str(object_in(each, "metadata").get("name"))
            yield ExternalRun(external_run_id=name, report=self._report(each))

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the Jobs or CronJobs of the namespace that are not runs of others."""
        wanted = (search or "").casefold()
        for found in self.client.listed(self.kind.path):
            metadata = object_in(found, "metadata")
            name = str(metadata.get("name"))
            is_run = SOURCE_LABEL in object_in(metadata, "labels") or _owner(found) is not None
            if wanted in name.casefold() and not is_run:
                problem = name_problem(name)
                kind = self.kind.job_type
                yield Artefact(external_id=name, job_type=kind, name=name, problem=problem)

    def _pods(self, name: str) -> list[JsonObject]:
        """Return the pods of a Job; none if they cannot be read, which changes no state."""
        try:
            return list(islice(self.client.pods(name), _MAX_PODS))
        except PlatformRefused as error:
            if error.cause is FailureCause.SECRET:
                raise
        except RunNotFound:
            pass
        return []

    def _create(self, job: JsonObject, name: str, request: SubmitRequest) -> None:
        refusal: PlatformRefused | None = None
        try:
            self.client.create(job)
        except PlatformRefused as error:
            refusal = error
        if refusal is None:
            return
        if refusal.status != _CONFLICT or not self._is_own(name, request):
            raise refusal

    def _is_own(self, name: str, request: SubmitRequest) -> bool:
        """Return whether the Job of the attempt exists."""
        try:
            found = self.client.job(name)
        except RunNotFound:
            return False
        annotations = object_in(object_in(found, "metadata"), "annotations")
        return annotations.get(TOKEN_ANNOTATION) == request.token

    def _report(self, job: JsonObject) -> Report:
        return report_of(job, self.client.attributes.page)

    def _jobs_of(self, job: Job) -> Iterator[JsonObject]:
        if self.kind is CRON_JOBS:
            return self.client.listed("jobs")
        selector = f"{SOURCE_LABEL}={job.external_id},{KIND_LABEL}={self.kind.path}"
        return self.client.listed("jobs", selector=selector)

    def _is_run(self, found: JsonObject, job: Job) -> bool:
        labels = object_in(object_in(found, "metadata"), "labels")
        own = (labels.get(SOURCE_LABEL), labels.get(KIND_LABEL))
        if own == (job.external_id, self.kind.path):
            return True
        return self.kind is CRON_JOBS and _owner(found) == job.external_id


def name_problem(name: str) -> str | None:
    """Return the reason why no Job or CronJob has a name; None if one may have it."""
    if _NAME.fullmatch(name) is None:
        return (
            "must be the name of an object of the namespace, such as load-sales: up to 63 small"
            " letters, digits, '-' and '.'"
        )
    return None


def _checked(external_run_id: str) -> str:
    if _NAME.fullmatch(external_run_id) is None:
        raise RunNotFound("Kubernetes has no Job with such a name")
    return external_run_id


def _owner(job: JsonObject) -> str | None:
    """Return the name of the object that created a Job, such as its CronJob."""
    owners = dicts_in(object_in(job, "metadata"), "ownerReferences")
    names = [str(each.get("name")) for each in owners if each.get("controller") is True]
    return names[0] if names else None


def _created(job: JsonObject) -> str:
    metadata = object_in(job, "metadata")
    begun = object_in(metadata, "annotations").get(BEGUN_ANNOTATION)
    return f"{metadata.get('creationTimestamp')} {begun}"
