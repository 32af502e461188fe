"""Runs copies of Batch jobs and of job schedules, with values in environment variables.

Batch has no idempotency key, but the id of a job is unique in its account, and Polysync derives the
id from the attempt. Each step of a submit can be repeated: the create and the tasks meet what an
earlier submit made, and the last step marks the job as whole.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from polysync_core.domain.definitions.jobs import Job, JobType, SubmitSettings
from polysync_core.domain.errors import (
    Invalid,
    PlatformRefused,
    PolysyncError,
    Problem,
    Uncertain,
)
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.azure.environment_variables import copy_name, parameter_problems
from polysync_core.platforms.azure_batch.client import BatchClient
from polysync_core.platforms.azure_batch.failure_details import error_of, failed_tasks
from polysync_core.platforms.azure_batch.job_template import (
    ATTEMPT,
    SCHEDULES,
    SOURCE,
    JobTemplate,
    metadata_of,
)
from polysync_core.platforms.azure_batch.states import (
    CANCEL_REASON,
    active_report,
    are_known,
    ended_report,
    has_ended,
    is_running,
    pool_wait,
    running_report,
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
    Wait,
)
from polysync_core.platforms.paging import newest_first
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.times import moment_in
from polysync_core.platforms.values import as_texts

START_GRACE = timedelta(seconds=20)
"""The time in which tasks may start before their pool is asked for the reason of the wait."""
MAX_ADDED = 100
"""The maximum number of tasks in one call."""
MAX_ADDED_LENGTH = 500_000
"""The length of the tasks in one call, half of the limit of Batch."""
_ADD_TRIES = 3
_CONFLICT = 409
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_log = logging.getLogger(__name__)


class BatchSettings(SubmitSettings):
    """`settings` of a Job of the type AzureBatchJob."""


def check_job(job: Job) -> list[Problem]:
    """Return the problems of a Job."""
    problem = _name_problem(job.external_id)
    return [
        *([Problem("externalId", problem)] if problem else []),
        *parameter_problems(job),
        *settings_problems(BatchSettings, job.settings),
    ]


@dataclass(frozen=True, slots=True)
class BatchJobConnector:
    """Runs copies of the jobs of one account; implements `JobConnector`."""

    client: BatchClient

    def submit(self, request: SubmitRequest) -> Submitted:
        """Create the job of the attempt with its tasks, unless an earlier submit did."""
        problems = check_job(request.job)
        if problems:
            raise Invalid(problems)
        external_id = request.job.external_id
        name = copy_name(external_id.rpartition("/")[2], request.token, limit=64)
        template = JobTemplate.read(self.client, external_id)
        template.check_work(external_id)
        values = as_texts(request.parameters, request.job.parameters)
        if not self._created(template.copy(request, name, values), name, request):
            self._fill(name, template.task_copies(request, values))
        return Submitted(external_run_id=name, monitor_url=self.client.attributes.page)

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run; one call while a task runs."""
        name = _checked(external_run_id)
        counts = self.client.task_counts(name)
        if not are_known(counts):
            return Report(status=ProviderStatus.UNKNOWN, monitor_url=self.client.attributes.page)
        if is_running(counts):
            return running_report(self.client.attributes.page)
        return self._report(self.client.job(name), counts)

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the failed tasks with their exit codes and the end of their error output."""
        return failed_tasks(self.client, _checked(external_run_id))

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Terminate a job and its tasks; an ended run is not an error."""
        name = _checked(external_run_id)
        refusal: PlatformRefused | None = None
        try:
            self.client.terminate(name, CANCEL_REASON)
        except PlatformRefused as error:
            refusal = error
        # Batch refuses to terminate a job that ends or has ended.
        if refusal is not None and self.client.job(name).get("state") not in _ENDING:
            raise refusal

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return the environment variables of the job and of its tasks."""
        problem = _name_problem(external_id)
        if problem is not None:
            raise Invalid.at("externalId", problem)
        return JobTemplate.read(self.client, external_id).schema()

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the copies of the artefact, newest first."""
        name = job.external_id.rpartition("/")[2]
        prefix = copy_name(name, "", limit=64)[:-20]
        copies = self.client.listed("jobs", query={"$filter": f"startswith(id,'{prefix}')"})
        own = newest_first(
            copies,
            lambda each: metadata_of(each, SOURCE) == job.external_id,
            lambda each: str(each.get("creationTime")),
        )
        for found in own:
            run_id = str(found.get("id"))
            counts = {} if has_ended(found) else self.client.task_counts(run_id)
            report = self._report(found, counts)
            yield ExternalRun(external_run_id=run_id, report=report)

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the jobs and the job schedules, without copies and jobs of schedules."""
        wanted = (search or "").casefold()
        for kind in ("jobs", SCHEDULES):
            for found in self.client.listed(kind):
                artefact = _artefact(found, kind)
                if artefact is not None and wanted in artefact.name.casefold():
                    yield artefact

    def _created(self, job: JsonObject, name: str, request: SubmitRequest) -> bool:
        """Create a job; return whether an earlier submit has made it whole."""
        refusal: PlatformRefused | None = None
        try:
            self.client.create(job)
        except PlatformRefused as error:
            refusal = error
        if refusal is None:
            return False
        if refusal.status != _CONFLICT:
            raise refusal
        known = self._known(name)
        if known is None or metadata_of(known, ATTEMPT) != request.token:
            raise refusal
        is_whole = str(known.get("onAllTasksComplete")).lower() == "terminatejob"
        return is_whole or known.get("state") in _ENDING

    def _known(self, name: str) -> JsonObject | None:
        try:
            return self.client.job(name)
        except RunNotFound:
            return None

    def _fill(self, name: str, tasks: list[JsonObject]) -> None:
        """Add the tasks to a job, then let the job end with its last task."""
        refusal: PlatformRefused | None = None
        try:
            for part in parts_of(tasks):
                self._add(name, part)
        except PlatformRefused as error:
            refusal = error
        if refusal is not None:
            self._abandon(name)
            raise refusal
        # Before the tasks are added, this would end the job at once.
        self.client.change(name, {"onAllTasksComplete": "terminatejob"})

    def _add(self, name: str, tasks: list[JsonObject]) -> None:
        for _ in range(_ADD_TRIES):
            results = {str(each.get("taskId")): each for each in self.client.add_tasks(name, tasks)}
            again: list[JsonObject] = []
            for task in tasks:
                result = results.get(str(task.get("id")), {})
                code = str(object_in(result, "error").get("code"))
                match str(result.get("status")).lower():
                    case "success":
                        continue
                    case "clienterror" if code == "TaskExists":
                        continue
                    case "clienterror":
                        raise _task_refused(task, result)
                    case _:
                        again.append(task)
            if not again:
                return
            tasks = again
        raise Uncertain(f"Azure Batch did not add {len(tasks)} tasks to the job yet.")

    def _abandon(self, name: str) -> None:
        """Terminate a job whose tasks Batch refused."""
        try:
            self.client.terminate(name, CANCEL_REASON)
        except PolysyncError:
            _log.warning(
                "A job without all its tasks could not be terminated.",
                extra={"action": "stop_failed", "external_run_id": name},
            )

    def _report(self, job: JsonObject, counts: JsonObject) -> Report:
        page = self.client.attributes.page
        if has_ended(job):
            first = next(self.client.failed_tasks(str(job.get("id"))), None)
            failure = None if first is None else f"Task {first.get('id')}: {error_of(first)}"
            return ended_report(job, failure, page)
        report = active_report(job, counts, page)
        created = moment_in(job, "creationTime")
        pool = object_in(job, "executionInfo").get("poolId")
        waits = report.status is ProviderStatus.STARTING and report.wait is None
        waits = waits and created is not None and self.client.now() - created > START_GRACE
        if waits and isinstance(pool, str):
            message = pool_wait(self.client.pool(pool), pool)
            return replace(report, wait=Wait.COMPUTE, message=message)
        return report


_ENDING = frozenset({"terminating", "completed", "deleting"})


def parts_of(tasks: list[JsonObject]) -> Iterator[list[JsonObject]]:
    """Yield the tasks in parts that fit into one call."""
    part: list[JsonObject] = []
    length = 0
    for task in tasks:
        size = len(json.dumps(task))
        if part and (len(part) == MAX_ADDED or length + size > MAX_ADDED_LENGTH):
            yield part
            part, length = [], 0
        part.append(task)
        length += size
    if part:
        yield part


def _task_refused(task: JsonObject, result: JsonObject) -> PlatformRefused:
    error = object_in(result, "error")
    code = shortened_line(error.get("code"), limit=100) or "no code"
    refusal = PlatformRefused(
        f"Azure Batch refused the task '{task.get('id')}' of the job ({code}): correct the task of"
        " the template",
        cause=FailureCause.SUBMIT,
    )
    refusal.platform_message = shortened_line(object_in(error, "message").get("value"), limit=500)
    return refusal


def _artefact(found: JsonObject, kind: str) -> Artefact | None:
    name = str(found.get("id"))
    # The id of a job that a schedule created holds a colon.
    if metadata_of(found, SOURCE) is not None or ":" in name:
        return None
    external_id = f"{SCHEDULES}/{name}" if kind == SCHEDULES else name
    return Artefact(
        external_id=external_id,
        job_type=JobType.AZURE_BATCH_JOB,
        name=shortened_line(found.get("displayName")) or name,
        problem=_name_problem(external_id),
    )


def _name_problem(external_id: str) -> str | None:
    if _ID.fullmatch(external_id.removeprefix(f"{SCHEDULES}/")) is None:
        return (
            "must be the id of a job, such as load-sales, or of a job schedule, such as"
            " jobschedules/load-sales: up to 64 letters, digits, '_' and '-'"
        )
    return None


def _checked(external_run_id: str) -> str:
    if _ID.fullmatch(external_run_id) is None:
        raise RunNotFound("Azure Batch has no job with such an id")
    return external_run_id
