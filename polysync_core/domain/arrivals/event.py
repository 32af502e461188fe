"""Defines a received CloudEvent, with a key that identifies repeated deliveries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from polysync_core.domain.json_types import JsonValue

STORAGE = "Microsoft.Storage."
"""The beginning of the types of the events of Azure Storage."""
BLOB_CREATED = "Microsoft.Storage.BlobCreated"
_CONTAINERS = "/blobServices/default/containers/"
_BLOBS = "/blobs/"
_VERSIONS = ("eTag", "sequencer")
"""The fields of the data that tell the versions of one blob apart, the best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event of any sender, in the terms of CloudEvents 1.0."""

    id: str
    source: str
    type: str
    subject: str | None = None
    time: datetime | None = None
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    """The other attributes, such as extensions."""
    data: JsonValue = None
    data_not_kept: str | None = None
    """The reason why the data is not kept; None if it is."""

    @property
    def key(self) -> str:
        """The identity: equal for all deliveries of one event, or of one version of a blob."""
        parts = [self.source, self.subject or "", "blob", self.version or ""]
        if self.version is None:
            parts = [self.source, self.id, "event", ""]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]

    @property
    def version(self) -> str | None:
        """The version of the blob that was created; None for another event."""
        if self.type != BLOB_CREATED or self.subject is None or not isinstance(self.data, dict):
            return None
        for name in _VERSIONS:
            value = self.data.get(name)
            if isinstance(value, str) and value:
                return f"{name} {value.strip('"')}"
        return None

    @property
    def path(self) -> str | None:
        """The path of a blob as `<container>/<path>`; None for another event."""
        subject = f"/{(self.subject or '').lstrip('/')}"
        if not self.type.startswith(STORAGE) or not subject.startswith(_CONTAINERS):
            return None
        container, mark, path = subject.removeprefix(_CONTAINERS).partition(_BLOBS)
        return f"{container}/{path}" if mark else None

    @property
    def title(self) -> str:
        """The name of the thing that arrived."""
        return self.path or self.subject or self.id

    def fact(self, name: str) -> JsonValue:
        """Return the value of an attribute or of a part of the data; None without a value."""
        match name.split("."):
            case ["data", *steps]:
                return _at(self.data, steps)
            case ["time"]:
                return None if self.time is None else time_text(self.time)
            case ["id" | "source" | "type" | "subject" | "path"]:
                return cast("str | None", getattr(self, name))
            case ["extensions", other] | [other]:
                return self.attributes.get(other)
            case _:
                return None


def time_text(at: datetime) -> str:
    """Return a time as RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def fact_text(value: JsonValue) -> str | None:
    """Return a fact as text: a text as it is, another value as its JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _at(value: JsonValue, steps: list[str]) -> JsonValue:
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and len(step) < 6:
            value = value[int(step)] if int(step) < len(value) else None
        else:
            return None
    return value
