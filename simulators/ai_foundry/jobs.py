"""Stores the jobs of the simulated workspace, and computes job states from elapsed time.

Jobs therefore continue while the simulator is stopped, as those of a real workspace would.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from simulators.ai_foundry.definitions import check_definition, steps
from simulators.ai_foundry.errors import ApiError, bad_argument, no_such_job
from simulators.ai_foundry.programs import ENDLESS, ProgramFailed

CANCEL_SECONDS = 0.05
_STARTING = ("NotStarted", "Starting", "Provisioning", "Preparing", "Queued")
_FINAL = frozenset({"Completed", "Failed", "Canceled"})
_MUTABLE = frozenset({"description", "displayName", "isArchived", "properties", "tags"})
_READ_ONLY = frozenset({"error", "services", "startTime", "status", "endTime"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The duration of jobs."""

    starting: float = 1.0
    step: float = 1.5
    """Seconds per step of a pipeline; a command and a sweep have one step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job; times are in seconds since 1970."""

    name: str
    properties: Mapping[str, Any]
    created_at: float
    pace: Pace
    cancelled_at: float | None = None

    @property
    def is_template(self) -> bool:
        """True if the job existed when the simulator started."""
        return self.created_at == 0

    def state(self, now: float) -> str:
        """Return the state at a time."""
        if self.cancelled_at is not None:
            return "CancelRequested" if now < self.cancelled_at + CANCEL_SECONDS else "Canceled"
        age, starting = now - self.created_at, self.pace.starting
        if age < starting:
            return _STARTING[int(age / starting * len(_STARTING))]
        if now < self._ends_at:
            return "Running"
        return "Completed" if isinstance(self.result(), dict) else "Failed"

    @property
    def _ends_at(self) -> float:
        programs = [step.program for step in steps(self.properties)]
        if ENDLESS.intersection(programs):
            return float("inf")
        return self.created_at + self.pace.starting + len(programs) * self.pace.step

    def ended_at(self, now: float) -> float | None:
        """Return the end time; None while the job runs."""
        state = self.state(now)
        if state == "Canceled" and self.cancelled_at is not None:
            return self.cancelled_at + CANCEL_SECONDS
        return self._ends_at if state in _FINAL else None

    def result(self) -> dict[str, str] | str:
        """Return the computed outputs, or the error text of the failed program."""
        outputs: dict[str, str] = {}
        try:
            for step in steps(self.properties):
                outputs.update(step.run())
        except ProgramFailed as error:
            return str(error)
        return outputs

    def as_json(self, path: str, now: float) -> dict[str, Any]:
        """Return the job in the form of the API."""
        state, ended = self.state(now), self.ended_at(now)
        started = self.created_at + self.pace.starting
        properties: dict[str, Any] = {
            **self.properties,
            "status": state,
            "services": {
                "Studio": {"jobServiceType": "Studio", "endpoint": "https://ml.azure.com"}
            },
            "outputs": self._outputs(state),
            "startTime": _iso(started) if now >= started else None,
            "endTime": None if ended is None else _iso(ended),
        }
        if state == "Failed":
            properties["error"] = self._error()
        return {
            "id": f"{path}/jobs/{self.name}",
            "name": self.name,
            "type": "Microsoft.MachineLearningServices/workspaces/jobs",
            "properties": properties,
            "systemData": {
                "createdAt": _iso(self.created_at),
                "createdBy": "Engineer",
                "createdByType": "User",
            },
        }

    def _error(self) -> dict[str, Any]:
        """Return the error; that of a pipeline names its failed child job."""
        own = {"code": "UserError", "message": str(self.result())}
        if self.properties["jobType"] != "Pipeline":
            return own
        failed = self._failed_node()
        message = (
            f"Pipeline has failed child jobs. Failed nodes: /{failed}. For more details and logs, "
            "please go to the job detail page and check the child jobs."
        )
        return {"code": "UserError", "message": message, "details": [{**own, "target": failed}]}

    def _failed_node(self) -> str:
        """Return the name of the first node of a pipeline whose program fails."""
        for name, step in zip(self.properties["jobs"], steps(self.properties), strict=True):
            try:
                step.run()
            except ProgramFailed:
                return str(name)
        raise AssertionError("the job has not failed")

    def _outputs(self, state: str) -> dict[str, Any]:
        declared = {
            "default": {"jobOutputType": "uri_folder"},
            **(self.properties["outputs"] or {}),
        }
        found = self.result() if state == "Completed" else None
        values = found if isinstance(found, dict) else {}
        store = "azureml://datastores/workspaceblobstore/paths/azureml"
        return {
            name: {
                **(entry or {}),
                "uri": f"{store}/{self.name}/{name}/",
                **({"value": values[name]} if name in values else {}),
            }
            for name, entry in declared.items()
        }


