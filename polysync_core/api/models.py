"""Defines the base classes and shared field types of all JSON response models."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

from polysync_core.domain.clock import rfc3339

_RUN_ID_SCHEMA = {"type": "string", "pattern": "^r[a-z2-7]{25}$"}

Time = Annotated[
    datetime,
    PlainSerializer(rfc3339, return_type=str, when_used="unless-none"),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2026-01-01T06:00:00.000Z"]},
        mode="serialization",
    ),
]
"""A time, as RFC 3339 text in UTC with milliseconds."""

LocalTime = Annotated[
    datetime,
    PlainSerializer(datetime.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
"""A time in the time zone of a schedule, with its offset from UTC."""

Json = Annotated[Any, WithJsonSchema({})]
"""Any JSON value; a value of our own stores is not validated again."""

RunIdText = Annotated[str, WithJsonSchema(_RUN_ID_SCHEMA)]
"""The id of a run."""


class View(BaseModel):
    """A part of an answer: camelCase in JSON, every field present."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        from_attributes=True,
    )

    def as_json(self) -> dict[str, Any]:
        """Return the JSON of the answer."""
        return self.model_dump(mode="json", by_alias=True)


class Page[T](View):
    """One page of a list."""

    items: list[T]
    """The items of the page."""
    continuation_token: str | None
    """Continues the list as the query parameter `continuationToken`; null on the last page."""
