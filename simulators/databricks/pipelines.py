"""Simulates pipelines of Delta Live Tables, whose updates have states but no data.

The pipeline's configuration sets the course of an update: `simulator.startSeconds`,
`simulator.runSeconds`, `simulator.outcome` and `simulator.retryOutcome` (`COMPLETED` or `FAILED`).
The state of an update is a function of the time, so an update continues while the simulator is
stopped.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simulators.databricks.errors import ApiError
from simulators.databricks.submission import read_object, read_string

STOP_SECONDS = 0.05
_FINAL = frozenset({"COMPLETED", "FAILED", "CANCELED"})
_START = ("QUEUED", "CREATED", "WAITING_FOR_RESOURCES", "INITIALIZING", "SETTING_UP_TABLES")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A pipeline with the specification of its creation."""

    pipeline_id: str
    spec: Mapping[str, Any]

    def setting(self, name: str, default: str) -> str:
        """Return an entry of the configuration."""
        return str((self.spec.get("configuration") or {}).get(f"simulator.{name}", default))


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One update of a pipeline; times are in seconds since 1970."""

    update_id: str
    pipeline: Pipeline
    started_at: float
    full_refresh: bool
    is_retry: bool = False
    """True if the service started the update after a failed one."""
    stopped_at: float | None = None

    def state(self, now: float) -> str:
        """Return the state at a time."""
        if self.stopped_at is not None:
            return "STOPPING" if now < self.stopped_at + STOP_SECONDS else "CANCELED"
        age = now - self.started_at
        starting = float(self.pipeline.setting("startSeconds", "0.05"))
        if age < starting:
            words = ("RESETTING", *_START[1:]) if self.full_refresh else _START
            return words[int(age / starting * len(words))]
        if age < starting + float(self.pipeline.setting("runSeconds", "0.05")):
            return "RUNNING"
        outcome = self.pipeline.setting("outcome", "COMPLETED")
        return self.pipeline.setting("retryOutcome", outcome) if self.is_retry else outcome

    def as_json(self, now: float) -> dict[str, Any]:
        """Return the update in the form of the API."""
        return {
            "pipeline_id": self.pipeline.pipeline_id,
            "update_id": self.update_id,
            "cause": "RETRY_ON_FAILURE" if self.is_retry else "API_CALL",
            "state": self.state(now),
            "full_refresh": self.full_refresh,
            "creation_time": int(self.started_at * 1000),
            "mode": "DEFAULT",
        }


class Pipelines:
    """The pipelines of the workspace and their updates, stored in `pipelines.jsonl`."""

    def __init__(self, data: Path) -> None:
        path = data / "pipelines.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._pipelines: dict[str, Pipeline] = {}
        self._updates: dict[str, Update] = {}
        for line in lines:
            self._enter(json.loads(line))
        self._file = path.open("a", encoding="utf-8")

    def create(self, body: object) -> str:
        """Create a pipeline and return its id."""
        spec = read_object(body, "the request")
        read_string(spec.get("name"), "name")
        pipeline_id = str(uuid.uuid4())
        self._write({"kind": "pipeline", "id": pipeline_id, "spec": spec})
        return pipeline_id

    def get(self, pipeline_id: str) -> Pipeline:
        """Return a pipeline; raise the service's error if it does not exist."""
        pipeline = self._pipelines.get(pipeline_id)
        if pipeline is None:
            message = f"The specified pipeline {pipeline_id} was not found."
            raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", message)
        return pipeline

    def all(self) -> list[Pipeline]:
        """Return all pipelines, sorted by name."""
        return sorted(self._pipelines.values(), key=lambda each: each.spec["name"])

    def start(self, pipeline_id: str, *, full_refresh: bool, is_retry: bool = False) -> Update:
        """Start an update; raise if another update is active."""
        self.get(pipeline_id)
        active = self.active(pipeline_id)
        if active is not None:
            message = f"An active update {active.update_id} already exists."
            raise ApiError(409, "CONFLICT", message)
        update_id = str(uuid.uuid4())
        self._write(
            {
                "kind": "update",
                "id": update_id,
                "pipeline": pipeline_id,
                "at": time.time(),
                "full_refresh": full_refresh,
                "is_retry": is_retry,
            }
        )
        return self._updates[update_id]

    def stop(self, pipeline_id: str) -> None:
        """Stop the active update, if the pipeline has one."""
        self.get(pipeline_id)
        active = self.active(pipeline_id)
        if active is not None and active.stopped_at is None:
            self._write({"kind": "stop", "id": active.update_id, "at": time.time()})

    def update(self, pipeline_id: str, update_id: str) -> Update:
        """Return an update; raise the service's error if it does not exist."""
        self.get(pipeline_id)
        update = self._updates.get(update_id)
        if update is None or update.pipeline.pipeline_id != pipeline_id:
            message = f"The specified update {update_id} was not found."
            raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", message)
        return update

    def updates(self, pipeline_id: str) -> list[Update]:
        """Return the updates of a pipeline, newest first."""
        self.get(pipeline_id)
        found = [
            each for each in self._updates.values() if each.pipeline.pipeline_id == pipeline_id
        ]
        return found[::-1]

    def active(self, pipeline_id: str) -> Update | None:
        """Return the active update."""
        now = time.time()
        going = (each for each in self.updates(pipeline_id) if each.state(now) not in _FINAL)
        return next(going, None)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, record: dict[str, Any]) -> None:
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()
        self._enter(record)

    def _enter(self, record: dict[str, Any]) -> None:
        name = record["id"]
        match record["kind"]:
            case "pipeline":
                self._pipelines[name] = Pipeline(pipeline_id=name, spec=record["spec"])
            case "update":
                self._updates[name] = Update(
                    update_id=name,
                    pipeline=self._pipelines[record["pipeline"]],
                    started_at=record["at"],
                    full_refresh=record["full_refresh"],
                    is_retry=record["is_retry"],
                )
            case _:
                self._updates[name] = replace(self._updates[name], stopped_at=record["at"])
