"""Substitutes run variables such as `${run.id}` in the text values of parameters.

The values of an arrival may also have variables of its events, such as `${arrival.subject}`. Each
text is substituted once: inserted values are never substituted again.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from polysync_core.domain.arrivals.event import fact_text
from polysync_core.domain.arrivals.event_variables import KNOWN_FACTS, is_arrival_fact
from polysync_core.domain.clock import zone_named
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonValue

_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_DIRECTIVES = frozenset("aAbBcdHIjmMpSUwWxXyYzZfGuV%")
_NAMES = ("run.id", "run.attempt", "run.scheduledTime", "run.triggerType", "run.graphRunId")
_TIME = "run.scheduledTime"
_ARRIVAL_TIME = "arrival.time"
_NO_FACTS: frozenset[str] = frozenset()


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
    arrival: Mapping[str, JsonValue] | None = None
    """The facts of the events that started the run, by name; None for another start."""


def check_template(text: str, facts: Container[str] = _NO_FACTS) -> None:
    """Raise `ValueError` with the remedy if `substitute` would fail.

    `facts` are the known facts of events; without any, the run has no events.
    """
    for name, form in _references(text):
        if name.startswith(("arrival.", "arrivals.")):
            _check_fact(name, facts)
        elif name not in _NAMES:
            known = ", ".join(f"${{{each}}}" for each in _NAMES)
            raise ValueError(f"'${{{name}}}' is not a run variable; there are {known}")
        if form is not None and name not in {_TIME, _ARRIVAL_TIME}:
            raise ValueError(
                f"only ${{{_TIME}}} and ${{{_ARRIVAL_TIME}}} take a format after a colon"
            )
        if form is not None:
            _check_format(form)


def arrival_facts(text: str) -> frozenset[str]:
    """Return the facts of events that a checked text needs."""
    return frozenset(name for name, _ in _references(text) if is_arrival_fact(name))


def names_facts(text: str) -> bool:
    """Return whether a text names facts of events; a text with a wrong variable does not."""
    try:
        return has_variables(text) and bool(arrival_facts(text))
    except ValueError:
        return False


def _check_fact(name: str, facts: Container[str]) -> None:
    if name in facts:
        return
    if not is_arrival_fact(name):
        raise ValueError(f"'${{{name}}}' is not a fact of an event; there are {KNOWN_FACTS}")
    if facts is _NO_FACTS:
        raise ValueError(
            f"'${{{name}}}' is known only to runs that an arrival starts: "
            "give the value in the parameters of the arrival"
        )
    raise ValueError(f"the events of this run have no '{name}': give a value without it")


def substitute(text: str, variables: RunVariables) -> str:
    """Return the text with its run variables replaced; raises `Invalid` for an unknown one."""
    if "${" not in text:
        return text
    try:
        check_template(text, _NO_FACTS if variables.arrival is None else variables.arrival)
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
        case "run.scheduledTime":
            return _time(variables.scheduled_time, variables, form)
        case _:
            return _fact(name, form, variables)


def _fact(name: str, form: str, variables: RunVariables) -> str:
    text = fact_text((variables.arrival or {}).get(name)) or ""
    return _time(datetime.fromisoformat(text), variables, form) if form else text


def _time(at: datetime, variables: RunVariables, form: str) -> str:
    if form:
        return at.astimezone(zone_named(variables.time_zone)).strftime(form)
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
