"""Stores the jobs of the workspace, and converts `run-now` requests to run submissions."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simulators.databricks.compute import ClusterCatalogue
from simulators.databricks.errors import ApiError, invalid_parameter
from simulators.databricks.submission import (
    Submission,
    read_object,
    read_string,
    read_submission,
    read_token,
)
from simulators.databricks.task_kinds import with_parameters

MAX_NAME = 4096
_TEXT_MAPS = ("notebook_params", "python_named_params", "sql_params")
_TEXT_LISTS = ("jar_params", "python_params", "spark_submit_params", "dbt_commands")
_SHORT = frozenset({"notebook_params", "jar_params", "python_params", "spark_submit_params"})
_MAX_SHORT_BYTES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDefinition:
    """A job with the settings of its creation."""

    job_id: int
    created_at: int
    settings: Mapping[str, Any]

    def as_json(self, *, with_tasks: bool = True) -> dict[str, Any]:
        """Return the job in the form of `jobs/get` or of an entry of `jobs/list`."""
        settings = dict(self.settings)
        if not with_tasks:
            settings.pop("tasks", None)
        return {
            "job_id": self.job_id,
            "created_time": self.created_at,
            "creator_user_name": "engineer@example.com",
            "settings": settings,
        }


class JobDefinitions:
    """The jobs of the workspace, stored in `jobs.jsonl`."""

    def __init__(self, data: Path) -> None:
        path = data / "jobs.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._jobs: dict[int, JobDefinition] = {}
        for line in lines:
            self._enter(json.loads(line))
        self._file = path.open("a", encoding="utf-8")
        self._ids = itertools.count(time.time_ns() // 1000)

    def create(self, body: object, clusters: ClusterCatalogue) -> int:
        """Create a job and return its id."""
        settings = read_object(body, "the request")
        name = read_string(settings.get("name", "Untitled"), "name")
        if len(name.encode()) > MAX_NAME:
            raise invalid_parameter(f"name is longer than {MAX_NAME} bytes.")
        job = JobDefinition(
            job_id=next(self._ids),
            created_at=time.time_ns() // 1_000_000,
            settings={"name": name, "max_concurrent_runs": 1, "format": "MULTI_TASK", **settings},
        )
        # A job that could not run is refused now.
        submission_of(job, {}, clusters)
        self._write({"job_id": job.job_id, "created_at": job.created_at, "settings": job.settings})
        return job.job_id

    def delete(self, job_id: int) -> None:
        """Delete a job."""
        self.get(job_id)
        self._write({"deleted": job_id})

    def get(self, job_id: int) -> JobDefinition:
        """Return a job; raise the service's error if it does not exist."""
        job = self._jobs.get(job_id)
        if job is None:
            raise invalid_parameter(f"Job {job_id} does not exist.")
        return job

    def list(
        self, *, limit: int, below: int, name: str | None
    ) -> tuple[list[JobDefinition], int | None]:
        """Return a page of jobs, newest first, and the cursor of the next page."""
        wanted = name.casefold() if name else None
        matching = [
            job
            for job in reversed(self._jobs.values())
            if job.job_id < below and wanted in {None, job.settings["name"].casefold()}
        ]
        page = matching[:limit]
        return page, page[-1].job_id if len(matching) > limit else None

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, record: dict[str, Any]) -> None:
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()
        self._enter(record)

    def _enter(self, record: dict[str, Any]) -> None:
        if "deleted" in record:
            self._jobs.pop(record["deleted"], None)
        else:
            self._jobs[record["job_id"]] = JobDefinition(**record)


def submission_of(
    job: JobDefinition, body: Mapping[str, Any], clusters: ClusterCatalogue
) -> Submission:
    """Return the submission for a `run-now` request of a job."""
    overriding = _overriding(body)
    given = _texts(body.get("job_parameters"), "job_parameters")
    if given and overriding:
        raise invalid_parameter(
            "The request contains parameters of tasks and job parameters; use only one of them."
        )
    defaults = {
        read_string(each["name"], "name"): read_string(each.get("default", ""), "default")
        for each in job.settings.get("parameters", [])
    }
    pushed = {**defaults, **given}
    request = {
        "run_name": job.settings["name"],
        "timeout_seconds": job.settings.get("timeout_seconds", 0),
        "idempotency_token": read_token(body),
        "tasks": [
            with_parameters(read_object(task, "a task"), pushed, overriding)
            for task in job.settings.get("tasks") or []
        ],
    }
    submission = read_submission(request, clusters)
    return replace(submission, job_id=job.job_id, job_parameters=pushed, overriding=overriding)


def child_submission(
    jobs: JobDefinitions, clusters: ClusterCatalogue, settings: Mapping[str, Any]
) -> Submission:
    """Return the submission of the job that a task runs."""
    job_id = settings.get("job_id")
    job = jobs.get(job_id if isinstance(job_id, int) else 0)
    return submission_of(job, {"job_parameters": settings.get("job_parameters")}, clusters)


def _overriding(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the task parameters that a request sets for a run."""
    found: dict[str, Any] = {}
    for name in _TEXT_MAPS:
        if body.get(name):
            found[name] = _texts(body[name], name)
    for name in _TEXT_LISTS:
        if body.get(name):
            if not isinstance(body[name], list):
                raise invalid_parameter(f"{name} must be a list of texts.")
            found[name] = [read_string(each, name) for each in body[name]]
    if body.get("pipeline_params"):
        found["pipeline_params"] = read_object(body["pipeline_params"], "pipeline_params")
    for name in _SHORT & found.keys():
        if len(json.dumps({name: found[name]})) > _MAX_SHORT_BYTES:
            raise ApiError(400, "INVALID_PARAMETER_VALUE", f"{name} exceeds 10,000 bytes.")
    return found


def _texts(value: object, name: str) -> dict[str, str]:
    given = read_object({} if value is None else value, name)
    return {key: read_string(text, f"{name}.{key}") for key, text in given.items()}
