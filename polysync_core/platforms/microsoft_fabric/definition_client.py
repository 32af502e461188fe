"""Reads the definition files of a Fabric item, and waits for Fabric's long-running operation.

https://learn.microsoft.com/rest/api/fabric/articles/long-running-operation
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.urls import own_address
from polysync_core.platforms.calls import Call, UnexpectedAnswer
from polysync_core.platforms.microsoft_fabric.client import API, FabricClient, is_guid
from polysync_core.platforms.microsoft_fabric.refusals import refused, refused_for_item
from polysync_core.platforms.paging import objects_in

_LONGEST_OPERATION = 60.0
"""The seconds until a definition that is not ready counts as unavailable."""
_PAUSES = (0.5, 5.0)
"""The shortest and the longest pause between two reads of an operation, in seconds."""
_FAILED = "failed"
_OVER = frozenset({"succeeded", _FAILED})

type Parts = Mapping[str, bytes]
"""The files of a definition by their paths."""


@dataclass(frozen=True, slots=True)
class _Operation:
    """A long-running operation that continues."""

    id: str
    pause: float | None


def read_definition(service: FabricClient, item_id: str, *, form: str | None = None) -> Parts:
    """Return the files of an item's definition, in a form of the item type."""
    call = Call(
        method="POST",
        segments=service.path("items", item_id, "getDefinition"),
        query={} if form is None else {"format": form},
        body={},
        repeatable=True,
        effect=False,
        refused=refused_for_item,
    )

    def read(answer: Answer) -> Parts | _Operation:
        if answer.status != 202:
            return _parts_of(answer.json() or {})
        return _Operation(_operation_id(answer, service), service.pause_of(answer))

    found = service.client.exchange(call, read)
    return _result_of(service, found) if isinstance(found, _Operation) else found


def _result_of(service: FabricClient, operation: _Operation) -> Parts:
    """Wait for the end of an operation, and return its result."""
    timer, path = service.timer, (API, "operations", operation.id)
    deadline = timer.monotonic() + _LONGEST_OPERATION
    status, pause = "", operation.pause
    while status not in _OVER:
        if timer.monotonic() >= deadline:
            raise Unavailable("Microsoft Fabric still prepares the definition: try again later")
        timer.sleep(min(max(pause or 0.0, _PAUSES[0]), _PAUSES[1]))
        status, pause = _state_of(service, path)
    if status == _FAILED:
        raise PlatformRefused(
            "Microsoft Fabric failed to prepare the definition: open the item in Fabric and save"
            " it again",
            cause=FailureCause.SUBMIT,
        )
    return service.client.get(*path, "result", read=_parts_of, refused=refused)


def _state_of(service: FabricClient, path: tuple[str, ...]) -> tuple[str, float | None]:
    """Return the status of an operation in lower case, and the asked pause."""

    def read(answer: Answer) -> tuple[str, float | None]:
        status = (answer.json() or {}).get("status")
        if not isinstance(status, str):
            raise UnexpectedAnswer
        return status.lower(), service.pause_of(answer)

    call = Call(method="GET", segments=path, repeatable=True, refused=refused)
    return service.client.exchange(call, read)


def _operation_id(answer: Answer, service: FabricClient) -> str:
    """Return the id of an operation; the address in the answer is never called."""
    address = own_address(answer.location, service.client.base.url)
    found = answer.headers.get("x-ms-operation-id") or (address.segments[-1] if address else "")
    if not is_guid(found):
        raise UnexpectedAnswer
    return found


def _parts_of(answer: JsonObject) -> Parts:
    parts: dict[str, bytes] = {}
    for part in objects_in(object_in(answer, "definition"), "parts"):
        match part:
            case {"path": str(path), "payload": str(payload)}:
                parts[path] = _decoded(payload)
            case _:
                raise UnexpectedAnswer
    return parts


def _decoded(payload: str) -> bytes:
    try:
        return base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise UnexpectedAnswer
