"""A continuation token that a list has not given out is refused by every list."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from fastapi.testclient import TestClient

from polysync_core.domain.runs.listing import Listing
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


@pytest.fixture(scope="module")
def client() -> TestClient:
    """A client of an app with some definitions and runs, which the tests only read."""
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


def computed(listing: tuple[str | None, ...], position: str) -> str:
    """Return the token that a caller can compute, because the digest has no key."""
    content = position.encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(json.dumps(listing).encode() + b"\n" + content).digest()[:12]
    return base64.urlsafe_b64encode(digest + content).rstrip(b"=").decode()


RUNS = ("runs", None, None, None, None)
RUNS_OF_T = Listing(task="t").identity
TASKS = ("Definitions", "tasks", None, None)
DIGITS = "\u0660" * 13


def test_a_computed_token_reads_only_inside_its_own_list(client: TestClient) -> None:
    all_runs = {each["runId"] for each in client.get("/api/task-runs").json()["items"]}
    own = {each["runId"] for each in client.get("/api/task-runs?task=t").json()["items"]}
    assert own < all_runs

    for position in ('["0000000000000~0"]', '["9999999999999~z"]'):
        query = {"task": "t", "continuationToken": computed(RUNS_OF_T, position)}
        answer = client.get("/api/task-runs", params=query)

        assert answer.status_code == 200
        assert {each["runId"] for each in answer.json()["items"]} in (own, set())


def test_a_computed_token_of_definitions_reads_only_its_own_kind(client: TestClient) -> None:
    for position in ('["jobs","a"]', '["tasks",""]', '["zzz","zzz"]'):
        query = {"continuationToken": computed(TASKS, position)}
        answer = client.get("/api/tasks", params=query)

        assert answer.status_code == 200
        assert all(each["job"] == "j" for each in answer.json()["items"])


@pytest.mark.parametrize(
    "position",
    [
        "",
        "[]",
        "{}",
        "7",
        "[7]",
        "[[]]",
        "[null]",
        '["x"]',
        '[""]',
        '["-000000000001~a"]',
        f'["{DIGITS}~a"]',
        '["0000000000000~a/../b"]',
        '["0000000000000~\\u0000"]',
        '["0000000000000~\\ud800"]',
        "[" * 3_000,
        "NaN",
        "\ud800",
    ],
)
def test_a_computed_token_of_another_form_is_refused(client: TestClient, position: str) -> None:
    refused = refusal(client, "/api/task-runs", computed(RUNS, position))

    assert refused == (400, "continuationToken")


@pytest.mark.parametrize(
    "position", ["[]", '["a"]', '["a","b","c"]', '["a\\u0000","b"]', "[null,1]", '[null,"a"]', "1"]
)
def test_a_computed_token_of_definitions_in_another_form_is_refused(
    client: TestClient, position: str
) -> None:
    refused = refusal(client, "/api/tasks", computed(TASKS, position))

    assert refused == (400, "continuationToken")


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
