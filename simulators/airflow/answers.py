"""Builds the JSON responses of the REST APIs of Airflow 2 and 3."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from simulators.airflow.runs import DagScript, Run, TaskScript, TaskState, instance_id, stamp

V1, V2 = "v1", "v2"


def dag_json(version: str, dag_id: str, dag: DagScript, *, details: bool = False) -> dict[str, Any]:
    """Return a DAG, in a list or with its details."""
    answer: dict[str, Any] = {
        "dag_id": dag_id,
        "dag_display_name": dag_id,
        "description": dag.description,
        "is_paused": dag.is_paused,
        "has_import_errors": dag.has_import_errors,
        "fileloc": f"/opt/airflow/dags/{dag_id}.py",
        "file_token": "token",
        "owners": ["airflow"],
        "tags": [],
        "max_active_runs": dag.max_active_runs,
        "max_active_tasks": 16,
        "has_task_concurrency_limits": False,
        "max_consecutive_failed_dag_runs": 0,
    }
    if version == V1:
        answer |= {"is_active": dag.is_active, "is_subdag": False}
    else:
        answer |= {"is_stale": not dag.is_active, "timetable_partitioned": False}
        answer |= {"timetable_periodic": True, "is_backfillable": True}
    if details:
        answer |= {"catchup": False, "concurrency": 16, "render_template_as_native_obj": False}
        answer["params"] = {name: _param(version, about) for name, about in dag.params.items()}
    return answer


def _param(version: str, about: dict[str, Any]) -> dict[str, Any]:
    param = {"value": None, "schema": {}, "description": None, **about}
    return {"__class": "airflow.models.param.Param", **param} if version == V1 else param


def run_json(version: str, run: Run, now: datetime) -> dict[str, Any]:
    """Return a run of a DAG."""
    started, ended = run.times(now)
    answer: dict[str, Any] = {
        "dag_id": run.dag_id,
        "dag_run_id": run.run_id,
        "state": run.state(now),
        "run_type": "manual",
        "conf": dict(run.conf),
        "note": run.note,
        "logical_date": stamp(run.logical_date),
        "start_date": stamp(started),
        "end_date": stamp(ended),
        "data_interval_start": None,
        "data_interval_end": None,
        "last_scheduling_decision": None,
    }
    if version == V1:
        return answer | {"execution_date": answer["logical_date"], "external_trigger": True}
    return answer | {
        "dag_display_name": run.dag_id,
        "dag_versions": [],
        "run_after": stamp(run.created),
        "queued_at": stamp(run.queued),
        "triggered_by": "rest_api",
    }


def instance_json(version: str, run: Run, task: TaskState) -> dict[str, Any]:
    """Return a task instance."""
    answer: dict[str, Any] = {
        "task_id": task.script.task_id,
        "dag_id": run.dag_id,
        "dag_run_id": run.run_id,
        "map_index": -1,
        "state": task.state,
        "try_number": task.tries,
        "max_tries": task.script.retries,
        "start_date": stamp(task.started),
        "end_date": stamp(task.ended),
        "operator": "PythonOperator",
        "pool": "default_pool",
        "pool_slots": 1,
        "executor_config": "{}",
    }
    if version == V1:
        return answer | {"execution_date": stamp(run.logical_date)}
    return answer | {
        "id": instance_id(run, task),
        "run_after": stamp(run.created),
        "task_display_name": task.script.task_id,
        "dag_display_name": run.dag_id,
    }


def task_json(version: str, script: TaskScript) -> dict[str, Any]:
    """Return a task of a DAG."""
    answer: dict[str, Any] = {
        "task_id": script.task_id,
        "downstream_task_ids": list(script.downstream),
        "operator_name": "PythonOperator",
        "retries": script.retries,
        "depends_on_past": False,
        "wait_for_downstream": False,
        "extra_links": [],
    }
    return answer if version == V1 else answer | {"retry_exponential_backoff": 0}


def xcom_json(version: str, run: Run, task: TaskState, *, as_text: bool) -> dict[str, Any]:
    """Return the returned value of a task."""
    value = task.script.return_value
    answer: dict[str, Any] = {
        "key": "return_value",
        "timestamp": stamp(task.ended),
        "task_id": task.script.task_id,
        "dag_id": run.dag_id,
        "map_index": -1,
        "value": str(value) if as_text else value,
    }
    if version == V1:
        return answer | {"execution_date": stamp(run.logical_date)}
    return answer | {
        "run_id": run.run_id,
        "dag_display_name": run.dag_id,
        "task_display_name": task.script.task_id,
        "run_after": stamp(run.created),
    }


def log_json(version: str, task: TaskState, attempt: int) -> dict[str, Any]:
    """Return the log of one try."""
    lines = [f"Try {attempt} begins.", *task.script.log.splitlines()]
    if version == V1:
        return {"continuation_token": "", "content": str([("worker-1", "\n".join(lines))])}
    time = stamp(task.started)
    entries: list[dict[str, Any]] = [
        {"timestamp": time, "level": "info", "event": line} for line in lines
    ]
    if task.state == "failed":
        error = {"exc_type": "ValueError", "exc_value": task.script.log, "frames": []}
        entries.append({"timestamp": time, "event": "Task failed", "error_detail": [error]})
    return {"continuation_token": None, "content": entries}
