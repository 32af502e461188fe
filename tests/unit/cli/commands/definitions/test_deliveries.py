"""`polysync deliveries`."""

from __future__ import annotations

import json

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi

ITEM = {
    "at": "2026-03-01T12:00:00.000Z",
    "eventId": "r/1",
    "kind": "failed",
    "runId": None,
    "attempt": 2,
    "result": "Failed",
    "error": "h answered with status 500",
}


def test_deliveries_are_listed(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/webhooks/chat/deliveries", Answer({"items": [ITEM]}))

    line = polysync("deliveries", "chat").stdout.splitlines()[-1]

    assert "Failed" in line
    assert line.endswith("h answered with status 500")
    assert json.loads(polysync("deliveries", "chat", "--json").stdout) == {"items": [ITEM]}


def test_a_webhook_without_deliveries_says_so(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/webhooks/chat/deliveries", Answer({"items": []}))

    result = polysync("deliveries", "chat")

    assert (result.stdout, result.stderr) == ("", "No event was sent to it yet.\n")
