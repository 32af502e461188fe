"""Simulates Fabric items and item runs, whose states depend on the elapsed time."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from simulators.serving import Refusal

JOB_TYPES: Mapping[str, frozenset[str]] = {
    "Notebook": frozenset({"runnotebook", "execute"}),
    "DataPipeline": frozenset({"pipeline", "execute"}),
    "Dataflow": frozenset({"refresh", "execute"}),
    "SparkJobDefinition": frozenset({"sparkjob"}),
}
"""Names of the jobs, in lower case, by item type."""

_QUEUE_SECONDS, _RUN_SECONDS = 0.01, 0.05
_NOTEBOOK_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
}
_SPARK_DATA = frozenset(
    {
        "executableFile",
        "mainClass",
        "commandLineArguments",
        "additionalLibraryUris",
        "defaultLakehouseId",
        "environmentId",
    }
)


class ItemScript(BaseModel):
    """An item, and the course of its runs."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    type: Literal["Notebook", "DataPipeline", "Dataflow", "SparkJobDefinition", "Lakehouse"]
    display_name: str = Field(alias="displayName")
    description: str = ""
    files: dict[str, str] = Field(default_factory=dict)
    """The files of the definition by their paths; `*.ipynb` is returned for that format only."""
    parameters: list[dict[str, Any]] | None = None
    """The parameters of a dataflow; None: the dataflow is not parametric."""
    outcome: Literal["Completed", "Failed"] | None = "Completed"
    """None: a run continues until it is stopped."""
    failure: dict[str, Any] | None = None
    """The `failureReason` of a failed run."""
    exit_value: str | None = Field(None, alias="exitValue")
    activities: list[dict[str, Any]] = Field(default_factory=list)
    """The activities of each run of a pipeline."""
    deduplicates: bool = False
    """True if Fabric skips a run while another run is active."""


@dataclass(slots=True, kw_only=True)
class JobInstance:
    """A run of an item."""

    item_id: str
    item: ItemScript
    job: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    stopped: datetime | None = None
    is_skipped: bool = False
    _since: float = field(default_factory=time.monotonic)

    @property
    def status(self) -> str:
        """Fabric's word for the state."""
        age = time.monotonic() - self._since
        if self.is_skipped:
            return "Deduped"
        if self.stopped is not None:
            return "Cancelled"
        if age < _QUEUE_SECONDS:
            return "NotStarted"
        return "InProgress" if age < _RUN_SECONDS else self.item.outcome or "InProgress"

    @property
    def is_over(self) -> bool:
        """True if the run has ended."""
        return self.status not in {"NotStarted", "InProgress"}

    def as_json(self) -> dict[str, Any]:
        """Return the run as Fabric does: times have seven digits and no zone."""
        status = self.status
        shown: dict[str, Any] = {
            "id": self.id,
            "itemId": self.item_id,
            "jobType": self.job,
            "invokeType": "Manual",
            "status": status,
            "rootActivityId": self.id,
            "startTimeUtc": _time(self.begun),
            "endTimeUtc": _time(self.stopped or datetime.now(UTC)) if self.is_over else None,
            "failureReason": self.item.failure if status == "Failed" else None,
        }
        if self.item.type == "Notebook" and status == "Completed":
            shown["exitValue"] = self.item.exit_value
        return shown


class Workspace:
    """The items of one workspace, and their runs."""

    def __init__(self, data: Path, *, page_size: int) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.items: dict[str, ItemScript] = {}
        self.runs: dict[str, JobInstance] = {}
        self.operations: dict[str, dict[str, Any]] = {}
        """The results of long-running operations by their ids."""
        self.page_size = page_size
        self._submissions = (data / "submissions.jsonl").open("a", encoding="utf-8")

    def close(self) -> None:
        """Close the file of started runs."""
        self._submissions.close()

    def item(self, item_id: str, item_type: str | None = None) -> ItemScript:
        """Return an item."""
        item = self.items.get(item_id.lower())
        if item is None or item_type not in {None, item.type}:
            raise Refusal(404, "ItemNotFound", "Requested item ID not found.")
        return item

    def run(self, item_id: str, run_id: str) -> JobInstance:
        """Return a run of an item."""
        run = self.runs.get(run_id.lower())
        if run is None or run.item_id != item_id.lower():
            raise Refusal(404, "EntityNotFound", "The job instance could not be found.")
        return run

    def start(self, item_id: str, job: str, body: Mapping[str, Any]) -> JobInstance:
        """Start a run and record it."""
        item = self.item(item_id)
        if job.lower() not in JOB_TYPES.get(item.type, frozenset()):
            raise Refusal(400, "InvalidJobType", "The requested job type is invalid.")
        execution = body.get("executionData") or {}
        _check_execution(item.type, execution)
        active = item.deduplicates and any(
            each.item_id == item_id.lower() and not each.is_over for each in self.runs.values()
        )
        run = JobInstance(item_id=item_id.lower(), item=item, job=job, is_skipped=bool(active))
        self.runs[run.id] = run
        self._record(run, execution, body.get("parameters"))
        return run

    def _record(self, run: JobInstance, execution: Any, parameters: Any) -> None:
        line = {
            "run_id": run.id,
            "item": run.item_id,
            "at": run.begun.isoformat(),
            "execution": execution,
            "parameters": parameters,
        }
        self._submissions.write(json.dumps(line) + "\n")
        self._submissions.flush()

    def runs_of(self, item_id: str) -> list[JobInstance]:
        """Return the runs of an item, newest first."""
        self.item(item_id)
        return [each for each in reversed(self.runs.values()) if each.item_id == item_id.lower()]


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}7"


def _check_execution(item_type: str, execution: Any) -> None:
    """Refuse data of a run that has another form than that of the item type."""
    if not isinstance(execution, dict) or not _fits(item_type, execution):
        raise Refusal(400, "InvalidInput", "The executionData of the request is invalid.")


def _fits(item_type: str, execution: Mapping[str, Any]) -> bool:
    given = execution.get("parameters")
    match item_type:
        case "Notebook":
            entries = (given or {}).values() if isinstance(given, dict | None) else [None]
            return all(_is_typed(each) for each in entries)
        case "DataPipeline":
            return given is None or isinstance(given, dict)
        case "Dataflow":
            names = {"parameterName", "type", "value"}
            return given is None or (
                isinstance(given, list)
                and all(each.keys() == names and each["type"] == "Automatic" for each in given)
            )
        case _:
            arguments = execution.get("commandLineArguments", "")
            return execution.keys() <= _SPARK_DATA and isinstance(arguments, str)


def _is_typed(entry: Any) -> bool:
    if not isinstance(entry, dict) or entry.keys() != {"value", "type"}:
        return False
    expected = _NOTEBOOK_TYPES.get(entry["type"], ())
    is_other_bool = isinstance(entry["value"], bool) and bool not in expected
    return isinstance(entry["value"], expected) and not is_other_bool
