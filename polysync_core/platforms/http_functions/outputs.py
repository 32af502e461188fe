"""The outputs in what a function answers."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import Direction, Job
from polysync_core.domain.json_types import JsonObject, JsonValue

REST = "_response"
"""The output that holds an answer without names; before a name, an answer that is not declared."""
LONGEST_TEXT = 1000
"""Characters of an answer that is no JSON; what follows is cut off."""


def outputs_of(value: JsonValue, job: Job) -> JsonObject:
    """Return the outputs in a JSON value, each under the name that the Job's schema has for it.

    A property of an object that has the name of an output, in whatever case, fills it. Any other
    is `_response.<name>`, and a value that is no object `_response`.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        return {REST: value}
    names = declared_names(value, job)
    return {names.get(found, f"{REST}.{found}"): each for found, each in value.items()}


def text_outputs(text: str) -> JsonObject:
    """Return the output that an answer is which is no JSON."""
    return {REST: text[:LONGEST_TEXT]} if text.strip() else {}


def declared_names(value: JsonObject, job: Job) -> dict[str, str]:
    """Return the schema's name for each property that has one; the exact name goes first."""
    names: dict[str, str] = {}
    for parameter in job.parameters:
        # A secret keeps its name, whatever its direction: by that it is known not to be kept.
        if parameter.direction is Direction.INPUT and not parameter.is_secret:
            continue
        wanted = parameter.name.casefold()
        alike = [name for name in value if name.casefold() == wanted]
        if alike:
            names[parameter.name if parameter.name in alike else alike[0]] = parameter.name
    return names
