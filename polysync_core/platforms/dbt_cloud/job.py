"""Starts, polls, retries and stops runs of the job type DbtCloudJob."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.json_types import JsonObject, text_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetail, FailureDetails
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import (
    Artefact,
    ArtefactSchema,
    ExternalRun,
    ProviderStatus,
    Report,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.dbt_cloud.client import DbtClient, checked_id, id_of, opened
from polysync_core.platforms.dbt_cloud.lost_start import (
    cause_of,
    earlier_run,
    repair_run,
    runs_of,
)
from polysync_core.platforms.dbt_cloud.outputs import with_run_results
from polysync_core.platforms.dbt_cloud.parameters import schema_of, with_variables
from polysync_core.platforms.dbt_cloud.refusals import refused_for_job, refused_for_run
from polysync_core.platforms.dbt_cloud.settings import (
    STEPS_OVERRIDE,
    check_dbt_job,
    job_id_problem,
    split_values,
)
from polysync_core.platforms.dbt_cloud.states import failed_steps, report_of
from polysync_core.platforms.values import as_json

_CI = "a CI job runs for pull requests only: import a deploy job instead"
_STEPS = "run_steps"


@dataclass(frozen=True, slots=True, kw_only=True)
class DbtJobConnector:
    """Runs the jobs of one account; implements `JobConnector`."""

    service: DbtClient
    project: int | None = None
    """The only project whose jobs are found; None selects all."""

    def submit(self, request: SubmitRequest) -> Submitted:
        """Start the job or retry a run, unless an earlier submit of this attempt did."""
        problems = check_dbt_job(request.job)
        if problems:
            raise Invalid(problems)
        if request.repairs is not None:
            return self._submitted(repair_run(self.service, request, request.repairs))
        earlier = earlier_run(self.service, request) if request.is_resend else None
        if earlier is not None:
            return self._submitted(self.service.run(earlier))
        call = self.service.call(
            "POST",
            "jobs",
            request.job.external_id,
            "run",
            body=self._body(request),
            refused=refused_for_job,
        )
        # Only a refusal proves that nothing was started.
        call = replace(call, busy_proves_not_started=False)
        return self.service.client.execute(call, opened(self._submitted))

    def _submitted(self, run: JsonObject) -> Submitted:
        return Submitted(external_run_id=id_of(run), monitor_url=self.service.run_page(run))

    def _body(self, request: SubmitRequest) -> JsonObject:
        job = request.job
        fields, variables = split_values(job, as_json(request.parameters, job.parameters))
        given = job.settings.get(STEPS_OVERRIDE)
        commands = [str(each) for each in given] if isinstance(given, list) else None
        if variables:
            commands = with_variables(commands or self._commands(job.external_id), variables)
        body: JsonObject = {"cause": cause_of(request), **fields}
        return body if commands is None else {**body, "steps_override": [*commands]}

    def _commands(self, job_id: str) -> list[str]:
        return self.service.get("jobs", job_id, read=_commands_in, refused=refused_for_job)

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run; a failed run names its failed steps."""
        run = self.service.run(external_run_id)
        report = report_of(self.service, run)
        if report.status is ProviderStatus.FAILED:
            return report_of(self.service, self.service.run(external_run_id, _STEPS))
        return with_run_results(self.service, job, external_run_id, report)

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the failed steps of a run with their logs."""
        run = self.service.run(external_run_id, _STEPS)
        parts = tuple(
            FailureDetail(
                part=text_in(step, "name"), error="The step failed.", trace=text_in(step, "logs")
            )
            for step in failed_steps(run)
        )
        message = report_of(self.service, run).message
        return FailureDetails(parts=parts or (FailureDetail(error=message or ""),))

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Ask dbt Cloud to stop a run; a refusal counts only while the run is active."""
        path = ("runs", checked_id(external_run_id), "cancel")
        call = self.service.call("POST", *path, body={}, refused=refused_for_run)
        refusal: PlatformRefused | None = None
        try:
            self.service.client.execute(replace(call, repeatable=True), lambda _: None)
        except PlatformRefused as error:
            refusal = error
        if refusal is None:
            return
        is_about_run = refusal.cause is FailureCause.SUBMIT and refusal.status in {400, 409}
        if not (is_about_run and self._has_ended(external_run_id)):
            raise refusal

    def _has_ended(self, run_id: str) -> bool:
        return report_of(self.service, self.service.run(run_id)).status.is_final

    def describe(self, external_id: str) -> ArtefactSchema:
        """Read the variables in the commands of a job."""
        problem = job_id_problem(external_id)
        if problem is not None:
            raise Invalid.at("externalId", problem)
        return schema_of(self._commands(external_id))

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the runs of the job, by any caller."""
        for run in runs_of(self.service, job.external_id):
            yield ExternalRun(external_run_id=id_of(run), report=report_of(self.service, run))

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the jobs of the account; a CI job is skipped with a reason."""
        wanted = (search or "").casefold()
        query = {} if self.project is None else {"project_id": self.project}
        for job in self.service.listed("jobs", query):
            name = text_in(job, "name")
            if wanted not in name.casefold():
                continue
            is_ci = text_in(job, "job_type") == "ci"
            yield Artefact(
                external_id=id_of(job),
                job_type=JobType.DBT_CLOUD_JOB,
                name=name,
                description=text_in(job, "description") or None,
                schema=schema_of(_commands_in(job)),
                problem=_CI if is_ci else None,
                is_skipped=is_ci,
            )


def _commands_in(job: JsonObject) -> list[str]:
    commands = job.get("execute_steps")
    if not isinstance(commands, list):
        raise UnexpectedAnswer
    return [each for each in commands if isinstance(each, str)]
