"""`polysync import` and `polysync sync-parameters`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from polysync_core.domain.definitions.jobs import Parameter
from tests.fakes.command_line import AppCommands
from tests.unit.application.platforms.test_artefact_import import World
from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi

ITEM = {
    "result": "updated",
    "externalId": "/etl/load",
    "jobType": "DatabricksNotebook",
    "job": "load",
    "difference": {
        "added": ["region"],
        "removed": ["area"],
        "typeChanged": [{"name": "rows", "before": "String", "after": "Int"}],
        "defaultChanged": [],
    },
    "notes": ["a cell is not valid Python"],
    "tasks": [{"task": "daily", "problems": [{"path": "parameters.area", "message": "gone"}]}],
    "error": None,
}
FAILED = {"result": "failed", "externalId": "/etl/broken", "error": "It is too large."}


def test_all_pages_are_imported_and_the_changes_are_shown(api: FakeApi, polysync: Invoke):
    first = {"created": [], "updated": [ITEM], "continuationToken": "next"}
    rest = {"unchanged": [{**ITEM, "result": "unchanged"}], "continuationToken": None}
    api.on("POST", "/platforms/lakehouse/import", Answer(first), Answer(rest))

    result = polysync("import", "lakehouse", "--search", "load")

    assert result.exit_code == 1, "a task no longer fits"
    assert "+region" in result.stdout
    assert "rows: String -> Int" in result.stdout
    warning = "warning: load: task daily is no longer valid for the artefact /etl/load: "
    assert f"{warning}parameters.area: gone." in result.stdout
    assert "load: a cell is not valid Python" in result.stdout
    assert "Imported: 1 updated, 1 unchanged." in result.stdout
    bodies = [request.body for request in api.requests]
    assert bodies[0]["search"] == "load"
    assert "externalIds" not in bodies[0]
    assert bodies[1]["continuationToken"] == "next"


def test_the_exit_code_is_1_if_an_artefact_failed(api: FakeApi, polysync: Invoke):
    report = {"failed": [FAILED], "continuationToken": None}
    api.on("POST", "/platforms/lakehouse/import", Answer(report))

    result = polysync("import", "lakehouse", "/etl/broken")

    assert result.exit_code == 1
    assert "It is too large." in result.stdout
    assert api.requests[0].body["externalIds"] == ["/etl/broken"]


def test_a_skipped_folder_is_shown_and_is_no_failure(api: FakeApi, polysync: Invoke):
    skipped = {"result": "skipped", "externalId": "/private", "error": "It cannot be read."}
    report = {"skipped": [skipped], "continuationToken": None}
    api.on("POST", "/platforms/lakehouse/import", Answer(report))

    result = polysync("import", "lakehouse")

    assert result.exit_code == 0
    assert "It cannot be read." in result.stdout
    assert "Imported: 1 skipped." in result.stdout


def test_the_next_page_requests_only_the_artefacts_that_are_left(api: FakeApi, polysync: Invoke):
    parts = [
        Answer({"created": [{**ITEM, "externalId": "/a"}], "continuationToken": "2"}),
        Answer({"created": [{**ITEM, "externalId": "/b"}], "continuationToken": "3"}),
    ]
    api.on("POST", "/platforms/lakehouse/import", *parts)

    polysync("import", "lakehouse", "/a", "/b")

    assert [request.body["externalIds"] for request in api.requests] == [["/a", "/b"], ["/b"]]


def test_with_json_all_pages_are_one_report(api: FakeApi, polysync: Invoke):
    parts = [
        Answer({"updated": [ITEM], "continuationToken": "2"}),
        Answer({"updated": [ITEM], "continuationToken": None}),
    ]
    api.on("POST", "/platforms/lakehouse/import", *parts)

    result = polysync("import", "lakehouse", "--json")

    assert len(json.loads(result.stdout)["updated"]) == 2


def test_sync_parameters_shows_the_changes_of_one_job(api: FakeApi, polysync: Invoke):
    api.on("POST", "/jobs/load/sync-parameters", Answer(ITEM))

    result = polysync("sync-parameters", "load")

    assert "+region" in result.stdout
    assert "parameters.area: gone. Correct the task" in result.stdout
    assert result.exit_code == 1
    assert polysync("sync-parameters", "load", "--json").exit_code == 1


def test_the_exit_code_is_0_if_every_task_still_fits(api: FakeApi, polysync: Invoke):
    api.on("POST", "/jobs/load/sync-parameters", Answer(ITEM | {"tasks": []}))

    assert polysync("sync-parameters", "load").exit_code == 0


def test_an_artefact_is_not_requested_again_in_another_spelling(api: FakeApi, polysync: Invoke):
    listed = {**ITEM, "externalId": "/a", "requested": ["/Workspace/a", "/a"]}
    parts = [Answer({"created": [listed], "continuationToken": "2"}), Answer({"created": []})]
    api.on("POST", "/platforms/lakehouse/import", *parts)

    polysync("import", "lakehouse", "/Workspace/a", "/a", "/b")

    assert [request.body["externalIds"] for request in api.requests][1:] == [["/b"]]


def test_remove_is_sent_with_an_import_and_a_synchronisation(api: FakeApi, polysync: Invoke):
    api.on("POST", "/platforms/lakehouse/import", Answer({"continuationToken": None}))
    api.on("POST", "/jobs/load/sync-parameters", Answer({**ITEM, "tasks": []}))

    polysync("import", "lakehouse", "--remove")
    polysync("sync-parameters", "load", "--remove", "--parameter", "area")
    polysync("sync-parameters", "load")

    imported, synced, plain = (request.body for request in api.requests)
    assert imported["remove"] is True
    assert synced == {"remove": True, "parameters": ["area"]}
    assert not plain


def test_an_incomplete_reading_is_shown_with_the_option(api: FakeApi, polysync: Invoke):
    api.on("POST", "/jobs/load/sync-parameters", Answer({**ITEM, "tasks": [], "complete": False}))

    assert "stay, unless --remove is given" in polysync("sync-parameters", "load").stdout


def test_jobs_are_written_to_a_file_that_apply_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    world.platform.put("/etl/load", Parameter(name="day", default="1"))
    commands = AppCommands(world.app, monkeypatch)
    file = tmp_path / "jobs.yaml"

    result = commands("import", "lakehouse", "-o", str(file))

    assert result.exit_code == 0, result.output
    assert "Planned: 1 created." in result.stdout
    assert world.app.http.get("/jobs").json()["items"] == []
    assert yaml.safe_load(file.read_text())["jobs"][0]["parameters"] == [
        {"name": "day", "default": "1"}
    ]
    assert commands("apply", str(file)).exit_code == 0
    again = commands("import", "lakehouse", "-o", str(tmp_path / "jobs.json"))
    assert "Planned: 1 unchanged." in again.stdout
    assert json.loads((tmp_path / "jobs.json").read_text())["jobs"][0]["name"] == "load"
