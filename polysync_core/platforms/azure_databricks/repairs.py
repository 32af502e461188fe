"""Reads the repairs in a Databricks run's history, and finds an attempt's repair.

A repair runs the failed tasks of a run again. The run keeps its id, so the external run id of such
an attempt is `<run id>:<repair id>`. The history of the run has an entry for each repair, in no
promised order.
https://docs.databricks.com/api/workspace/jobs/repairrun
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.azure_databricks.answers import moment_of, number_of, objects_in
from polysync_core.platforms.azure_databricks.states import RunState
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import RunNotFound

CLOCK_SKEW = timedelta(minutes=2)
"""The assumed lag of the workspace's clock behind Polysync's."""

_PRECISION = timedelta(seconds=1)
_ID = re.compile(r"(?P<run>[1-9][0-9]{0,18})(?::(?P<repair>[1-9][0-9]{0,18}))?")
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReference:
    """A run of a workspace, or one repair of it."""

    run: int
    repair: int | None = None

    @classmethod
    def parse(cls, external_run_id: str) -> RunReference:
        """Return the reference in an external run id; raise `RunNotFound` for another form."""
        found = _ID.fullmatch(external_run_id)
        if found is None:
            raise RunNotFound("the id of a Databricks run is a number")
        repair = found["repair"]
        return cls(run=int(found["run"]), repair=None if repair is None else int(repair))

    def __str__(self) -> str:
        """Return the external run id."""
        return str(self.run) if self.repair is None else f"{self.run}:{self.repair}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One repair in the history of a run."""

    id: int
    started_at: datetime | None
    entry: JsonObject

    @property
    def has_ended(self) -> bool:
        """Return whether the repair has ended; a repair without a known state has not."""
        state = RunState.of(self.entry)
        return state is not None and state.status.is_final

    def may_belong_to_attempt(self, begun_at: datetime) -> bool:
        """Return whether an attempt that began at this time may have started the repair."""
        earliest = begun_at - (_PRECISION if self.has_ended else CLOCK_SKEW)
        return self.started_at is None or self.started_at >= earliest


def repairs_in(run: JsonObject) -> list[Repair]:
    """Return the repairs in the history of a run, oldest first."""
    found = [
        Repair(id=number, started_at=moment_of(entry, "start_time"), entry=entry)
        for entry in objects_in(run, "repair_history")
        if (number := number_of(entry, "id")) is not None and entry.get("type") != "ORIGINAL"
    ]
    return sorted(found, key=lambda each: (each.started_at or _NEVER, each.id))


def repair_of_attempt(
    repairs: Sequence[Repair], repaired: RunReference, begun_at: datetime
) -> Repair | None:
    """Return the repair that an attempt started after the one that it repairs, or None."""
    others = [each for each in repairs if each.id != repaired.repair]
    return next((each for each in others if each.may_belong_to_attempt(begun_at)), None)


def state_of_repair(run: JsonObject, reference: RunReference) -> JsonObject:
    """Return a run with the state, times and tasks of one of its repairs.

    The history may lack a new repair while the run is active; then the run's own state counts.
    Raises `UnexpectedAnswer` if the history lacks the repair of an ended run.
    """
    found = next((each for each in repairs_in(run) if each.id == reference.repair), None)
    if found is None:
        state = RunState.of(run)
        if state is None or state.status.is_final:
            raise UnexpectedAnswer
        return run
    known = found.entry.get("task_run_ids")
    numbers = known if isinstance(known, list) else []
    tasks = objects_in(run, "tasks")
    own_tasks = [task for task in tasks if task.get("run_id") in numbers]
    entry = {name: found.entry.get(name) for name in ("state", "status", "start_time", "end_time")}
    return {**run, **entry, "tasks": [*(own_tasks or tasks)]}
