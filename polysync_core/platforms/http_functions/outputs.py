"""Reads outputs from a function's response, and removes keys from URLs in outputs."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import Direction, Job
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.platforms.text import without_keys, without_keys_in_text

WHOLE_ANSWER = "_response"
"""The output for an answer without names, and the prefix of undeclared names."""
MAX_TEXT_LENGTH = 1000
"""The maximum length of a text answer; the rest is cut off."""


def outputs_of(value: JsonValue, job: Job) -> JsonObject:
    """Return the outputs in a JSON value, under the names of the Job's schema.

    A property matches an output by its name; the case is ignored. Any other property becomes
    `_response.<name>`, and a value that is not an object becomes `_response`.
    """
    if value is None:
        return {}
    value = without_keys(value)
    if not isinstance(value, dict):
        return {WHOLE_ANSWER: value}
    names = declared_names(value, job)
    return {names.get(found, f"{WHOLE_ANSWER}.{found}"): each for found, each in value.items()}


def text_outputs(text: str) -> JsonObject:
    """Return the output for an answer that is not JSON."""
    # A key at the cut end of the text would not be recognised.
    return {WHOLE_ANSWER: without_keys_in_text(text)[:MAX_TEXT_LENGTH]} if text.strip() else {}


def declared_names(value: JsonObject, job: Job) -> dict[str, str]:
    """Return the schema's name of each matching property; an exact match has priority."""
    names: dict[str, str] = {}
    for parameter in job.parameters:
        # A secret keeps its name for every direction, because the name marks it as not stored.
        if parameter.direction is Direction.INPUT and not parameter.is_secret:
            continue
        wanted = parameter.name.casefold()
        alike = [name for name in value if name.casefold() == wanted]
        if alike:
            names[parameter.name if parameter.name in alike else alike[0]] = parameter.name
    return names
