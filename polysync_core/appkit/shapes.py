"""What Databricks answers, by the fields that callers use most; further ones come through as well.

https://docs.databricks.com/api/azure/workspace/jobs
"""

from __future__ import annotations

from typing import Any, TypedDict


class RunState(TypedDict, total=False):
    """Where a run is in its life."""

    life_cycle_state: str
    result_state: str
    state_message: str


class Run(TypedDict, total=False):
    """A run."""

    run_id: int
    job_id: int
    run_name: str
    run_page_url: str
    creator_user_name: str
    state: RunState
    start_time: int
    end_time: int
    tasks: list[dict[str, Any]]


class RunStarted(TypedDict, total=False):
    """The answer to the start of a run."""

    run_id: int
    number_in_job: int


class RunOutput(TypedDict, total=False):
    """What a run has brought."""

    metadata: Run
    notebook_output: dict[str, Any]
    error: str
    error_trace: str
    logs: str


class JobSettings(TypedDict, total=False):
    """How a job is defined."""

    name: str
    tasks: list[dict[str, Any]]


class Job(TypedDict, total=False):
    """A job as the workspace has it."""

    job_id: int
    creator_user_name: str
    settings: JobSettings
