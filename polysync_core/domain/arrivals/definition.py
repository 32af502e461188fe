"""Defines the settings by which received events start runs of a Task."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from polysync_core.domain.arrivals.patterns import Expected, Pattern
from polysync_core.domain.definitions.base import (
    MAX_PARAMETERS,
    Line,
    Lines,
    ObjectName,
    Value,
    refuse,
)
from polysync_core.domain.json_types import JsonValue

MAX_EVENTS = 1000
"""The maximum number of events of one batch."""
_DAY = 24 * 3600
_WEEK = 7 * _DAY

type AttributeName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]{1,64}$|^data(\.[^.${}\s]{1,128}){1,8}$")
]
"""The name of an attribute of an event, or a path into its data such as `data.api`."""

type PathEdge = Annotated[Line, StringConstraints(min_length=1, max_length=1024)]


class Arrival(Value):
    """The events that start a Task, alone or collected in batches."""

    name: ObjectName
    description: Annotated[Lines, StringConstraints(max_length=4000)] | None = None
    enabled: bool = True
    source: Expected | None = None
    """The source of the events; a storage account may be given by its name."""
    type: Expected | None = None
    """The type of the events; empty = every type, except deleted or unfinished files."""
    prefix: PathEdge | None = None
    """The beginning of the subject; for files also of `<container>/<path>`."""
    suffix: PathEdge | None = None
    """The end of the subject."""
    filter: Annotated[dict[AttributeName, Expected], Field(max_length=25)] = Field(
        default_factory=dict
    )
    """The expected values of further attributes, by their names."""
    quiet_seconds: Annotated[int, Field(ge=0, le=_DAY)] = 0
    """Collect events until none came for this time; 0 = do not wait."""
    minimum_count: Annotated[int, Field(ge=1, le=MAX_EVENTS)] = 1
    """The number of events that a batch waits for."""
    maximum_wait_seconds: Annotated[int, Field(ge=1, le=_WEEK)] | None = None
    """Start at this time after the first event, with the events that came; empty = never."""
    maximum_count: Annotated[int, Field(ge=1, le=MAX_EVENTS)] = MAX_EVENTS
    """The number of events at which a batch starts at once and another one begins."""
    parameters: Annotated[dict[str, JsonValue], Field(max_length=MAX_PARAMETERS)] = Field(
        default_factory=dict
    )
    """Values for the runs of this arrival, with `${arrival.…}`; they override the Task's own."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not (self.source or self.type or self.prefix or self.suffix or self.filter):
            refuse("source", "is missing: without any filter, every event would start the task")
        for name in ("source", "type"):
            if name in self.filter:
                refuse(f"filter.{name}", f"is written as the field {name}")
        if self.minimum_count > self.maximum_count:
            refuse("minimumCount", "must not be more than maximumCount")
        if self.maximum_wait_seconds is not None:
            if not self.collects:
                refuse(
                    "maximumWaitSeconds",
                    "has no effect: every event starts a run at once; "
                    "set quietSeconds or minimumCount, or remove it",
                )
            if self.maximum_wait_seconds < self.quiet_seconds:
                refuse("maximumWaitSeconds", "must not be less than quietSeconds")
        return self

    @property
    def collects(self) -> bool:
        """Return whether events are collected in batches; otherwise each event starts a run."""
        return self.quiet_seconds > 0 or self.minimum_count > 1

    @property
    def sources(self) -> tuple[str, ...] | None:
        """The exact sources of the events; None if they are not known."""
        return self.source.texts if self.source is not None and self.source.texts else None

    @property
    def expectations(self) -> dict[str, Pattern]:
        """The expected values by the name of their attribute, without the source."""
        own = {} if self.type is None else {"type": self.type}
        return {**own, **self.filter}
