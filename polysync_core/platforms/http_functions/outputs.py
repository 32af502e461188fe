"""Reads outputs from a function's answer, and removes keys from URLs in the outputs."""

from __future__ import annotations

import re

from polysync_core.domain.definitions.jobs import Direction, Job
from polysync_core.domain.json_types import JsonObject, JsonValue

WHOLE_ANSWER = "_response"
"""The output for an answer without names, and the prefix of undeclared names."""
MAX_TEXT_LENGTH = 1000
"""The maximum length of a text answer; the rest is cut off."""
_DEEPEST = 100
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+", re.IGNORECASE)
_KEY = re.compile(
    r"(?<=[?&;])(?:code|sig|(?:[a-z0-9._-]{0,64}[_-])?(?:(?:api|function)?key|signature|token|secret"
    r"|password|credential))=[^&#;]*&?",
    re.IGNORECASE,
)
"""A query parameter with a key of Azure Functions, a signature, a token or a password."""


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
    return {WHOLE_ANSWER: _cleaned(text)[:MAX_TEXT_LENGTH]} if text.strip() else {}


def without_keys(value: JsonValue, depth: int = 0) -> JsonValue:
    """Return a value whose addresses have lost their keys and signatures.

    A value that is nested too deeply to be searched becomes `…`.
    """
    match value:
        case str():
            return _cleaned(value)
        case list() | dict() if depth == _DEEPEST:
            return "…"
        case list():
            return [without_keys(each, depth + 1) for each in value]
        case dict():
            return {name: without_keys(each, depth + 1) for name, each in value.items()}
        case _:
            return value


def _cleaned(text: str) -> str:
    if "://" not in text:
        return text
    return _ADDRESS.sub(lambda found: _without_key(found[0]), text)


def _without_key(address: str) -> str:
    cleaned = _KEY.sub("", address)
    return address if cleaned == address else cleaned.rstrip("?&")


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
