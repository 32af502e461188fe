"""Webhooks: who is told by HTTP of what happens to runs."""

from __future__ import annotations

from collections.abc import Mapping
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
    """Which events are wanted: an empty part is met by all, and every part must be met."""

    tasks: Annotated[tuple[ObjectName, ...], Field(max_length=_FEW)] = ()
    statuses: Annotated[tuple[RunStatus, ...], Field(max_length=len(RunStatus))] = ()
    """The statuses that a run takes on."""
    tags: Tags = Field(default_factory=dict)
    """Tags that the run's Task has, each with this value."""

    def accepts(self, task: str, status: RunStatus, tags: Mapping[str, str]) -> bool:
        """Tell whether an event is wanted."""
        return (
            (not self.tasks or task in self.tasks)
            and (not self.statuses or status in self.statuses)
            and all(tags.get(name) == value for name, value in self.tags.items())
        )


class Webhook(Definition):
    """A receiver of events, and the secret that proves to it who sends them."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    events: EventFilter = EventFilter()
    secret: SecretText
    """The key of the signature."""
    enabled: bool = True
