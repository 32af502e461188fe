"""The routes of definitions over a store in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.kinds import SPECS
from tests.fakes.app import FakeApp
from tests.fakes.definitions import ON_CALL, FakeDefinitions, lakehouse


@pytest.fixture(scope="module")
def store() -> FakeDefinitions:
    return FakeDefinitions()


@pytest.fixture(scope="module")
def app_client(store: FakeDefinitions) -> Iterator[TestClient]:
    """The app, built once: building it takes longer than a test."""
    with FakeApp(definitions=store).http as opened:
        yield opened


@pytest.fixture
def client(app_client: TestClient, store: FakeDefinitions) -> TestClient:
    store.stored.clear()
    return app_client


@pytest.fixture
def filled(client: TestClient) -> TestClient:
    assert client.put("/definitions", json=lakehouse()).status_code == 200
    return client


@pytest.mark.slow
def test_each_kind_is_created_read_replaced_listed_and_deleted(client: TestClient) -> None:
    order = ["vaults", "contentionProfiles", "calendars", "platforms", "jobs", "tasks", "webhooks"]
    document = lakehouse(webhooks=[ON_CALL])
    urls: list[str] = []
    for key in order:
        for entry in document[key]:
            url = f"/{SPECS[Kind(key)].path}/{entry['name']}"
            created = client.put(url, json=entry)
            assert (created.status_code, created.headers["location"]) == (201, f"/api{url}")

            read = client.get(url)
            assert read.json() == created.json()
            assert read.headers["etag"] == read.json()["etag"] == created.headers["etag"]
            assert entry.items() <= read.json().items() or key != "vaults"

            again = client.put(url, json=read.json())
            assert (again.status_code, again.json()["etag"]) == (200, read.json()["etag"])
            changed = client.put(url, json=entry | {"description": "new"})
            assert changed.status_code == 200
            assert changed.json()["etag"] != read.json()["etag"]
            urls.append(url)
        listed = client.get(f"/{SPECS[Kind(key)].path}").json()
        assert {each["name"] for each in listed["items"]} == {
            each["name"] for each in document[key]
        }
        assert listed["continuationToken"] is None

    for url in reversed(urls):
        assert client.delete(url).status_code == 204
        assert client.get(url).status_code == 404


def test_every_field_of_a_task_is_shown_with_its_default(filled: TestClient) -> None:
    task = filled.get("/tasks/landing-check").json()

    assert (task["priority"], task["executionTimeoutSeconds"], task["enabled"]) == (100, None, True)
    assert task["retry"]["maxRetryAttempts"] == 1
    assert task["updatedAt"].endswith("Z")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_stale_etag_is_412(filled: TestClient, method: str) -> None:
    url = "/tasks/landing-check"
    etag = filled.get(url).headers["etag"]
    assert filled.patch(url, json={"priority": 1}, headers={"If-Match": etag}).status_code == 200

    answer = filled.request(
        method, url, json={"job": "landing", "priority": 2}, headers={"If-Match": etag}
    )

    assert answer.status_code == 412
    assert filled.get(url).json()["priority"] == 1


def test_a_create_only_write_refuses_an_existing_definition(filled: TestClient) -> None:
    headers = {"If-None-Match": "*"}
    body = {"job": "landing"}

    assert filled.put("/tasks/landing-check", json=body, headers=headers).status_code == 412
    assert filled.put("/tasks/new", json=body, headers=headers).status_code == 201
    assert filled.put("/tasks/new2", json=body, headers={"If-None-Match": '"1"'}).status_code == 400
    assert filled.put("/tasks/new3", json=body, headers={"If-Match": "*"}).status_code == 412


def test_the_refusal_of_a_delete_names_the_referrers(filled: TestClient) -> None:
    answer = filled.delete("/jobs/landing")

    assert answer.status_code == 409
    assert "task 'landing-check'" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("url", "body", "path"),
    [
        pytest.param("/tasks/x", {"job": "landing", "name": "y"}, "name", id="another name"),
        pytest.param("/tasks/X_y", {"job": "landing"}, "name", id="a bad name"),
        pytest.param("/tasks/x", {"job": "none"}, "job", id="a dangling reference"),
        pytest.param("/tasks/x", {"job": "landing", "jbo": 1}, "jbo", id="an unknown field"),
        pytest.param("/tasks/x", {}, "job", id="a missing field"),
        pytest.param("/tasks/x", [], "", id="no object"),
        pytest.param(
            "/tasks/x",
            {"job": "landing", "parameters": {"a": {"__class__": "x"}}},
            "parameters.a.__class__",
            id="a key that builds objects",
        ),
        pytest.param(
            "/tasks/x",
            {"job": "landing", "parameters": {"a": "x" * 70_000}},
            "parameters.a",
            id="a long value for an unknown parameter",
        ),
        pytest.param("/contention-profiles/x", {"settings": {}}, "type", id="a missing type"),
    ],
)
def test_a_violated_rule_is_answered_with_422_and_its_path(
    filled: TestClient, url: str, body: Any, path: str
) -> None:
    answer = filled.put(url, json=body)

    assert answer.status_code == 422
    assert [each["path"] for each in answer.json()["errors"]] == [path]
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "url", ["/tasks/nothing", "/tasks/A", "/tasks/a%23b", "/tasks/%00", "/jobs/caf%C3%A9"]
)
def test_an_unknown_resource_is_404(filled: TestClient, url: str) -> None:
    assert filled.get(url).status_code == 404
    assert filled.patch(url, json={}).status_code == 404
    assert filled.delete(url).status_code == 404


def test_a_list_is_paged(filled: TestClient) -> None:
    seen: list[str] = []
    token: str | None = None
    for _ in range(3):
        params: dict[str, Any] = {"limit": 1} | ({"continuationToken": token} if token else {})
        page = filled.get("/tasks", params=params).json()
        seen += [each["name"] for each in page["items"]]
        if (token := page["continuationToken"]) is None:
            break

    assert seen == ["landing-check", "sales-load-daily"]
    assert filled.get("/tasks?limit=0").status_code == 422
    assert filled.get("/tasks?limit=101").status_code == 422
    assert filled.get("/tasks?continuationToken=x!").status_code == 400


@pytest.mark.parametrize("content_type", ["application/yaml", "text/plain", "", None])
def test_a_document_may_be_yaml(client: TestClient, content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    answer = client.put("/definitions", content=yaml.safe_dump(lakehouse()), headers=headers)

    assert answer.status_code == 200
    assert len(answer.json()["create"]) == 9


def test_the_token_of_a_plan_applies_that_plan_and_no_other(filled: TestClient) -> None:
    raw = lakehouse()
    raw["tasks"][0]["priority"] = 7
    token = filled.put("/definitions?dryRun=true", json=raw).json()["planToken"]
    raw["tasks"][0]["priority"] = 8
    refused = filled.put(f"/definitions?planToken={token}", json=raw)
    raw["tasks"][0]["priority"] = 7
    applied = filled.put(f"/definitions?planToken={token}", json=raw)
    again = filled.put(f"/definitions?planToken={token}", json=raw)

    assert (refused.status_code, applied.status_code, again.status_code) == (412, 200, 412)
    assert [each["name"] for each in applied.json()["update"]] == [raw["tasks"][0]["name"]]


def test_a_plan_is_a_list_for_each_action(filled: TestClient) -> None:
    raw = lakehouse(calendars=[])
    raw["tasks"][1]["schedules"] = []
    raw["jobs"].append(raw["jobs"][0] | {"name": "extra"})

    planned = filled.put("/definitions?dryRun=true&prune=true", json=raw).json()
    applied = filled.put("/definitions?prune=true", json=raw).json()

    assert planned == applied | {"dryRun": True, "planToken": planned["planToken"]}
    assert planned["create"] == [{"kind": "job", "name": "extra"}]
    assert planned["delete"] == [{"kind": "calendar", "name": "holidays"}]
    assert [(each["name"], each["differences"][0]["path"]) for each in planned["update"]] == [
        ("sales-load-daily", "schedules.daily")
    ]
    assert len(planned["unchanged"]) == 7
    assert filled.get("/calendars/holidays").status_code == 404


def test_an_export_applied_changes_nothing(filled: TestClient) -> None:
    as_json = filled.get("/definitions")
    as_yaml = filled.get("/definitions", headers={"Accept": "application/yaml"})

    assert as_json.headers["content-type"] == "application/json"
    assert as_yaml.headers["content-type"].startswith("application/yaml")
    for answer in (as_json, as_yaml):
        plan = filled.put("/definitions?dryRun=true&prune=true", content=answer.content).json()
        assert (plan["create"], plan["update"], plan["delete"]) == ([], [], [])
        assert len(plan["unchanged"]) == 9


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"tasks: [", 400, id="broken YAML"),
        pytest.param(b"\xff", 400, id="no text"),
        pytest.param(b"x: 1", 422, id="an unknown list"),
        pytest.param(b"7", 422, id="no object"),
        pytest.param(b"a: " + b"x" * 1024 * 1024, 413, id="more than a mebibyte"),
        pytest.param(b"", 200, id="nothing at all"),
    ],
)
def test_a_document_that_cannot_be_used_is_refused(
    client: TestClient, body: bytes, status: int
) -> None:
    assert client.put("/definitions", content=body).status_code == status


def test_every_error_of_a_document_has_its_path(client: TestClient) -> None:
    raw = lakehouse()
    raw["tasks"][1]["schedules"][0]["cron"] = "0 0 30 2 *"
    raw["tasks"][0]["job"] = "none"

    answer = client.put("/definitions", json=raw)
    assert [each["path"] for each in answer.json()["errors"]] == [
        "tasks[1].schedules[0].cron",
        "tasks[0].job",
    ]

    raw["tasks"][1]["schedules"][0]["cron"] = "@daily"
    answer = client.put("/definitions", json=raw)
    assert [each["path"] for each in answer.json()["errors"]] == ["tasks[0].job"]


TASK: dict[str, Any] = {"job": "sales-load", "priority": "high", "parameters": {"ful": True}}


@pytest.mark.parametrize("query", ["", "?dryRun=true"])
def test_a_written_definition_is_refused_with_the_errors_of_its_fields_and_of_its_references(
    filled: TestClient, query: str
) -> None:
    wanted = {"priority", "parameters.ful", "contentionProfiles[0]"}
    body = TASK | {"contentionProfiles": ["nope"]}

    created = filled.put(f"/tasks/new{query}", json=body)
    renamed = filled.put(f"/tasks/new{query}", json=body | {"name": "other"})
    changed = filled.patch(f"/tasks/sales-load-daily{query}", json=body)

    assert {each["path"] for each in created.json()["errors"]} == wanted
    assert {each["path"] for each in renamed.json()["errors"]} == wanted | {"name"}
    assert {each["path"] for each in changed.json()["errors"]} == wanted
    assert {each.status_code for each in (created, renamed, changed)} == {422}


def test_the_description_knows_the_kinds(client: TestClient) -> None:
    description = client.get("/openapi.json").json()

    body = description["paths"]["/tasks/{name}"]["put"]["requestBody"]["content"]
    assert body["application/json"]["schema"] == {"$ref": "#/components/schemas/TaskBody"}
    task = description["components"]["schemas"]["Task"]
    assert {"job", "schedules", "maxConcurrentRuns"} <= task["properties"].keys()
    assert set(_refs(description)) <= {
        f"#/components/{part}/{name}"
        for part, named in description["components"].items()
        for name in named
    }


def _refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from _refs(each)
    elif isinstance(value, list):
        for each in value:
            yield from _refs(each)
