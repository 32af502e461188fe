"""`polysync versions` and `polysync restore`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi, problem


def version(number: int, **fields: Any) -> dict[str, Any]:
    saved = {"savedAt": "2026-03-01T12:00:00.000Z", "savedBy": "ann", "source": "Edit"}
    return {"version": number, **saved, **fields}


def listed(**fields: Any) -> Answer:
    content = {"current": version(3), "items": [version(2, savedBy=None, source=None)]}
    return Answer({**content, "continuationToken": None, **fields})


def planned(**fields: Any) -> Answer:
    lists = {"create": [], "update": [{"kind": "task", "name": "load"}], "unchanged": []}
    return Answer({"dryRun": False, **lists, "delete": [], "warnings": [], **fields})


def test_versions_are_listed_with_their_authors(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/versions/tasks/load", listed())

    result = polysync("versions", "task", "load")

    assert result.exit_code == 0
    first, second = result.stdout.splitlines()[-2:]
    assert first.split()[:2] == ["3", "(now)"]
    assert first.split()[-2:] == ["ann", "Edit"]
    assert second.split()[0] == "2"


def test_a_deleted_definition_says_how_to_get_it_back(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/versions/tasks/load", listed(current=None))

    assert "restore creates it again" in polysync("versions", "task", "load").stderr


def test_a_version_is_written_as_yaml(api: FakeApi, polysync: Invoke) -> None:
    content = {"version": version(2), "definition": {"name": "load", "job": "sales"}}
    api.on("GET", "/versions/tasks/load/2", Answer(content))

    assert polysync("versions", "task", "load", "--show", "2").stdout == "name: load\njob: sales\n"
    as_json = polysync("versions", "task", "load", "--show", "2", "--json").stdout
    assert json.loads(as_json) == content


@pytest.mark.parametrize(("option", "verb"), [((), "Applied"), (("--dry-run",), "Planned")])
def test_a_version_is_restored(
    api: FakeApi, polysync: Invoke, option: tuple[str, ...], verb: str
) -> None:
    warning = {"path": "weight", "message": "is large"}
    api.on("POST", "/versions/tasks/load/2/restore", planned(warnings=[warning]))

    result = polysync("restore", "task", "load", "2", *option)

    assert result.stdout == f"~ task load\n{verb}: 1 update.\n"
    assert result.stderr == "Warning: weight: is large\n"
    assert api.requests[-1].query == ({"dryRun": "true"} if option else {})


def test_without_a_version_the_former_one_is_restored(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/versions/tasks/load", listed())
    api.on("POST", "/versions/tasks/load/2/restore", planned())

    assert polysync("restore", "task", "load").stdout.endswith("Applied: 1 update.\n")
    api.on("GET", "/versions/tasks/load", listed(items=[]))
    assert "has no former version" in polysync("restore", "task", "load").stderr


def test_an_unknown_kind_or_version_is_refused(api: FakeApi, polysync: Invoke) -> None:
    api.on(
        "POST",
        "/versions/tasks/load/9/restore",
        problem(404, "Not Found", "There is no version 9."),
    )

    assert polysync("restore", "task", "load", "9").exit_code == 1
    assert polysync("versions", "secret", "load").exit_code == 2
    assert polysync("restore", "task", "load", "0").exit_code == 2
