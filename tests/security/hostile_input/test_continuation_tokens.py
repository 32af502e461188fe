"""A continuation token that a list has not given out is refused by every list."""

from __future__ import annotations

import base64
import json

import pytest
from fastapi.testclient import TestClient

from tests.fakes.app import FakeApp
from tests.security.hostile_input.test_error_bounds import DEFINITIONS

LISTS = [
    "/api/vaults",
    "/api/platforms",
    "/api/jobs",
    "/api/tasks",
    "/api/calendars",
    "/api/webhooks",
    "/api/contention-profiles",
    "/api/task-runs",
    "/api/task-runs?task=t",
    "/api/task-runs?status=Queued",
    "/api/jobs/j/runs",
    "/api/audit",
    "/api/poison-messages",
]


def encoded(content: object) -> str:
    text = content if isinstance(content, str) else json.dumps(content)
    data = text.encode("utf-8", "surrogatepass")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


FORGED = [
    "",
    "x",
    "%",
    "\u0663",
    "9999999999999~r",
    "0000000000000~a",
    "\u0660" * 13 + "~a",
    "1~2~3",
    "A" * 20_000,
    encoded(["tasks", "x"]),
    encoded(["tasks", None]),
    encoded(["tasks", "\ud800"]),
    encoded(["tasks", "\x00\n' or 1 eq 1"]),
    encoded(["9999999999999~r"]),
    encoded([10**400]),
    encoded([1e308, -1]),
    encoded([]),
    encoded({}),
    encoded("[" * 5_000),
    encoded("NaN"),
    encoded("\x00" * 12 + json.dumps(["tasks", "x"])),
]


@pytest.fixture
def client() -> TestClient:
    client = FakeApp().http
    for path, body in DEFINITIONS.items():
        assert client.put(path, json=body).status_code == 201
    for number in range(3):
        task = {"job": "j", "schedules": []}
        assert client.put(f"/api/tasks/t{number}", json=task).status_code == 201
        assert client.post("/api/tasks/t/run").status_code == 202
        assert client.post(f"/api/tasks/t{number}/run").status_code == 202
    return client


def refusal(client: TestClient, path: str, token: str) -> tuple[int, str]:
    answer = client.get(path, params={"continuationToken": token} | dict(_query(path)))
    return answer.status_code, answer.json()["errors"][0]["path"]


def _query(path: str) -> list[tuple[str, str]]:
    query = path.partition("?")[2]
    return [(name, value) for name, _, value in [query.partition("=")] if name]


@pytest.mark.parametrize("path", LISTS)
def test_a_forged_token_is_refused_with_its_field(client: TestClient, path: str) -> None:
    refused = {token[:40]: refusal(client, path, token) for token in FORGED}

    assert refused == dict.fromkeys(refused, (400, "continuationToken"))


def test_a_token_continues_only_its_own_list(client: TestClient) -> None:
    tokens = {
        path: client.get(path, params={"limit": 1} | dict(_query(path))).json()["continuationToken"]
        for path in ("/api/tasks", "/api/task-runs", "/api/task-runs?task=t")
    }

    for path in LISTS:
        for origin, token in tokens.items():
            assert token is not None
            if origin != path:
                assert refusal(client, path, token) == (400, "continuationToken"), (origin, path)


def test_a_changed_token_is_refused(client: TestClient) -> None:
    token = client.get("/api/tasks", params={"limit": 1}).json()["continuationToken"]

    for index, character in enumerate(token):
        changed = token[:index] + ("A" if character != "A" else "B") + token[index + 1 :]
        assert refusal(client, "/api/tasks", changed) == (400, "continuationToken")


def test_the_pages_of_a_list_have_every_item(client: TestClient) -> None:
    for path in ("/api/tasks", "/api/task-runs"):
        items: list[object] = []
        query: dict[str, str] = {"limit": "1"}
        while True:
            page = client.get(path, params=query).json()
            items += page["items"]
            if page["continuationToken"] is None:
                break
            query["continuationToken"] = page["continuationToken"]
        assert len(items) == len(client.get(path).json()["items"])
