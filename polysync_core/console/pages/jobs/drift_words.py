"""Formats the drift between a Job and its artefact as badges and text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import htpy as h
from htpy import Element, Node

from polysync_core.application.platforms.drift import DriftState, JobDrift
from polysync_core.application.platforms.recent_drift import CheckedDrift
from polysync_core.console.parts.times import relative_time
from polysync_core.domain.definitions.drift.schemas import SchemaDifference
from polysync_core.domain.json_types import JsonValue

_STATES: Mapping[DriftState, tuple[str, str]] = {
    DriftState.EQUAL: ("success", "In sync"),
    DriftState.CHANGED: ("warning", "Differs"),
    DriftState.GONE: ("error", "Artefact gone"),
    DriftState.UNKNOWN: ("warning", "Not readable"),
}
_PARTLY = "as far as it can be read"


def drift_badge(drift: JobDrift) -> Element:
    """Return the state of a Job as a coloured word."""
    colour, word = _STATES[drift.state]
    if drift.state is DriftState.EQUAL and not drift.is_complete:
        return h.span(".badge")[word]
    return h.span(class_=f"badge {colour}")[word]


def drift_cell(checked: CheckedDrift | None, *, now: datetime) -> Node:
    """Return the state of a Job with the reason and the time of the comparison."""
    if checked is None:
        return h.span(".nothing")["Not compared"]
    return [
        drift_badge(checked.drift),
        h.small[drift_sentence(checked.drift), " ", relative_time(checked.at, now=now)],
    ]


def drift_sentence(drift: JobDrift) -> str:
    """Return the difference of a Job as one short sentence; empty if nothing differs."""
    if drift.error is not None:
        return f"{drift.error.rstrip('.')}."
    tasks = len(drift.tasks)
    unfit = f"{tasks} {'Task does' if tasks == 1 else 'Tasks do'} not fit" if tasks else ""
    unseen = f"{len(drift.unseen)} perhaps gone" if drift.unseen else ""
    parts = [*_counts(drift.difference), *filter(None, [unseen, unfit])]
    if not parts and not drift.is_complete:
        return f"{_PARTLY.capitalize()}."
    return f"{', '.join(parts)}." if parts else ""


def drift_by_parameter(drift: JobDrift) -> dict[str, str]:
    """Return the drift of each parameter in words, by the names of the parameters."""
    unseen = dict.fromkeys(drift.unseen, "perhaps gone: the artefact was not read completely")
    return unseen | changes_by_parameter(drift.difference)


def changes_by_parameter(difference: SchemaDifference) -> dict[str, str]:
    """Return the changes of each parameter in words, by the names of the parameters."""
    found: dict[str, list[str]] = {}
    for name in difference.added:
        found.setdefault(name, []).append("new in the artefact")
    for name in difference.removed:
        found.setdefault(name, []).append("gone from the artefact")
    for change in difference.type_changed:
        words = f"type {change.before} becomes {change.after}"
        found.setdefault(change.name, []).append(words)
    for change in difference.default_changed:
        words = f"default {_text(change.before)} becomes {_text(change.after)}"
        found.setdefault(change.name, []).append(words)
    for change in difference.missing_changed:
        words = "is marked as missing" if change.after is True else "is found again"
        found.setdefault(change.name, []).append(words)
    return {name: ", ".join(words) for name, words in found.items()}


def _counts(difference: SchemaDifference) -> list[str]:
    counts = (
        (len(difference.added), "new"),
        (len(difference.removed), "gone"),
        (len(difference.type_changed), "with another type"),
        (len(difference.default_changed), "with another default"),
        (len(difference.missing_changed), "found again"),
    )
    return [f"{count} {words}" for count, words in counts if count]


def _text(value: JsonValue) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)
