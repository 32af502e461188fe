"""`polysync platform-runs`."""

from __future__ import annotations

import json

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi


def test_runs_of_the_platform_are_listed_with_the_note_of_the_api(api: FakeApi, polysync: Invoke):
    run = {
        "externalRunId": "4711",
        "providerStatus": "Success",
        "providerState": "TERMINATED/SUCCESS",
        "startedAt": "2026-01-01T06:00:00.000Z",
        "finishedAt": None,
        "monitorUrl": "http://p/4711",
    }
    incomplete = {"items": [], "continuationToken": None, "note": "Only the newest runs were read."}
    api.on(
        *("GET", "/jobs/load/platform-runs"),
        Answer({"items": [run], "continuationToken": "t", "note": None}),
        Answer(incomplete),
    )

    result = polysync("platform-runs", "load", "--limit", "1")

    assert "4711 Success TERMINATED/SUCCESS" in " ".join(result.stdout.split())
    assert "There are more: use --limit N, up to 100." in result.stderr
    assert api.requests[0].query == {"limit": "1"}
    assert "Only the newest runs were read." in polysync("platform-runs", "load").stderr
    assert json.loads(polysync("platform-runs", "load", "--json").stdout) == incomplete
