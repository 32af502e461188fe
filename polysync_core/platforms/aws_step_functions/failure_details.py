"""Finds the failed states of an execution, with errors, in the execution's event history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.details import FailureDetail, FailureDetails
from polysync_core.platforms.aws.answers import page_of, text_in
from polysync_core.platforms.aws.client import AwsJsonApi
from polysync_core.platforms.aws_step_functions.refusals import refused_for_execution

_EVENTS = 1000
"""The number of newest events that are read."""
_REDRIVEN = "ExecutionRedriven"


def failed_state(api: AwsJsonApi, execution_arn: str) -> FailureDetails:
    """Return the state that failed last, with its error and its cause."""
    events = api.read(
        "GetExecutionHistory",
        {
            "executionArn": execution_arn,
            "reverseOrder": True,
            "maxResults": _EVENTS,
            "includeExecutionData": False,
        },
        lambda answer: page_of(answer, "events", "nextToken").items,
        refused=refused_for_execution,
    )
    return FailureDetails(parts=tuple(failed_states(list(events))))


def failed_states(events: list[JsonObject]) -> Iterator[FailureDetail]:
    """Yield the failure of the newest event; follow the events that led to it.

    The events of a retried state and of other branches are not on this path.
    """
    by_id = {number: each for each in events if isinstance(number := each.get("id"), int)}
    end, failure, state = None, None, ""
    for event in _path(by_id, events[0] if events else None):
        kind = text_in(event, "type") or ""
        details = _details(event)
        if end is None:
            end = details
        elif kind.endswith("StateEntered"):
            state = text_in(details, "name") or ""
            break
        elif failure is None and text_in(details, "error"):
            failure = details
    found = failure or end or {}
    if state or found:
        yield FailureDetail(
            part=state,
            error=text_in(found, "error") or "",
            trace=text_in(found, "cause") or "",
        )


def _path(by_id: Mapping[int, JsonObject], event: JsonObject | None) -> Iterator[JsonObject]:
    """Yield an event and the events before it, up to the last redrive."""
    while event is not None and event.get("type") != _REDRIVEN:
        yield event
        match event:
            case {"previousEventId": int(previous), "id": int(number)} if previous < number:
                event = by_id.get(previous)
            case _:
                event = None


def _details(event: JsonObject) -> JsonObject:
    for name, found in event.items():
        if name.endswith("EventDetails") and isinstance(found, dict):
            return found
    return {}
