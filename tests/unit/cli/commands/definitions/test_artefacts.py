"""`polysync artefacts`."""

from __future__ import annotations

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi


def test_artefacts_are_listed_with_their_jobs(api: FakeApi, polysync: Invoke):
    found = {
        "externalId": "/etl/load",
        "jobType": "DatabricksNotebook",
        "name": "load",
        "imported": True,
        "jobs": ["load"],
    }
    api.on("GET", "/platforms/x/artefacts", Answer({"items": [found]}), Answer({"items": []}))

    result = polysync("artefacts", "x", "--job-type", "DatabricksNotebook")

    assert ["/etl/load", "DatabricksNotebook", "load", "load"] in [
        line.split() for line in result.stdout.splitlines()
    ]
    assert api.requests[0].query["jobType"] == "DatabricksNotebook"
    assert "No artefacts found." in polysync("artefacts", "x").stderr
