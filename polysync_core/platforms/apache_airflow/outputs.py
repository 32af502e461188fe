"""Reads a DAG run's outputs from the return values (XCom) of tasks.

https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/xcoms.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject, JsonValue, text_in
from polysync_core.platforms.apache_airflow.attributes import ApiVersion
from polysync_core.platforms.apache_airflow.client import AirflowClient
from polysync_core.platforms.apache_airflow.refusals import refused_for_run
from polysync_core.platforms.apache_airflow.settings import OUTPUT_TASK, OUTPUTS_FROM_XCOM
from polysync_core.platforms.calls import AnswerTooLarge, UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, RunNotFound
from polysync_core.platforms.paging import objects_in

RETURN_VALUE = "return_value"
_MOST_TASKS = 20


class _NoValues(Exception):
    """The outputs are missing, for the reason in the message."""


def with_outputs(service: AirflowClient, job: Job, run_id: str, report: Report) -> Report:
    """Add the outputs to the report of a successful run, if the Job wants them."""
    if (
        report.status is not ProviderStatus.SUCCESS
        or job.settings.get(OUTPUTS_FROM_XCOM) is not True
    ):
        return report
    try:
        return replace(report, outputs=_outputs(service, job, run_id))
    except (_NoValues, RunNotFound, AnswerTooLarge, PlatformRefused) as error:
        reason = str(error)
    return replace(report, outputs_missing=f"The returned values are missing: {reason}.")


def _outputs(service: AirflowClient, job: Job, run_id: str) -> Mapping[str, JsonValue]:
    chosen = job.settings.get(OUTPUT_TASK)
    tasks = [chosen] if isinstance(chosen, str) else _final_tasks(service, job.external_id)
    values = dict(_returned(service, job.external_id, run_id, tasks))
    if not values:
        raise _NoValues(f"no value was returned by {', '.join(tasks) or 'a task'}")
    if len(tasks) > 1:
        return values
    (value,) = values.values()
    return value if isinstance(value, dict) else {RETURN_VALUE: value}


def _final_tasks(service: AirflowClient, dag_id: str) -> list[str]:
    """Return the ids of the tasks without a downstream task."""
    tasks = service.get("dags", dag_id, "tasks", read=_tasks, refused=refused_for_run)
    final = [text_in(task, "task_id") for task in tasks if not task.get("downstream_task_ids")]
    if len(final) > _MOST_TASKS:
        raise _NoValues(f"the DAG has {len(final)} final tasks: name one in settings.{OUTPUT_TASK}")
    return [task for task in final if task]


def _tasks(answer: JsonObject) -> list[JsonObject]:
    return objects_in(answer, "tasks")


def _returned(
    service: AirflowClient, dag_id: str, run_id: str, tasks: list[str]
) -> Iterator[tuple[str, JsonValue]]:
    """Yield the tasks that returned a value, with their values."""
    for task in tasks:
        try:
            yield task, _value(service, dag_id, run_id, task)
        except RunNotFound:
            # The task returned nothing, or it is a mapped task with a value for each index.
            continue


def _value(service: AirflowClient, dag_id: str, run_id: str, task: str) -> JsonValue:
    path = ("dags", dag_id, "dagRuns", run_id, "taskInstances", task, "xcomEntries", RETURN_VALUE)
    try:
        query = {"stringify": "false"}
        return service.get(*path, query=query, read=_entry, refused=refused_for_run)
    except PlatformRefused as refusal:
        # Airflow 2 before release 2.10 knows no such parameter, and answers with a text.
        if refusal.status != 400 or service.version is not ApiVersion.V1:
            raise
    return service.get(*path, read=_entry, refused=refused_for_run)


def _entry(answer: JsonObject) -> JsonValue:
    if "value" not in answer:
        raise UnexpectedAnswer
    return answer["value"]
