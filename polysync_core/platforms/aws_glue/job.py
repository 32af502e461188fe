"""Submits, polls and stops runs of the job type GlueJob."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid, Unavailable
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.domain.runs.failures.details import FailureDetail, FailureDetails
from polysync_core.platforms.aws.answers import text_in, time_in
from polysync_core.platforms.aws.lost_start import CLOCK_SKEW, adopted_run
from polysync_core.platforms.aws_glue.attributes import GlueAttributes
from polysync_core.platforms.aws_glue.client import GlueClient
from polysync_core.platforms.aws_glue.parameters import (
    ATTEMPT_ARGUMENT,
    arguments_of,
    schema_of,
)
from polysync_core.platforms.aws_glue.retries import first_run_id, newest_run, tries
from polysync_core.platforms.aws_glue.settings import check_glue_job, name_problem, run_options
from polysync_core.platforms.aws_glue.states import report_of, run_id_in
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import (
    Artefact,
    ArtefactSchema,
    ExternalRun,
    OutcomeUnknown,
    Report,
    SubmitRequest,
    Submitted,
    Wait,
)
from polysync_core.platforms.paging import SEARCH_LIMIT

_OLDER_RUNS = 50
"""The number of older runs in a row after which a sorted list has no run of the attempt."""
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class GlueConnector:
    """Runs the jobs of one region; implements `JobConnector`."""

    service: GlueClient
    defaults: GlueAttributes
    job_type: str

    def submit(self, request: SubmitRequest) -> Submitted:
        """Start the job, unless an earlier submit of this attempt did."""
        problems = check_glue_job(request.job)
        if problems:
            raise Invalid(problems)
        name = request.job.external_id
        run_id = self._earlier_run(request) if request.is_resend else None
        if run_id is None:
            body: JsonObject = {"JobName": name, "Arguments": arguments_of(request)}
            run_id = self.service.start({**body, **run_options(request.job, self.defaults)})
        return Submitted(external_run_id=run_id, monitor_url=self.service.page(name, run_id))

    def _earlier_run(self, request: SubmitRequest) -> str | None:
        """Return the run that an earlier submit of this attempt started; None if it did not."""
        own: dict[str, datetime] = {}
        for run in self._runs_since(request):
            if object_in(run, "Arguments").get(ATTEMPT_ARGUMENT) == request.token:
                # A retry of Glue has the arguments of the first run.
                first = first_run_id(run_id_in(run, "Id"))
                own[first] = min(own.get(first, _LATEST), time_in(run, "StartedOn") or _LATEST)
        return adopted_run(request, sorted(own, key=own.__getitem__), self.service.now())

    def _runs_since(self, request: SubmitRequest) -> Iterator[JsonObject]:
        """Yield the runs that may belong to the attempt.

        The search ends early only in a list that is sorted, newest first.
        """
        since, previous = request.begun_at - CLOCK_SKEW, _LATEST
        is_sorted, older = True, 0
        for count, run in enumerate(self.service.runs(request.job.external_id)):
            started = time_in(run, "StartedOn") or previous
            is_sorted = is_sorted and started <= previous
            older = older + 1 if started < since else 0
            if is_sorted and older > _OLDER_RUNS:
                return
            if count == SEARCH_LIMIT:
                if request.job.may_run_twice:
                    return
                raise OutcomeUnknown(
                    f"The job may have been started, and the newest {SEARCH_LIMIT} runs in its"
                    " list are not sorted. Check the runs of the job."
                )
            previous = started
            yield run

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run, or of its newest retry by Glue."""
        return newest_run(self.service, job.external_id, external_run_id)[1]

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the error of a run, and of each retry by Glue."""
        runs = list(tries(self.service, job.external_id, external_run_id))
        parts = [
            FailureDetail(
                part=f"try {number}" if len(runs) > 1 else "",
                error=text_in(run, "ErrorMessage") or "",
            )
            for number, run in enumerate(runs, start=1)
            if text_in(run, "ErrorMessage")
        ]
        return FailureDetails(parts=tuple(parts))

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Ask Glue to stop a run, or the retry that replaced the run."""
        name = job.external_id
        if self.service.stop(name, external_run_id) is None:
            return
        # Glue refuses the stop of a run that has ended.
        newest_id, report = newest_run(self.service, name, external_run_id)
        if report.status.is_final:
            return
        if report.wait is Wait.RETRY or self.service.stop(name, newest_id) is not None:
            raise Unavailable("AWS Glue begins or ends a run of the job at this moment")

    def describe(self, external_id: str) -> ArtefactSchema:
        """Read the default arguments of a job."""
        return schema_of(self.service.job(external_id))

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the runs of the job, by any caller."""
        name = job.external_id
        for run in self.service.runs(name):
            try:
                run_id = run_id_in(run, "Id")
                report = report_of(run, self.service.page(name, run_id))
            except UnexpectedAnswer:
                continue
            yield ExternalRun(external_run_id=run_id, report=report)

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the jobs whose name contains a text, with their schemas."""
        wanted = (search or "").casefold()
        for job in self.service.jobs():
            name = text_in(job, "Name")
            if name is not None and wanted in name.casefold():
                yield Artefact(
                    external_id=name,
                    job_type=self.job_type,
                    name=name,
                    description=text_in(job, "Description"),
                    schema=schema_of(job),
                    problem=name_problem(name),
                )
