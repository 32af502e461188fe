"""Reads and validates `jobs/runs/submit` requests in the single-task and multi-task forms."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulators.databricks.compute import ClusterCatalogue, Compute
from simulators.databricks.errors import invalid_parameter, malformed_request
from simulators.databricks.task_kinds import LOOP, NOTEBOOK, kind_of

RUN_IF = frozenset(
    {
        "ALL_SUCCESS",
        "ALL_DONE",
        "NONE_FAILED",
        "AT_LEAST_ONE_SUCCESS",
        "AT_LEAST_ONE_FAILED",
        "ALL_FAILED",
    }
)
MAX_TOKEN_LENGTH = 64
MAX_RUN_NAME_BYTES = 4096
MAX_PARAMETERS_BYTES = 1024 * 1024
MAX_TASKS = 100
SINGLE_TASK_KEY = "main"
"""The key of the task of a run in the single-task form."""
_TASK_KEY = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """One task of a submitted run."""

    key: str
    compute: Compute
    kind: str = NOTEBOOK
    notebook_path: str = ""
    """The notebook of the task, or of the inner task of a loop; empty for other kinds."""
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    """The parameters of a notebook."""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The settings of a task of another kind."""
    run_if: str = "ALL_SUCCESS"
    depends_on: tuple[str, ...] = ()
    timeout_seconds: int = 0
    """0 means no time-out."""
    is_optimized: bool = True
    """True if the service may try the task again on serverless compute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A validated request to start a run."""

    run_name: str
    token: str | None
    tasks: tuple[TaskSpec, ...]
    single_task: bool
    """True if the request has its task at the top level."""
    timeout_seconds: int = 0
    job_id: int = 0
    """The job of the run; 0 for a one-time run."""
    job_parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    overriding: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The task parameters of the request."""

    @property
    def run_type(self) -> str:
        """The API's name for this type of run."""
        return "JOB_RUN" if self.job_id else "SUBMIT_RUN"


def read_submission(body: object, clusters: ClusterCatalogue) -> Submission:
    """Return the submission of a request; raise `ApiError` if the service refuses it."""
    request = read_object(body, "the request")
    single = "tasks" not in request
    tasks = (
        (_task(request, SINGLE_TASK_KEY, clusters, timeout=0),)
        if single
        else _tasks(request["tasks"], clusters)
    )
    return Submission(
        run_name=_run_name(request),
        token=read_token(request),
        tasks=tasks,
        single_task=single,
        timeout_seconds=_seconds(request),
    )


def _run_name(request: Mapping[str, Any]) -> str:
    name = read_string(request.get("run_name", "Untitled"), "run_name")
    if len(name.encode("utf-8")) > MAX_RUN_NAME_BYTES:
        raise invalid_parameter(f"run_name is longer than {MAX_RUN_NAME_BYTES} bytes.")
    return name


def read_token(request: Mapping[str, Any]) -> str | None:
    """Return the idempotency token of a request."""
    token = read_string(request.get("idempotency_token") or "", "idempotency_token")
    if len(token) > MAX_TOKEN_LENGTH:
        raise invalid_parameter(f"idempotency_token exceeds {MAX_TOKEN_LENGTH} characters.")
    return token or None


def _seconds(request: Mapping[str, Any]) -> int:
    value = request.get("timeout_seconds", 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise invalid_parameter("timeout_seconds must be a whole number of at least 0.")
    return value


def _tasks(value: object, clusters: ClusterCatalogue) -> tuple[TaskSpec, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_TASKS:
        raise invalid_parameter(f"tasks must hold 1 to {MAX_TASKS} tasks.")
    specs: list[TaskSpec] = []
    for item in value:
        request = read_object(item, "a task")
        key = read_string(request.get("task_key", ""), "task_key")
        if not _TASK_KEY.fullmatch(key):
            raise invalid_parameter("task_key must be 1-100 letters, digits, '-' or '_'.")
        specs.append(_task(request, key, clusters, timeout=_seconds(request)))
    _check_graph(specs)
    return tuple(specs)


def _task(
    request: Mapping[str, Any], key: str, clusters: ClusterCatalogue, *, timeout: int
) -> TaskSpec:
    kind = kind_of(request, key)
    run_if = request.get("run_if", "ALL_SUCCESS")
    if run_if not in RUN_IF:
        raise invalid_parameter(f"Task {key}: run_if is one of {', '.join(sorted(RUN_IF))}.")
    settings = request[kind]
    inner = settings.get("task") if kind == LOOP else request
    notebook = inner.get(NOTEBOOK) if isinstance(inner, dict) else None
    return TaskSpec(
        key=key,
        kind=kind,
        notebook_path="" if notebook is None else _notebook_path(notebook),
        parameters=_parameters(settings.get("base_parameters")) if kind == NOTEBOOK else {},
        settings={} if kind == NOTEBOOK else settings,
        run_if=run_if,
        compute=clusters.choose(request),
        depends_on=_dependencies(request.get("depends_on")),
        timeout_seconds=timeout,
        is_optimized=request.get("disable_auto_optimization") is not True,
    )


def _notebook_path(value: object) -> str:
    notebook = read_object(value, NOTEBOOK)
    path = read_string(notebook.get("notebook_path", ""), "notebook_path")
    if not path.startswith("/"):
        raise invalid_parameter("notebook_path must be an absolute path of the workspace.")
    if notebook.get("source", "WORKSPACE") != "WORKSPACE":
        raise invalid_parameter("The simulator supports notebooks of the workspace only.")
    return path


def _parameters(value: object) -> dict[str, str]:
    parameters = read_object({} if value is None else value, "base_parameters")
    for name, text in parameters.items():
        read_string(text, f"base_parameters.{name}")
    if len(json.dumps(parameters).encode()) > MAX_PARAMETERS_BYTES:
        raise invalid_parameter("The JSON of base_parameters exceeds 1 MB.")
    return parameters


def _dependencies(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise malformed_request("depends_on must be a list.")
    return tuple(
        read_string(read_object(item, "depends_on").get("task_key", ""), "task_key")
        for item in value
    )


def _check_graph(tasks: Sequence[TaskSpec]) -> None:
    waiting = {task.key: set(task.depends_on) for task in tasks}
    if len(waiting) != len(tasks):
        raise invalid_parameter("The task keys must be unique.")
    while ready := {key for key, upstream in waiting.items() if not upstream & waiting.keys()}:
        for key in ready:
            unknown = waiting.pop(key) - {task.key for task in tasks}
            if unknown:
                raise invalid_parameter(f"Task {key} depends on unknown tasks: {sorted(unknown)}")
    if waiting:
        raise invalid_parameter("The dependencies of the tasks form a cycle.")


def read_object(value: object, name: str) -> dict[str, Any]:
    """Return a value that must be an object; raise if it is not."""
    if not isinstance(value, dict):
        raise malformed_request(f"Could not parse request object: {name} must be an object.")
    return value


def read_string(value: object, name: str) -> str:
    """Return a value that must be a string; raise if it is not."""
    if not isinstance(value, str):
        raise malformed_request(f"Could not parse request object: {name} must be a string.")
    return value
