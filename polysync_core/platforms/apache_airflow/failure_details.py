"""Reads the errors and logs of the failed tasks of an Airflow DAG run."""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject, JsonValue, text_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import MAX_PARTS, FailureDetail, FailureDetails
from polysync_core.platforms.apache_airflow.client import AirflowClient
from polysync_core.platforms.apache_airflow.refusals import refused_for_run
from polysync_core.platforms.calls import AnswerTooLarge, UnexpectedAnswer
from polysync_core.platforms.connector import RunNotFound
from polysync_core.platforms.paging import objects_in

FAILED = "failed"


def failed_tasks(service: AirflowClient, dag_id: str, run_id: str) -> tuple[list[JsonObject], int]:
    """Return the first failed tasks of a run, and their number; raises `RunNotFound`."""

    def read(answer: JsonObject) -> tuple[list[JsonObject], int]:
        found = objects_in(answer, "task_instances")
        total = answer.get("total_entries")
        return found, total if isinstance(total, int) else len(found)

    path = ("dags", dag_id, "dagRuns", run_id, "taskInstances")
    query = {"state": FAILED, "limit": MAX_PARTS}
    return service.get(*path, query=query, read=read, refused=refused_for_run)


def details_of_run(service: AirflowClient, dag_id: str, run_id: str) -> FailureDetails:
    """Return the failed tasks of a run with their logs; raises `RunNotFound`."""
    tasks, total = failed_tasks(service, dag_id, run_id)
    parts = tuple(_detail(service, dag_id, run_id, task) for task in tasks)
    note = f"{total} tasks failed; {len(parts)} are shown." if total > len(parts) else None
    return FailureDetails(parts=parts, note=note)


def name_of(task: JsonObject) -> str:
    """Return the name of a task instance; a mapped one has its index."""
    index = task.get("map_index")
    mapped = f"[{index}]" if isinstance(index, int) and index >= 0 else ""
    return f"{text_in(task, 'task_id')}{mapped}"


def tries_of(task: JsonObject) -> str:
    """Return the number of the last try, such as `try 2 of 3`."""
    number, most = task.get("try_number"), task.get("max_tries")
    if not isinstance(number, int):
        return ""
    # Airflow counts the retries, without the first try.
    return (
        f"try {number} of {most + 1}"
        if isinstance(most, int) and most + 1 >= number
        else (f"try {number}")
    )


def _detail(service: AirflowClient, dag_id: str, run_id: str, task: JsonObject) -> FailureDetail:
    about = ", ".join(filter(None, (text_in(task, "operator"), tries_of(task))))
    error = f"The task failed ({about})." if about else "The task failed."
    number, index = task.get("try_number"), task.get("map_index")
    if not isinstance(number, int) or number < 1:
        return FailureDetail(part=name_of(task), error=error)
    path = ("dags", dag_id, "dagRuns", run_id, "taskInstances", text_in(task, "task_id"))
    query: dict[str, str | int | bool] = {"full_content": True}
    if isinstance(index, int) and index >= 0:
        query["map_index"] = index
    try:
        lines = service.get(
            *path, "logs", str(number), query=query, read=_lines, refused=refused_for_run
        )
    except (RunNotFound, AnswerTooLarge, PlatformRefused) as missing:
        if isinstance(missing, PlatformRefused) and missing.cause is FailureCause.SECRET:
            raise
        return FailureDetail(part=name_of(task), error=f"{error} Its log is missing: {missing}.")
    return FailureDetail(part=name_of(task), error=error, trace="\n".join(lines))


def _lines(answer: JsonObject) -> list[str]:
    content = answer.get("content")
    if isinstance(content, str):
        # Airflow 2 shows its list of hosts and logs as Python writes it.
        return content.replace("\\n", "\n").splitlines()
    if not isinstance(content, list):
        raise UnexpectedAnswer
    return [line for entry in content for line in _entry_lines(entry)]


def _entry_lines(entry: JsonValue) -> Iterator[str]:
    """Yield the lines of a log entry of Airflow 3: a text, or an object with an exception."""
    if isinstance(entry, str):
        yield entry.rstrip("\n")
    if not isinstance(entry, dict):
        return
    yield " ".join(filter(None, (text_in(entry, name) for name in ("timestamp", "level", "event"))))
    errors = entry.get("error_detail")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            yield f"{text_in(error, 'exc_type')}: {text_in(error, 'exc_value')}"
