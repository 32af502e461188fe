"""Starts the run of a Task for one received event or one batch of events."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from polysync_core.application.ports import Engine
from polysync_core.application.runs.accepting import RunFactory, RunSpec
from polysync_core.application.runs.finishing import RunFinisher, failure
from polysync_core.domain.arrivals.definition import Arrival
from polysync_core.domain.arrivals.run_arrival import ReceivedEvent, run_arrival, values_of
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import RunId, derived_run_id
from polysync_core.domain.runs.run import TriggerType
from polysync_core.domain.variables import arrival_facts, has_variables

ACTOR = "arrivals"
"""The actor of all runs that events start."""

_log = logging.getLogger(__name__)

type Prepare = Callable[[Task, RunSpec], RunSpec]
"""Adds the upstream outputs that a run without a gate needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The start of one run: its Task, its arrival and its events."""

    task: Task
    arrival: str
    parameters: Mapping[str, JsonValue]
    """The parameters of the arrival."""
    events: Sequence[ReceivedEvent]
    run_id: RunId
    at: datetime | None = None
    """The time of acceptance; None is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalStarter:
    """Creates the runs that events start."""

    factory: RunFactory
    finisher: RunFinisher
    prepare: Prepare

    def start(self, start: Start, engine: Engine) -> None:
        """Create the run of some events; a run that exists stays as it is.

        A run whose parameters are wrong is created as failed. Raises `ShardFull`.
        """
        spec = _spec(start)
        try:
            values = values_of(start.events, _facts(start.parameters))
            described = run_arrival(start.arrival, start.events, values)
            prepared = self.prepare(start.task, replace(spec, arrival=described))
            run = self.factory.queued_run(start.task, prepared)
        except Invalid as error:
            self._finished(start, failure(FailureCause.PARAMETERS, str(error)), engine)
            return
        self.factory.capacity.take(run.shard, engine)
        if self.factory.create(run) is not None:
            facts = {"task": start.task.name, "arrival": start.arrival, "run_id": run.run_id}
            extra = {"action": "arrival_started", "events": len(start.events), **facts}
            _log.info("An arrival started a run.", extra=extra)
            self.factory.enqueue(run, engine)

    def skip(self, start: Start, outcome: Outcome, engine: Engine) -> None:
        """Create a run that was skipped, so that its events are visible."""
        self._finished(start, outcome, engine)

    def _finished(self, start: Start, outcome: Outcome, engine: Engine) -> None:
        described = run_arrival(start.arrival, start.events, {})
        run = self.factory.finished_run(
            start.task, replace(_spec(start), arrival=described), outcome
        )
        stored = self.factory.create(run)
        if stored is not None:
            self.finisher.start_notifying(stored.run, engine)


def run_id_of_event(task: Task, arrival: Arrival, event: ReceivedEvent) -> RunId:
    """Return the id of the run that one event starts, however often it is delivered."""
    return derived_run_id("arrival", task.identity, arrival.name, event.event.key)


def _spec(start: Start) -> RunSpec:
    return RunSpec(
        run_id=start.run_id,
        trigger_type=TriggerType.ARRIVAL,
        actor=ACTOR,
        parameters=start.parameters,
        at=start.at,
    )


def _facts(parameters: Mapping[str, JsonValue]) -> frozenset[str]:
    """Return the facts of events that the parameters of an arrival name."""
    texts = [each for each in parameters.values() if isinstance(each, str)]
    return frozenset[str]().union(*(arrival_facts(text) for text in texts if has_variables(text)))
