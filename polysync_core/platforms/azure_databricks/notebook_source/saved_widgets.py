"""Reads the widgets that a Jupyter notebook stores in its metadata.

A widget that was made in the user interface is in no cell. The Jupyter form of the notebook has its
name, default and label.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import cast

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.platforms.azure_databricks.notebook_source.findings import (
    Widget,
    computed_default,
)

_METADATA = "application/vnd.databricks.v1+notebook"
_NEWER, _OLDER = "typedWidgetInfo", "widgetInfo"
"""The properties with the facts of a widget."""


def saved_widgets(document: str) -> list[Widget]:
    """Return the widgets in the metadata of a Jupyter document; empty for another text."""
    try:
        found = cast("JsonValue", json.loads(document))
    except (ValueError, RecursionError):
        return []
    widgets = _object(
        _object(_object(_object(found).get("metadata")).get(_METADATA)).get("widgets")
    )
    return list(_read(widgets))


def _read(widgets: JsonObject) -> Iterator[Widget]:
    for key, entry in widgets.items():
        saved = _object(entry)
        facts = _object(saved.get(_NEWER)) or _object(saved.get(_OLDER))
        name, default, label = facts.get("name"), facts.get("defaultValue"), facts.get("label")
        known = name if isinstance(name, str) and name else key
        is_text = isinstance(default, str)
        yield Widget(
            name=known,
            default=default if is_text else None,
            description=label if isinstance(label, str) and label else None,
            notes=() if is_text or default is None else (computed_default(known),),
        )


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}
