"""The answer of a status address that reports a failure."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.failures.details import FailureDetail
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.urls import OwnAddress
from polysync_core.platforms.connector import RunNotFound
from polysync_core.platforms.google_functions.refusals import CALL_REFUSALS
from polysync_core.platforms.http_functions.failure_details import answered_failure
from polysync_core.platforms.platform_client import HttpOptions, PlatformClient
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime


def parts_of(reply: Reply) -> tuple[FailureDetail, ...]:
    base = BaseAddress("https://f.example", "f.example", AddressScope.PUBLIC)
    http = HttpOptions(transport=ScriptedTransport([reply]), timer=VirtualTime().timer)
    client = PlatformClient(base, None, http=http)
    return answered_failure(client, OwnAddress(("status", "1"), {}), CALL_REFUSALS).parts


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"runtimeStatus": "Failed", "output": "boom\n at line 3"}, "boom\n at line 3"),
        ({"status": "failed", "error": "no sales"}, "no sales"),
        ({"status": "failed", "message": "m" * 5_000}, "m" * 5_000),
        ({"status": "failed", "error": {"code": 1}}, ""),
    ],
)
def test_the_complete_reason_and_the_body_are_read(body: dict[str, Any], reason: str) -> None:
    assert parts_of(Reply.json(body)) == (FailureDetail(error=reason, trace=json.dumps(body)),)


def test_missing_work_is_not_found_and_an_unreadable_answer_is_unavailable() -> None:
    with pytest.raises(RunNotFound):
        parts_of(Reply(404))
    with pytest.raises(Unavailable):
        parts_of(Reply(200, b"<html>"))
