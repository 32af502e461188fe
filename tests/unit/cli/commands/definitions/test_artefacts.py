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


def test_the_reason_of_an_entry_that_cannot_be_imported_is_a_note(api: FakeApi, polysync: Invoke):
    folder = {
        "externalId": "/private",
        "jobType": "DatabricksNotebook",
        "name": "private",
        "imported": False,
        "jobs": [],
        "problem": "the folder cannot be read: ask for the permission",
    }
    api.on("GET", "/platforms/x/artefacts", Answer({"items": [folder]}))

    result = polysync("artefacts", "x")

    assert "/private: the folder cannot be read: ask for the permission" in result.stderr
    assert result.exit_code == 0
