"""Computes the states of simulated dbt Cloud runs from scripts and elapsed time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

QUEUED, RUNNING, SUCCESS, ERROR, CANCELLED = 1, 3, 10, 20, 30
_WORDS = {QUEUED: "Queued", RUNNING: "Running", SUCCESS: "Success", ERROR: "Error"}
_QUEUE = timedelta(milliseconds=20)
PROJECT = 7


class JobScript(BaseModel):
    """A job with the course of its runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    description: str = ""
    execute_steps: tuple[str, ...] = ("dbt build",)
    job_type: Literal["scheduled", "ci", "merge", "other"] = "scheduled"
    seconds: float | None = 0.0
    """None: a run continues until it is cancelled."""
    outcome: Literal["success", "error"] = "success"
    logs: str = ""
    """The log of the last step."""
    results: dict[str, str] = {}
    """The status of each node in `run_results.json`; without a node, no such artifact exists."""


@dataclass(slots=True, kw_only=True)
class Run:
    """A run of a job."""

    id: int
    job_id: int
    job: JobScript
    trigger: Mapping[str, Any]
    retries: int | None = None
    """The id of the failed run that this run retries."""
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    cancelled: datetime | None = None

    def status(self, now: datetime) -> int:
        """Return the number of the state."""
        if self.cancelled is not None:
            return CANCELLED
        started = self.created + _QUEUE
        if now < started:
            return QUEUED
        seconds = self.job.seconds
        if seconds is None or now < started + timedelta(seconds=seconds):
            return RUNNING
        return SUCCESS if self.job.outcome == "success" else ERROR

    def as_json(self, account: int, now: datetime, related: str) -> dict[str, Any]:
        """Return the run with the related objects that a request names."""
        status = self.status(now)
        is_complete = status not in {QUEUED, RUNNING}
        started = None if status == QUEUED else self.created + _QUEUE
        ended = self.cancelled or (started or now) + timedelta(seconds=self.job.seconds or 0)
        answer: dict[str, Any] = {
            "id": self.id,
            "account_id": account,
            "project_id": PROJECT,
            "environment_id": 5,
            "job_definition_id": self.job_id,
            "job_id": self.job_id,
            "status": status,
            "status_humanized": _WORDS.get(status, "Cancelled"),
            "status_message": None,
            "created_at": _stamp(self.created),
            "started_at": _stamp(started),
            "finished_at": _stamp(ended) if is_complete else None,
            "blocked_by": [],
            "is_complete": is_complete,
            "retrying_run_id": self.retries,
            "can_retry": status == ERROR,
            "retry_not_supported_reason": None if status == ERROR else "RUN_NOT_FAILED",
        }
        if "trigger" in related:
            answer["trigger"] = dict(self.trigger)
        if "run_steps" in related:
            answer["run_steps"] = self._steps(status) if is_complete else []
        return answer

    def _steps(self, status: int) -> list[dict[str, Any]]:
        commands = self.trigger.get("steps_override") or self.job.execute_steps
        steps = [
            {
                "id": self.id * 100 + index,
                "run_id": self.id,
                "index": index,
                "name": f"Invoke dbt with `{command}`",
                "status": SUCCESS,
                "logs": "",
            }
            for index, command in enumerate(commands, start=1)
        ]
        steps[-1] |= {"status": status, "logs": self.job.logs}
        return steps

    def artifact(self) -> dict[str, Any] | None:
        """Return `run_results.json`; None if the run wrote none."""
        if not self.job.results:
            return None
        results = [{"unique_id": node, "status": s} for node, s in self.job.results.items()]
        return {"metadata": {}, "results": results, "elapsed_time": 1.5, "args": {}}


def job_json(job_id: int, account: int, job: JobScript) -> dict[str, Any]:
    """Return a job."""
    return {
        "id": job_id,
        "account_id": account,
        "project_id": PROJECT,
        "environment_id": 5,
        "name": job.name,
        "description": job.description,
        "execute_steps": list(job.execute_steps),
        "job_type": job.job_type,
        "state": 1,
        "triggers": {"github_webhook": False, "schedule": False},
    }


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else str(moment.astimezone(UTC))
