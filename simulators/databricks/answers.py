"""Builds the Databricks Jobs API's JSON responses for runs and run outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulators.databricks.runs import LifeCycle, Result, Run, State, TaskRun
from simulators.databricks.task_kinds import NOTEBOOK


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFormat:
    """The API version of an answer and the base address of its links."""

    version: str
    base_url: str

    @property
    def has_status(self) -> bool:
        """True if answers contain `status`, which 2.2 has in addition to `state`."""
        return self.version == "2.2"


def repair_history(run: Run, answer_format: AnswerFormat) -> list[dict[str, Any]]:
    """Return the original execution and the repairs of a run."""
    return [
        {
            "type": "ORIGINAL" if part.repair_id is None else "REPAIR",
            **({} if part.repair_id is None else {"id": part.repair_id}),
            "start_time": part.started_at,
            "end_time": part.ended_at,
            "task_run_ids": [*part.task_run_ids],
            **({} if part.state is None else _state(part.state, answer_format)),
        }
        for part in run.history
    ]


def run_json(
    run: Run,
    answer_format: AnswerFormat,
    *,
    with_tasks: bool = True,
    with_replaced: bool = False,
) -> dict[str, Any]:
    """Return the answer of `runs/get`, or an entry of `runs/list` without its tasks."""
    task = next(iter(run.tasks.values()))
    single = run.submission.single_task
    answer: dict[str, Any] = {
        "job_id": run.job_id,
        "run_id": run.run_id,
        "job_run_id": run.run_id,
        "number_in_job": run.run_id,
        "original_attempt_run_id": run.run_id,
        "creator_user_name": run.creator,
        "run_name": run.submission.run_name,
        "run_page_url": _page(run, run.run_id, answer_format),
        "run_type": run.submission.run_type,
        "format": "SINGLE_TASK" if single else "MULTI_TASK",
        "attempt_number": 0,
        "start_time": run.submitted_at,
        "end_time": run.ended_at,
        "run_duration": _duration(run.submitted_at, run.ended_at),
        **(_durations(task) if single else _no_durations()),
        **_state(run.state, answer_format),
    }
    if run.submission.timeout_seconds:
        answer["timeout_seconds"] = run.submission.timeout_seconds
    if run.submission.job_parameters:
        answer["job_parameters"] = [
            {"name": name, "value": value} for name, value in run.submission.job_parameters.items()
        ]
    if run.submission.overriding:
        answer["overriding_parameters"] = dict(run.submission.overriding)
    if single:
        answer["cluster_spec"] = dict(task.spec.compute.fields)
    if with_tasks:
        replaced = run.replaced if with_replaced else []
        answer["tasks"] = [
            _task_json(run, task, answer_format) for task in (*replaced, *run.tasks.values())
        ]
    return answer


def _task_json(run: Run, task: TaskRun, answer_format: AnswerFormat) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "run_id": task.run_id,
        "task_key": task.spec.key,
        task.spec.kind: _settings(task),
        "run_page_url": _page(run, task.run_id, answer_format),
        "run_if": task.spec.run_if,
        "attempt_number": task.attempt_number,
        "start_time": task.submitted_at,
        "end_time": task.ended_at,
        **task.spec.compute.fields,
        **_durations(task),
        **_state(task.state, answer_format),
    }
    if task.spec.depends_on:
        answer["depends_on"] = [{"task_key": key} for key in task.spec.depends_on]
    if task.spec.timeout_seconds:
        answer["timeout_seconds"] = task.spec.timeout_seconds
    if task.running_since:
        cluster = task.spec.compute.cluster_id or f"{task.run_id}-serverless"
        answer["cluster_instance"] = {"cluster_id": cluster}
    return answer


def _settings(task: TaskRun) -> dict[str, Any]:
    """Return the settings of a task with the parameters that it received."""
    if task.spec.kind != NOTEBOOK:
        return dict(task.spec.settings)
    return {
        "notebook_path": task.spec.notebook_path,
        "base_parameters": dict(task.spec.parameters),
        "source": "WORKSPACE",
    }


def output_json(run: Run, task: TaskRun, answer_format: AnswerFormat) -> dict[str, Any]:
    """Return the answer of `runs/get-output` for one task."""
    answer: dict[str, Any] = {"metadata": _output_metadata(run, task, answer_format)}
    if not task.state.is_final:
        return answer
    outcome = task.outcome
    answer["notebook_output"] = {}
    if outcome is not None and outcome.result is not None:
        answer["notebook_output"] = {"result": outcome.result, "truncated": outcome.truncated}
    if task.state.result is not Result.SUCCESS:
        answer["error"] = (outcome.error if outcome else None) or task.state.message
    if outcome is not None and outcome.error_trace:
        answer["error_trace"] = outcome.error_trace
    return answer


def _output_metadata(run: Run, task: TaskRun, answer_format: AnswerFormat) -> dict[str, Any]:
    whole = run_json(run, answer_format, with_tasks=False)
    return {
        **whole,
        "run_id": task.run_id,
        "run_page_url": _page(run, task.run_id, answer_format),
        "start_time": task.submitted_at,
        "end_time": task.ended_at,
        **_durations(task),
        **_state(task.state, answer_format),
    }


def _page(run: Run, run_id: int, answer_format: AnswerFormat) -> str:
    return f"{answer_format.base_url}/#job/{run.job_id}/run/{run_id}"


def _state(state: State, answer_format: AnswerFormat) -> dict[str, Any]:
    legacy: dict[str, Any] = {
        "life_cycle_state": state.life_cycle,
        "state_message": state.message,
        "user_cancelled_or_timedout": state.result in {Result.CANCELED, Result.TIMEDOUT},
    }
    if state.result is not None:
        legacy["result_state"] = state.result
    return (
        {"state": legacy, "status": _status(state)}
        if answer_format.has_status
        else {"state": legacy}
    )


def _status(state: State) -> dict[str, Any]:
    if state.result is None:
        return {"state": state.life_cycle}
    details = {"code": state.code, "type": _termination_type(state), "message": state.message}
    return {"state": LifeCycle.TERMINATED, "termination_details": details}


def _termination_type(state: State) -> str:
    match state.code:
        case "SUCCESS" | "USER_CANCELED":
            return "SUCCESS"
        case "DRIVER_ERROR":
            return "INTERNAL_ERROR"
        case _:
            return "CLIENT_ERROR"


def _durations(task: TaskRun) -> dict[str, int]:
    return {
        "setup_duration": _duration(task.submitted_at, task.running_since),
        "execution_duration": _duration(task.running_since, task.ended_at),
        "cleanup_duration": 0,
    }


def _no_durations() -> dict[str, int]:
    return {"setup_duration": 0, "execution_duration": 0, "cleanup_duration": 0}


def _duration(start: int, end: int) -> int:
    return end - start if start and end else 0
