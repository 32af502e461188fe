"""The routes of import over fakes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from tests.unit.application.platforms.test_artefact_import import World


class Api:
    def __init__(self, client: TestClient, world: World) -> None:
        self.client, self.world = client, world

    def post(self, path: str, body: Any = None) -> Any:
        answer = self.client.post(path, json=body) if body is not None else self.client.post(path)
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture
def api() -> Iterator[Api]:
    world = World()
    with world.app.http as client:
        yield Api(client, world)


def test_artefacts_are_listed_imported_and_listed_as_imported(api: Api) -> None:
    api.world.platform.put("/etl/load", Parameter(name="day", default="1"))
    api.world.platform.schemas["/etl/broken"] = PlatformRefused("Gone.", cause=FailureCause.SUBMIT)

    report = api.post("/platforms/lakehouse/import")
    listed = api.client.get("/platforms/lakehouse/artefacts", params={"search": "load"}).json()

    assert report["created"] == [
        {
            "result": "created",
            "externalId": "/etl/load",
            "jobType": "DatabricksNotebook",
            "job": "load",
            "difference": {
                "added": ["day"],
                "removed": [],
                "typeChanged": [],
                "defaultChanged": [],
            },
            "notes": [],
            "tasks": [],
            "error": None,
        }
    ]
    assert [each["error"] for each in report["failed"]] == ["Gone."]
    assert (report["updated"], report["unchanged"], report["continuationToken"]) == ([], [], None)
    assert listed == {
        "items": [
            {
                "externalId": "/etl/load",
                "jobType": "DatabricksNotebook",
                "name": "load",
                "description": None,
                "imported": True,
                "jobs": ["load"],
                "problem": None,
            }
        ],
        "continuationToken": None,
    }


def test_an_import_continues_where_it_stopped(api: Api) -> None:
    for name in "abc":
        api.world.platform.put(f"/{name}")

    first = api.post("/platforms/lakehouse/import", {"limit": 2})
    rest = api.post(
        "/platforms/lakehouse/import", {"continuationToken": first["continuationToken"]}
    )

    assert [each["job"] for each in (*first["created"], *rest["created"])] == ["a", "b", "c"]


def test_a_planned_import_names_its_jobs_and_writes_nothing(api: Api) -> None:
    for path in ("/one/load", "/two/load", "/report"):
        api.world.platform.put(path, Parameter(name="day"))
    api.post("/platforms/lakehouse/import", {"externalIds": ["/report"]})
    api.world.platform.put("/report", Parameter(name="month"))

    planned = api.post("/platforms/lakehouse/import?dryRun=true", {})
    again = api.post("/platforms/lakehouse/import", {})

    assert [each["job"] for each in planned["updated"]] == ["report"]
    assert len({each["job"] for each in planned["created"]}) == 2
    jobs = [each.pop("definition") for name in ("created", "updated") for each in planned[name]]
    stored = api.client.get("/definitions", params={"kind": "jobs"}).json()["jobs"]
    assert sorted(jobs, key=lambda job: job["name"]) == stored
    assert planned == again


def test_a_job_is_synchronised_and_a_task_made_of_it(api: Api) -> None:
    api.world.platform.put("/load", Parameter(name="old"))
    api.post("/platforms/lakehouse/import", {"externalIds": ["/load"]})
    created = api.client.post(
        "/jobs/load/tasks", json={"name": "daily", "parameters": {"old": "1"}}
    )
    api.world.platform.put("/load", Parameter(name="new"))

    synced = api.post("/jobs/load/sync-parameters")

    assert (created.status_code, created.json()["job"]) == (201, "load")
    assert synced["difference"]["added"] == ["new"]
    assert synced["tasks"][0]["task"] == "daily"
    assert synced["tasks"][0]["problems"][0]["path"] == "parameters.old"


def test_a_request_may_remove_what_an_incomplete_reading_did_not_find(api: Api) -> None:
    api.world.platform.put("/load", Parameter(name="by_hand"))
    api.post("/platforms/lakehouse/import")
    api.world.platform.put("/load", notes=("doubt",))

    kept = api.post("/jobs/load/sync-parameters")
    planned = api.post("/platforms/lakehouse/import?dryRun=true", {"remove": True})
    removed = api.post("/jobs/load/sync-parameters", {"remove": True})

    assert (kept["difference"]["removed"], kept["complete"]) == ([], False)
    assert planned["updated"][0]["difference"]["removed"] == ["by_hand"]
    assert removed["difference"]["removed"] == ["by_hand"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param("/platforms/nowhere/import", {}, 404, id="an unknown platform"),
        pytest.param("/platforms/lakehouse/import", {"externalId": []}, 422, id="a misspelling"),
        pytest.param("/platforms/lakehouse/import", {"externalIds": []}, 422, id="nothing named"),
        pytest.param("/platforms/lakehouse/import", {"limit": 0}, 422, id="a limit of nothing"),
        pytest.param("/platforms/lakehouse/import", {"remove": "yes"}, 422, id="no boolean"),
        pytest.param(
            "/platforms/lakehouse/import", {"continuationToken": "x"}, 400, id="a wrong token"
        ),
        pytest.param("/jobs/nothing/sync-parameters", {}, 404, id="an unknown job"),
        pytest.param("/jobs/nothing/tasks", {"name": "x"}, 404, id="a task of an unknown job"),
    ],
)
def test_a_bad_request_is_refused(api: Api, path: str, body: Any, status: int) -> None:
    answer = api.client.post(path, json=body)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
