"""Defines webhooks, which receive run events, and the filters that select the events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from polysync_core.domain.definitions.base import (
    Definition,
    ObjectName,
    SecretText,
    Tags,
    Value,
)
from polysync_core.domain.runs.run import RunStatus

_FEW = 100


class EventFilter(Value):
    """Filters events: every part must match, and an empty part matches every event."""

    tasks: Annotated[tuple[ObjectName, ...], Field(max_length=_FEW)] = ()
    statuses: Annotated[tuple[RunStatus, ...], Field(max_length=len(RunStatus))] = ()
    """The new statuses of a run."""
    problems: bool = False
    """True if the begin and the end of a run's problem are events, too."""
    deadlines: bool = False
    """True if missed deadlines and their recoveries are events, too."""
    drift: bool = False
    """True to receive the drift of Jobs, too, which the nightly check finds."""
    tags: Tags = Field(default_factory=dict)
    """Tags that the Task of the run must have, with these values; for drift, the Job."""

    def accepts(
        self,
        task: str | None,
        status: RunStatus,
        tags: Mapping[str, str],
        *,
        is_problem: bool = False,
    ) -> bool:
        """Return whether the filter accepts an event; the statuses do not filter problems."""
        is_wanted = self.problems if is_problem else not self.statuses or status in self.statuses
        return (
            (not self.tasks or task in self.tasks)
            and is_wanted
            and all(tags.get(name) == value for name, value in self.tags.items())
        )

    def accepts_deadline(self, task: str | None, tags: Mapping[str, str]) -> bool:
        """Return whether the filter accepts a missed deadline, or its recovery."""
        return (
            self.deadlines
            and (not self.tasks or task in self.tasks)
            and all(tags.get(name) == value for name, value in self.tags.items())
        )

    def accepts_drift(self, tasks: Sequence[str], tags: Mapping[str, str]) -> bool:
        """Return whether the filter accepts the drift of a Job that affects some Tasks."""
        return (
            self.drift
            and (not self.tasks or not {*self.tasks}.isdisjoint(tasks))
            and all(tags.get(name) == value for name, value in self.tags.items())
        )


class Webhook(Definition):
    """A URL that gets events, with the secret that signs them."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    events: EventFilter = EventFilter()
    secret: SecretText
    """The key of the signature."""
    enabled: bool = True
