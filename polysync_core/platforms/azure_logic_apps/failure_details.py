"""Reads the failed actions of a Logic Apps workflow run.

An action in a loop has one repetition for each pass, and only a repetition names the error.
https://learn.microsoft.com/rest/api/logic/workflow-run-actions/list
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.domain.runs.failures.details import MAX_PARTS, FailureDetail, FailureDetails
from polysync_core.platforms.azure_logic_apps.client import WorkflowClient

_FAILED = frozenset({"failed", "timedout", "faulted", "aborted"})
_NO_CAUSE = "ActionFailed"
"""The code of an action that failed only because an action inside it failed."""
_MAX_REPETITIONS = 3
"""The maximum number of failed passes of one loop that are shown."""
_MAX_ACTIONS = 500


def failed_actions(service: WorkflowClient, workflow: str, run_id: str) -> FailureDetails:
    """Return the failed actions of a run with their errors; raises `RunNotFound`.

    An action that failed only because of an action inside it is left out, unless it is all there
    is.
    """
    actions = [
        each
        for each in islice(service.actions(workflow, run_id), _MAX_ACTIONS)
        if _has_failed(each)
    ]
    causes = [each for each in actions if _code(each) != _NO_CAUSE]
    parts = islice(_failures(service, workflow, run_id, causes or actions), MAX_PARTS + 1)
    found = tuple(parts)
    note = f"More than {MAX_PARTS} actions failed." if len(found) > MAX_PARTS else None
    return FailureDetails(parts=found[:MAX_PARTS], note=note)


def _failures(
    service: WorkflowClient, workflow: str, run_id: str, actions: list[JsonObject]
) -> Iterator[FailureDetail]:
    for action in actions:
        name, properties = _text(action, "name"), object_in(action, "properties")
        if properties.get("repetitionCount"):
            passes = service.repetitions(workflow, run_id, name)
            failed = (each for each in islice(passes, _MAX_ACTIONS) if _has_failed(each))
            repeated = [_failure(each, name) for each in islice(failed, _MAX_REPETITIONS)]
            yield from repeated or [_failure(action, name)]
        else:
            yield _failure(action, name)


def _failure(action: JsonObject, name: str) -> FailureDetail:
    error = object_in(object_in(action, "properties"), "error")
    message, code = _text(error, "message"), _code(action)
    text = f"{message} ({code})" if message and code else message or code
    own = _text(action, "name")
    return FailureDetail(part=name if own in {"", name} else f"{name} {own}", error=text)


def _has_failed(action: JsonObject) -> bool:
    return _text(object_in(action, "properties"), "status").lower() in _FAILED


def _code(action: JsonObject) -> str:
    properties = object_in(action, "properties")
    return _text(object_in(properties, "error"), "code") or _text(properties, "code")


def _text(source: JsonObject, name: str) -> str:
    value: JsonValue = source.get(name)
    return value if isinstance(value, str) else ""