class Jobs:
    """The jobs of the workspace, stored in `jobs.jsonl`."""

    def __init__(self, data: Path, pace: Pace, templates: Mapping[str, Mapping[str, Any]]) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self._pace = pace
        self._jobs: dict[str, Job] = {}
        for name, properties in templates.items():
            self._enter({"kind": "job", "name": name, "properties": properties, "at": 0})
        path = data / "jobs.jsonl"
        for record in _records(path):
            self._enter(record)
        self._file = path.open("a", encoding="utf-8")
        self._submissions = (data / "submissions.jsonl").open("a", encoding="utf-8")

    def put(self, name: str, given: Mapping[str, Any]) -> tuple[Job, bool]:
        """Create a job or change its mutable fields; return the job and whether it is new."""
        writable = {key: value for key, value in given.items() if key not in _READ_ONLY}
        properties = {"outputs": {}, **writable}
        check_definition(properties)
        known = self._jobs.get(name)
        if known is not None and _fixed(known.properties) != _fixed(properties):
            message = f"Job {name} exists; its definition cannot be changed."
            raise ApiError(409, "UserError", message, inner="ImmutablePropertyChanged")
        at = time.time() if known is None else known.created_at
        self._write({"kind": "job", "name": name, "properties": properties, "at": at})
        shown = properties.get("displayName")
        line = {"name": name, "display_name": shown, "time": time.time(), "repeat": bool(known)}
        _append(self._submissions, line)
        return self._jobs[name], known is None

    def get(self, name: str) -> Job:
        """Return a job; raise the service's error if it does not exist."""
        if name not in self._jobs:
            raise no_such_job(name)
        return self._jobs[name]

    def cancel(self, name: str) -> None:
        """Request the cancellation of a job; raise if the job has ended."""
        job, now = self.get(name), time.time()
        state = job.state(now)
        if state in _FINAL:
            raise bad_argument(f"Run {name} is {state} and cannot be canceled.")
        if job.cancelled_at is None:
            self._write({"kind": "cancel", "name": name, "at": now})

    def matching(self, wanted: Callable[[Job], bool]) -> list[Job]:
        """Return the jobs that a predicate selects, newest first."""
        return [job for job in reversed(self._jobs.values()) if wanted(job)]

    def _write(self, record: dict[str, Any]) -> None:
        _append(self._file, record)
        self._enter(record)

    def _enter(self, record: Mapping[str, Any]) -> None:
        name = record["name"]
        if record["kind"] == "cancel":
            self._jobs[name] = replace(self._jobs[name], cancelled_at=record["at"])
            return
        known = self._jobs.get(name)
        job = Job(
            name=name,
            properties=record["properties"],
            created_at=record["at"],
            pace=self._pace,
            cancelled_at=None if known is None else known.cancelled_at,
        )
        self._jobs[name] = job


def _records(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the stored records; drop a partial last line that a killed process left."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if text and not text.endswith("\n"):
        path.write_text(text := text[: text.rfind("\n") + 1], encoding="utf-8")
    yield from map(json.loads, text.splitlines())


def _append(file: TextIO, value: Mapping[str, Any]) -> None:
    file.write(json.dumps(value) + "\n")
    file.flush()


def _fixed(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in _MUTABLE}


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
