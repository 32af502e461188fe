"""Defines simulated Google jobs, computes job states from elapsed time, and logs submits."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ENDLESS = "hang"
FAILING = "fail"
ERROR = "ValueError: no sales today"
CANCEL_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The duration of jobs, in seconds."""

    starting: float = 1.0
    running: float = 2.0


@dataclass(slots=True, kw_only=True)
class Run:
    """One job of a service; its program is `echo`, `fail` or `hang`."""

    id: str
    body: dict[str, Any]
    """The job as its creator wrote it."""
    program: str
    pace: Pace
    created_at: float = field(default_factory=time.time)
    stopped_at: float | None = None
    is_template: bool = False
    """True if the job existed before the first request; it has ended."""

    def state(self) -> str:
        """Return the state as a word without a prefix."""
        now = time.time()
        if self.stopped_at is not None:
            return "CANCELLING" if now < self.stopped_at + CANCEL_SECONDS else "CANCELLED"
        age = now - self.created_at
        if age < self.pace.starting and not self.is_template:
            return "QUEUED" if age < self.pace.starting / 2 else "PENDING"
        if not self.is_template and (self.program == ENDLESS or age < self._duration):
            return "RUNNING"
        return "FAILED" if self.program == FAILING and not self.is_template else "SUCCEEDED"

    @property
    def is_over(self) -> bool:
        """True if the job has ended."""
        return self.state() in {"SUCCEEDED", "FAILED", "CANCELLED"}

    @property
    def _duration(self) -> float:
        return self.pace.starting + self.pace.running

    def times(self) -> dict[str, str]:
        """Return the times that a job shows."""
        found = {"createTime": iso(self.created_at), "updateTime": iso(time.time())}
        if self.state() not in {"QUEUED", "PENDING"}:
            found["startTime"] = iso(self.created_at + self.pace.starting)
        if self.is_over:
            ended = self.created_at + self._duration
            found["endTime"] = iso(ended if self.stopped_at is None else self.stopped_at)
        return found


class Submissions:
    """Writes every accepted creation of a job to `submissions.jsonl`."""

    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self._file = (data / "submissions.jsonl").open("a", encoding="utf-8")

    def add(self, **facts: Any) -> None:
        """Append one line."""
        self._file.write(json.dumps(facts) + "\n")
        self._file.flush()


def program_in(name: str) -> str:
    """Return the program in the name of an image, a model or a file."""
    return name.rpartition("/")[2].partition(":")[0].partition("@")[0].partition(".")[0]


def iso(seconds: float) -> str:
    """Return a time in the form of Google's APIs."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
