"""Repairs a failed DAG run by clearing the failed tasks, which Airflow then reruns.

The run keeps its id, so the external run id of such an attempt is `<run id>;repair=<token>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.apache_airflow.client import AirflowClient
from polysync_core.platforms.apache_airflow.refusals import refused_for_run, refused_repair
from polysync_core.platforms.apache_airflow.states import report_of
from polysync_core.platforms.connector import (
    ProviderStatus,
    RunNotFound,
    SubmitRequest,
    check_repairable,
)
from polysync_core.platforms.times import moment_in

_ID = re.compile(r"(?P<run>[^\x00-\x1f\x7f]{1,250}?)(?:;repair=(?P<token>[a-z0-9]{1,64}))?")
_PRECISION = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReference:
    """A run of a DAG, or one repair of it."""

    run: str
    token: str | None = None
    """The token of the attempt that repaired the run; None for the run itself."""

    @classmethod
    def parse(cls, external_run_id: str) -> RunReference:
        """Return the reference in an external run id; raise `RunNotFound` for another form."""
        found = _ID.fullmatch(external_run_id)
        if found is None or found["run"] in {".", ".."}:
            raise RunNotFound("Airflow has no run with this id")
        return cls(**found.groupdict())

    def __str__(self) -> str:
        """Return the external run id."""
        return self.run if self.token is None else f"{self.run};repair={self.token}"


def repair_run(service: AirflowClient, request: SubmitRequest, failed_run: str) -> RunReference:
    """Clear the failed tasks of a run once for each attempt."""
    reference = RunReference.parse(failed_run)
    repair = replace(reference, token=request.token)
    run = read_run(service, request.job.external_id, reference.run)
    report = report_of(service, run)
    if request.is_resend and _was_cleared(run, report.status, request.begun_at):
        return repair
    check_repairable(report, "Airflow")
    body: JsonObject = {
        "dry_run": False,
        "only_failed": True,
        "reset_dag_runs": True,
        "dag_run_id": reference.run,
    }
    call = service.call(
        "POST",
        "dags",
        request.job.external_id,
        "clearTaskInstances",
        body=body,
        refused=refused_repair,
    )
    service.client.execute(call, lambda _: None)
    return repair


def read_run(service: AirflowClient, dag_id: str, run_id: str) -> JsonObject:
    """Return a run of a DAG as Airflow describes it; raises `RunNotFound`."""
    return service.get(
        "dags", dag_id, "dagRuns", run_id, read=lambda run: run, refused=refused_for_run
    )


def _was_cleared(run: JsonObject, status: ProviderStatus, begun_at: datetime) -> bool:
    """Return whether the tasks were cleared since the attempt began: the run has begun again."""
    if status is not ProviderStatus.FAILED:
        return True
    started_at = moment_in(run, "start_date")
    return started_at is not None and started_at >= begun_at - _PRECISION
