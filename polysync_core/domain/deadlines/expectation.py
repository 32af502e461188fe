"""Defines the deadline settings of a Task (`expect`): time limits for runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, model_validator

from polysync_core.domain.clock import ZoneName
from polysync_core.domain.definitions.base import Value, refuse
from polysync_core.domain.stored_values import is_stored

_YEAR = 365 * 24 * 3600
_WEEK = 7 * 24 * 3600
_WALL = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_RELATIVE = re.compile(r"[pP]([0-9]{1,2})(?:\s*[xX\u00d7*]\s*([0-9]{1,3}(?:\.[0-9]{1,3})?))?")
_SECONDS = re.compile(r"[0-9]{1,9}")
_LOWEST_PERCENTILE = 50
_GREATEST_FACTOR = 100
_WALL_FORM = 'must be a time of day in quotes, from "00:00" to "23:59", such as "07:00"'
_LIMIT_FORM = (
    'must be a number of seconds, such as 5400, or a multiple of a percentile, such as "p95x2"'
)


def _wall_time(given: object, info: ValidationInfo) -> object:
    """Return a time of day in its stored form, without a part for zero seconds."""
    if is_stored(info):
        return given
    found = _WALL.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        raise ValueError(_WALL_FORM)
    hour, minute, second = found.groups()
    return f"{hour}:{minute}" if second in {None, "00"} else f"{hour}:{minute}:{second}"


type WallTime = Annotated[
    str,
    BeforeValidator(_wall_time),
    WithJsonSchema({"type": "string", "pattern": f"^{_WALL.pattern}$", "examples": ["07:00"]}),
]
"""A time of day as text, such as `07:00`."""


@dataclass(frozen=True, slots=True)
class RelativeLimit:
    """A multiple of a percentile of the durations of earlier runs."""

    percentile: int
    factor: float

    @classmethod
    def parse(cls, text: str) -> RelativeLimit | None:
        """Return the limit of a text such as `p95x2`; None for another text."""
        found = _RELATIVE.fullmatch(text.strip())
        if found is None:
            return None
        return cls(percentile=int(found[1]), factor=float(found[2] or 1))

    @property
    def text(self) -> str:
        """The stored form, such as `p95x2`."""
        return f"p{self.percentile}x{self.factor:g}"


def _duration_limit(given: object, info: ValidationInfo) -> object:
    """Return a limit in its stored form: seconds, or a text such as `p95x2`."""
    if is_stored(info):
        return given
    if isinstance(given, str) and _SECONDS.fullmatch(given.strip()):
        given = int(given)
    if isinstance(given, int) and not isinstance(given, bool):
        if not 1 <= given <= _YEAR:
            raise ValueError(f"must be from 1 to {_YEAR} seconds")
        return given
    limit = RelativeLimit.parse(given) if isinstance(given, str) else None
    if limit is None:
        raise ValueError(_LIMIT_FORM)
    if limit.percentile < _LOWEST_PERCENTILE:
        raise ValueError(f"must name a percentile from p{_LOWEST_PERCENTILE} to p99")
    if not 1 <= limit.factor <= _GREATEST_FACTOR:
        raise ValueError(f"must have a factor from 1 to {_GREATEST_FACTOR}, such as p95x2")
    return limit.text


type DurationLimit = Annotated[
    int | str,
    BeforeValidator(_duration_limit),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": _YEAR},
                {"type": "string", "pattern": f"^{_RELATIVE.pattern}$"},
            ],
            "examples": ["p95x2", 5400],
        }
    ),
]
"""The longest normal duration: seconds, or a multiple of a percentile as `p95x2`."""


class Expectation(Value):
    """The deadlines of a Task's runs; a missed one becomes an event, an alert and a mark."""

    finished_by: WallTime | None = None
    """The time of day by which the runs of the fire times before it have succeeded."""
    time_zone: ZoneName | None = None
    """The zone of `finishedBy`; empty = the zone of the Task or of its schedules."""
    started_within_seconds: Annotated[int, Field(ge=1, le=_WEEK)] | None = None
    """The seconds after a fire time within which its run has started."""
    duration_within: DurationLimit | None = None
    """The longest normal duration of an attempt: seconds, or `p95x2`."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.finished_by, self.started_within_seconds, self.duration_within) == (None,) * 3:
            refuse(
                "finishedBy", "is missing: set finishedBy, startedWithinSeconds or durationWithin"
            )
        if self.time_zone is not None and self.finished_by is None:
            refuse("timeZone", "has no effect without finishedBy: set finishedBy, or remove it")
        return self

    @property
    def wall_time(self) -> time | None:
        """The time of day of `finishedBy`."""
        return None if self.finished_by is None else time.fromisoformat(self.finished_by)

    @property
    def has_deadlines(self) -> bool:
        """Return whether deadlines pass without a run, so that something must watch the time."""
        return self.finished_by is not None or self.started_within_seconds is not None
