"""Starts, polls and stops runs of the job types AirflowDag and ComposerDag."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid, PlatformRefused, Unavailable
from polysync_core.domain.json_types import JsonObject, text_in
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.apache_airflow.attributes import ApiVersion
from polysync_core.platforms.apache_airflow.client import AirflowClient
from polysync_core.platforms.apache_airflow.discovery import describe_dag, find_dags
from polysync_core.platforms.apache_airflow.failure_details import (
    details_of_run,
    failed_tasks,
    name_of,
)
from polysync_core.platforms.apache_airflow.outputs import with_outputs
from polysync_core.platforms.apache_airflow.refusals import refused_for_run, refused_start
from polysync_core.platforms.apache_airflow.repairs import RunReference, read_run, repair_run
from polysync_core.platforms.apache_airflow.settings import check_dag_job, dag_id_problem
from polysync_core.platforms.apache_airflow.states import report_of, with_queue_reason
from polysync_core.platforms.calls import UnexpectedAnswer
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
from polysync_core.platforms.values import as_json

_CONFLICT = 409
_MOST_NAMES = 3
_NO_REASON = "A task failed: open the run's page in Airflow, or read the failure details."


@dataclass(frozen=True, slots=True, kw_only=True)
class DagConnector:
    """Runs the DAGs of one web server; implements `JobConnector`."""

    service: AirflowClient
    job_type: str

    def submit(self, request: SubmitRequest) -> Submitted:
        """Start the DAG under an id made of the token, or repair a run."""
        problems = check_dag_job(request.job)
        if problems:
            raise Invalid(problems)
        if request.repairs is not None:
            reference = repair_run(self.service, request, request.repairs)
        else:
            reference = self._started(request)
        page = self.service.run_page(request.job.external_id, reference.run)
        return Submitted(external_run_id=str(reference), monitor_url=page)

    def _started(self, request: SubmitRequest) -> RunReference:
        """Start a run; Airflow refuses a repeated start by the id of the run."""
        dag_id, run_id = request.job.external_id, f"polysync-{request.token}"
        body: JsonObject = {
            "dag_run_id": run_id,
            "conf": as_json(request.parameters, request.job.parameters),
        }
        if self.service.version is ApiVersion.V2:
            body |= {"logical_date": None, "note": request.run_name}
        call = self.service.call(
            "POST", "dags", dag_id, "dagRuns", body=body, refused=refused_start
        )
        call = replace(call, repeatable=True, accepts=_is_conflict)
        if not self.service.client.exchange(call, lambda answer: _is_started(answer, run_id)):
            self._check_exists(dag_id, run_id)
        return RunReference(run=run_id)

    def _check_exists(self, dag_id: str, run_id: str) -> None:
        """Raise `Unavailable` if a conflict is not about the id of the run."""
        try:
            read_run(self.service, dag_id, run_id)
        except RunNotFound:
            missing = True
        else:
            missing = False
        if missing:
            # Airflow 2 allows one run for each logical date, which is the time of the start.
            raise Unavailable("another run of the DAG began at the same moment: start it again")

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run; a successful run includes the returned values."""
        reference = RunReference.parse(external_run_id)
        run = read_run(self.service, job.external_id, reference.run)
        report = with_queue_reason(self.service, run, report_of(self.service, run))
        if report.status is ProviderStatus.FAILED:
            return replace(report, message=self._failure(job.external_id, reference.run))
        return with_outputs(self.service, job, reference.run, report)

    def _failure(self, dag_id: str, run_id: str) -> str:
        try:
            tasks, total = failed_tasks(self.service, dag_id, run_id)
        except (PlatformRefused, RunNotFound):
            return _NO_REASON
        names = ", ".join(name_of(task) for task in tasks[:_MOST_NAMES])
        more = f" and {total - _MOST_NAMES} more" if total > _MOST_NAMES else ""
        return f"Failed tasks: {names}{more}." if names else _NO_REASON

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the failed tasks of a run with their logs."""
        reference = RunReference.parse(external_run_id)
        return details_of_run(self.service, job.external_id, reference.run)

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Set an active run to failed, by which Airflow stops its tasks."""
        run_id = RunReference.parse(external_run_id).run
        run = read_run(self.service, job.external_id, run_id)
        # The state of a run that has ended could be set, too.
        if report_of(self.service, run).status.is_final:
            return
        call = self.service.call(
            "PATCH",
            "dags",
            job.external_id,
            "dagRuns",
            run_id,
            body={"state": "failed"},
            refused=refused_for_run,
        )
        self.service.client.execute(replace(call, repeatable=True), lambda _: None)

    def describe(self, external_id: str) -> ArtefactSchema:
        """Read the parameters of a DAG."""
        problem = dag_id_problem(external_id)
        if problem is not None:
            raise Invalid.at("externalId", problem)
        return describe_dag(self.service, external_id)

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the runs of the DAG, by any caller."""
        newest = "-execution_date" if self.service.version is ApiVersion.V1 else "-run_after"
        path = ("dags", job.external_id, "dagRuns")
        for run in self.service.listed(*path, key="dag_runs", query={"order_by": newest}):
            run_id = text_in(run, "dag_run_id")
            if run_id and text_in(run, "state"):
                report = report_of(self.service, run)
                yield ExternalRun(external_run_id=run_id, report=report)

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the DAGs of the server."""
        return find_dags(self.service, self.job_type, search)


def _is_conflict(answer: Answer) -> bool:
    return answer.status == _CONFLICT


def _is_started(answer: Answer, run_id: str) -> bool:
    """Return whether the run was started; a conflict means that an id or a date is taken."""
    if _is_conflict(answer):
        return False
    content = answer.json()
    if content is None or text_in(content, "dag_run_id") != run_id:
        raise UnexpectedAnswer
    return True
