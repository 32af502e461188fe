"""Reads the name, tags and upstream Tasks from the stored JSON of a Task."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from polysync_core.domain.json_types import JsonObject, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLinks:
    """The name, the tags and the upstream Tasks of a Task."""

    name: str
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    upstreams: tuple[str, ...] = ()


def links_of(name: str, text: str | None) -> TaskLinks:
    """Return the links of a stored Task; parts that cannot be read are left out."""
    try:
        content: JsonValue = json.loads(text or "")
    except ValueError:
        content = None
    document = _object(content)
    dependencies = document.get("dependencies")
    found = dependencies if isinstance(dependencies, list) else []
    tasks = [_object(each).get("task") for each in found]
    tags = _object(document.get("tags"))
    return TaskLinks(
        name=name,
        tags={key: value for key, value in tags.items() if isinstance(value, str)},
        upstreams=tuple(task for task in tasks if isinstance(task, str)),
    )


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}
