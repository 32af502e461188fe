"""`polysync drift`, and the dry run of `polysync sync-parameters`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi

NOTHING: dict[str, list[Any]] = {
    "added": [],
    "removed": [],
    "typeChanged": [],
    "defaultChanged": [],
}


def job(name: str, state: str, **fields: Any) -> dict[str, Any]:
    return {
        "job": name,
        "platform": "lakehouse",
        "jobType": "DatabricksNotebook",
        "externalId": f"/etl/{name}",
        "state": state,
        "difference": NOTHING,
        "notes": [],
        "unseen": [],
        "tasks": [],
        "error": None,
        **fields,
    }


def page(*jobs: Any, token: str | None = None, **fields: Any) -> Answer:
    body = {"jobs": [*jobs], "artefacts": [], "unlisted": [], "continuationToken": token}
    return Answer({**body, **fields})


CHANGED = job(
    "load",
    "changed",
    difference={**NOTHING, "added": ["region"], "removed": ["area"]},
    tasks=[{"task": "daily", "problems": [{"path": "parameters.area", "message": "unread"}]}],
    notes=["a cell is not valid Python"],
)


def test_all_pages_of_a_platform_are_read(api: FakeApi, polysync: Invoke) -> None:
    artefact = {"externalId": "/etl/new", "jobType": "DatabricksNotebook", "name": "new"}
    api.on(
        *("GET", "/drift"),
        page(CHANGED, job("fine", "equal"), token="2"),
        page(job("lost", "gone", error="It is absent."), token="3"),
        page(artefacts=[artefact], unlisted=["/private: it cannot be read"]),
    )

    result = polysync("drift", "lakehouse")

    assert result.exit_code == 1
    assert "+region" in result.stdout
    assert "-area" in result.stdout
    assert "It is absent." in result.stdout
    assert "load: task daily: parameters.area: unread" in result.stdout
    assert "load: a cell is not valid Python" in result.stdout
    assert "/etl/new" in result.stdout
    assert "lakehouse: /private: it cannot be read" in result.stdout
    assert "1 of 3 jobs are equal to their artefacts." in result.stdout
    assert "fine" not in result.stdout
    tokens = [request.query.get("continuationToken") for request in api.requests]
    assert tokens == [None, "2", "3"]
    assert {request.query["platform"] for request in api.requests} == {"lakehouse"}


def test_parameters_that_may_be_gone_are_named_without_a_failure(
    api: FakeApi, polysync: Invoke
) -> None:
    notes = ["the notebook runs ./common"]
    seen, unseen = (
        job("seen", "equal", notes=notes),
        job("load", "equal", notes=notes, unseen=["a"]),
    )
    api.on("GET", "/drift", page(seen, unseen))

    result = polysync("drift", "lakehouse")

    assert result.exit_code == 0
    assert "load: perhaps gone, because the artefact was not read completely: a" in result.stdout
    assert "load: the notebook runs ./common" in result.stdout
    assert "seen" not in result.stdout


def test_without_a_name_every_platform_is_compared(api: FakeApi, polysync: Invoke) -> None:
    platforms = {"items": [{"name": "a"}, {"name": "b"}], "continuationToken": None}
    api.on("GET", "/platforms", Answer(platforms))
    api.on("GET", "/drift", page(job("x", "equal")), page(job("y", "unknown", error="Away.")))

    result = polysync("drift", "--json")

    assert result.exit_code == 1
    found = json.loads(result.stdout)["platforms"]
    assert [each["platform"] for each in found] == ["a", "b"]
    assert found[1]["jobs"][0]["error"] == "Away."


@pytest.mark.parametrize("artefacts", [[], [{"externalId": "/n", "jobType": "T", "name": "n"}]])
def test_the_exit_code_is_0_if_every_job_is_equal(
    api: FakeApi, polysync: Invoke, artefacts: list[Any]
) -> None:
    api.on("GET", "/drift", page(job("load", "equal"), artefacts=artefacts))

    assert polysync("drift", "lakehouse").exit_code == 0


def test_a_dry_run_of_sync_parameters_names_the_chosen_parameters(
    api: FakeApi, polysync: Invoke
) -> None:
    answer = {"result": "updated", "job": "load", "difference": {**NOTHING, "added": ["region"]}}
    api.on("POST", "/jobs/load/sync-parameters", Answer(answer))

    result = polysync("sync-parameters", "load", "--parameter", "region", "--dry-run")

    assert result.exit_code == 0
    assert "+region" in result.stdout
    (request,) = api.requests
    assert (request.query, request.body) == ({"dryRun": "true"}, {"parameters": ["region"]})
