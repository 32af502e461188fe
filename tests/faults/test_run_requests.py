"""Run requests by queue message, through the whole stack: accepted and refused ones."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.faults.local_system import LocalSystem, has_ended
from tests.integration.devhost.host_process import eventually

pytestmark = pytest.mark.devhost

CANARY = "canary-c81d-message"


def encoded(message: Any) -> str:
    raw = message if isinstance(message, bytes) else json.dumps(message).encode()
    return base64.b64encode(raw).decode()


def test_messages_start_runs_and_refused_messages_are_recorded_with_their_reason(
    system: LocalSystem,
) -> None:
    queue = system.host.queue("run-requests", encoded=False)
    values = {"task": "nap", "parameters": {"seconds": "0.1"}}
    plain = json.dumps({**values, "priority": 300})
    for content in [encoded({**values, "idempotencyKey": "message-1"})] * 2 + [plain]:
        queue.send_message(content)
    refused = {
        queue.send_message(content).id: reason
        for content, reason in [
            (encoded({"task": "never-defined"}), "There is no task 'never-defined'"),
            (encoded(b"\xff\xfe"), "the text is not UTF-8 (byte 0)"),
            ("run the nap, please", "not JSON: line 1, column 1: Expecting value"),
            (encoded({"task": "nap", "parameters": {"key": CANARY}}), "has no such parameter"),
        ]
    }

    def runs() -> list[dict[str, Any]] | None:
        items = system.host.get("/task-runs?task=nap&limit=100")["items"]
        found = [run for run in items if run["triggerType"] == "Message"]
        return found if len(found) >= 2 and all(map(has_ended, found)) else None

    def poison() -> dict[str, str] | None:
        items = system.host.get("/poison-messages?limit=100")["items"]
        found = {item["messageId"]: item["reason"] for item in items}
        return found if refused.keys() <= found.keys() else None

    found = eventually(runs, within=40)
    assert sorted((run["status"], run["priority"]) for run in found) == [
        ("Succeeded", 100),
        ("Succeeded", 300),
    ]
    reasons = eventually(poison, within=40)
    for message_id, reason in refused.items():
        assert reason in reasons[message_id]
    assert (
        CANARY
        not in system.host.log_text() + system.host.http.get("/poison-messages?limit=100").text
    )
