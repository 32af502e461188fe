"""Substitutes run variables such as `${run.id}` in the text values of parameters.

Each text is substituted once: inserted values are never substituted again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from polysync_core.domain.clock import zone_named
from polysync_core.domain.errors import Invalid

_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_DIRECTIVES = frozenset("aAbBcdHIjmMpSUwWxXyYzZfGuV%")
_NAMES = ("run.id", "run.attempt", "run.scheduledTime", "run.triggerType", "run.graphRunId")
_TIME = "run.scheduledTime"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunVariables:
    """The values of the run variables in one attempt."""

    id: str
    attempt: int
    scheduled_time: datetime
    time_zone: str = "UTC"
    """The zone of formatted times."""
    trigger_type: str
    graph_run_id: str


def check_template(text: str) -> None:
    """Raise `ValueError` with the remedy if `substitute` would fail."""
    for name, form in _references(text):
        if name not in _NAMES:
            known = ", ".join(f"${{{each}}}" for each in _NAMES)
            raise ValueError(f"'${{{name}}}' is not a run variable; there are {known}")
        if form is not None and name != _TIME:
            raise ValueError(f"only ${{{_TIME}}} takes a format after a colon")
        if form is not None:
            _check_format(form)


def substitute(text: str, variables: RunVariables) -> str:
    """Return the text with its run variables replaced; raises `Invalid` for an unknown one."""
    if "${" not in text:
        return text
    try:
        check_template(text)
    except ValueError as error:
        raise Invalid.at("", str(error)) from error
    return _REFERENCE.sub(lambda found: _value(found, variables), text)


def has_variables(text: str) -> bool:
    """Return whether substitution would change the text."""
    return "${" in text


def formats_time(text: str) -> bool:
    """Return whether a checked text holds a time whose format depends on the time zone."""
    return any(form is not None for _, form in _references(text))


def _references(text: str) -> Iterator[tuple[str, str | None]]:
    for found in _REFERENCE.finditer(text):
        if found[0] == "$${":
            continue
        if found[1] is None:
            raise ValueError("a '${' has no '}' after it; write '$${' for a literal '${'")
        name, colon, form = found[1].partition(":")
        yield name, form if colon else None


def _check_format(form: str) -> None:
    if not form:
        raise ValueError("the format after the colon is empty: add a format or remove the colon")
    for directive in _DIRECTIVE.finditer(form):
        if directive[1] not in _DIRECTIVES:
            raise ValueError(f"'{directive[0]}' is not a format directive of strftime")


def _value(found: re.Match[str], variables: RunVariables) -> str:
    if found[0] == "$${":
        return "${"
    name, _, form = found[1].partition(":")
    match name:
        case "run.id":
            return variables.id
        case "run.attempt":
            return str(variables.attempt)
        case "run.triggerType":
            return variables.trigger_type
        case "run.graphRunId":
            return variables.graph_run_id
        case _:
            return _time(variables, form)


def _time(variables: RunVariables, form: str) -> str:
    if form:
        return variables.scheduled_time.astimezone(zone_named(variables.time_zone)).strftime(form)
    return variables.scheduled_time.astimezone(UTC).isoformat().replace("+00:00", "Z")
