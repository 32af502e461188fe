"""Decodes the states of Airflow DAG runs into Polysync statuses and wait reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.json_types import JsonObject, text_in
from polysync_core.platforms.apache_airflow.client import AirflowClient
from polysync_core.platforms.apache_airflow.refusals import refused_for_dag
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from polysync_core.platforms.times import moment_in

STATES: Mapping[str, ProviderStatus] = {
    "queued": ProviderStatus.STARTING,
    "scheduled": ProviderStatus.STARTING,
    "running": ProviderStatus.RUNNING,
    "restarting": ProviderStatus.RUNNING,
    "up_for_retry": ProviderStatus.RUNNING,
    "up_for_reschedule": ProviderStatus.RUNNING,
    "success": ProviderStatus.SUCCESS,
    "failed": ProviderStatus.FAILED,
    "upstream_failed": ProviderStatus.FAILED,
}
"""Provider statuses by the state of a DAG run."""
PAUSED = "the DAG is paused, so its runs wait: unpause it in Airflow"
_USUAL_QUEUE = timedelta(minutes=1)
"""The age from which the reason of a queued run is read."""


def report_of(service: AirflowClient, run: JsonObject) -> Report:
    """Return the state of a run; a queued run has a wait."""
    word, dag_id, run_id = (text_in(run, name) for name in ("state", "dag_id", "dag_run_id"))
    if not word or not dag_id or not run_id:
        raise UnexpectedAnswer
    status = STATES.get(word.lower(), ProviderStatus.UNKNOWN)
    return Report(
        status=status,
        provider_state=word[:64],
        wait=Wait.PLATFORM_QUEUE if status is ProviderStatus.STARTING else None,
        # A stopped run is a failed run in Airflow.
        may_be_stopped=status is ProviderStatus.FAILED,
        monitor_url=service.run_page(dag_id, run_id),
        started_at=moment_in(run, "start_date"),
        finished_at=moment_in(run, "end_date") if status.is_final else None,
    )


def with_queue_reason(service: AirflowClient, run: JsonObject, report: Report) -> Report:
    """Add the reason to the report of a run that waits for a minute."""
    since = moment_in(run, "queued_at") or moment_in(run, "run_after")
    since = since or moment_in(run, "logical_date")
    waits = report.status is ProviderStatus.STARTING
    if not waits or since is None or service.now() < since + _USUAL_QUEUE:
        return report
    try:
        dag = service.get(
            "dags", text_in(run, "dag_id"), "details", read=lambda dag: dag, refused=refused_for_dag
        )
    except PolysyncError:
        # The reason is a convenience: the state of the run is known without it.
        return report
    return replace(report, message=_reason(dag))


def _reason(dag: JsonObject) -> str:
    if dag.get("is_paused") is True:
        return f"{PAUSED[0].upper()}{PAUSED[1:]}."
    at_once = dag.get("max_active_runs")
    limit = f" The DAG has at most {at_once} active runs." if isinstance(at_once, int) else ""
    return f"The run waits for Airflow's scheduler.{limit}"
