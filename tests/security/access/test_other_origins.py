"""Tests that only pages of named origins can read answers, and never with cookies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from polysync_core.api.security.callers import require_loopback
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Invalid
from polysync_core.domain.security.origins import read_origins
from tests.fakes.app import FakeApp, settings_of
from tests.fakes.builders import a_job, a_platform

PAGE = "https://app.example.com"
LOCAL_PAGE = "http://localhost:5173"
HOSTILE = (
    "null",
    "*",
    "https://app.example.com.evil.example",
    "https://evil.example/https://app.example.com",
    "https://evil-app.example.com",
    "https://sub.app.example.com",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com/",
    "https://APP.example.com",
    "https://app.example.com, https://evil.example",
    "https://user@app.example.com",
    "http://localhost:5174",
    "http://localhost",
    "",
)
CROSS = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
TOKEN = {"Authorization": "Bearer abc"}
COOKIE = {"Cookie": "AppServiceAuthSession=abc"}


@pytest.fixture(scope="module")
def app() -> FakeApp:
    return FakeApp(
        a_platform(),
        a_job(),
        Task(name="daily", job="sales-load"),
        settings=settings_of(POLYSYNC_ALLOWED_ORIGINS=f"{PAGE}, {LOCAL_PAGE}"),
    )


def _preflight(app: FakeApp, origin: str, path: str = "/jobs/ml/run") -> Any:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }
    return app.http.request("OPTIONS", path, headers=asked)


def _cors_headers(headers: Mapping[str, str]) -> set[str]:
    return {name for name in headers if name.lower().startswith("access-control-")}


@pytest.mark.parametrize("origin", [PAGE, LOCAL_PAGE])
@pytest.mark.parametrize("path", ["/jobs/ml/run", "/tasks/daily/run", "/nothing"])
def test_a_preflight_request_of_a_named_origin_is_answered(
    app: FakeApp, origin: str, path: str
) -> None:
    answer = _preflight(app, origin, path)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == origin
    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
    assert {"authorization", "content-type", "idempotency-key", "last-event-id"} <= {*allowed}
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin", HOSTILE)
def test_another_origin_reads_nothing(app: FakeApp, origin: str) -> None:
    before = len(app.engine.live)
    answers = [
        _preflight(app, origin),
        app.http.get("/tasks/daily", headers={"Origin": origin, **CROSS}),
        app.http.post("/tasks/daily/run", headers={"Origin": origin, **CROSS}),
        app.http.post("/tasks/daily/run", headers={"Origin": origin, **CROSS, **COOKIE}),
    ]
    assert [_cors_headers(answer.headers) for answer in answers] == [set()] * 4
    assert [answer.status_code for answer in answers[2:]] == [403, 403]
    assert len(app.engine.live) == before


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/tasks/daily", 200),
        ("GET", "/tasks/nothing", 404),
        ("POST", "/jobs/nothing/run", 404),
        ("DELETE", "/jobs/ml/status", 405),
        ("GET", "/nothing", 404),
        ("PUT", "/definitions?x=1", 400),
    ],
)
def test_a_named_origin_reads_answers_and_errors(
    app: FakeApp, method: str, path: str, status: int
) -> None:
    answer = app.http.request(method, path, headers={"Origin": PAGE, **CROSS, **TOKEN})
    assert answer.status_code in {status, 422}
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers


def test_a_named_origin_may_start_a_run_without_cookies(app: FakeApp) -> None:
    assert app.http.post("/tasks/daily/run", headers={"Origin": PAGE, **CROSS}).status_code == 202


@pytest.mark.parametrize("more", [{}, TOKEN], ids=["alone", "with a token"])
def test_a_named_origin_cannot_use_cookies(app: FakeApp, more: dict[str, str]) -> None:
    headers = {"Origin": PAGE, **CROSS, **COOKIE, **more}
    assert app.http.post("/tasks/daily/run", headers=headers).status_code == 403


def test_two_origins_are_none(app: FakeApp) -> None:
    headers = [("Origin", PAGE), ("Origin", "https://evil.example")]
    assert _cors_headers(app.http.get("/tasks/daily", headers=headers).headers) == set()


def test_without_the_setting_no_origin_reads_anything() -> None:
    answer = _preflight(FakeApp(), LOCAL_PAGE)
    assert (answer.status_code, _cors_headers(answer.headers)) == (204, set())


def test_in_development_a_named_origin_is_accepted() -> None:
    app = FakeApp(
        identify=require_loopback, settings=settings_of(POLYSYNC_ALLOWED_ORIGINS=LOCAL_PAGE)
    )
    host = {"Host": "127.0.0.1:7071"}
    assert app.http.get("/tasks", headers={"Origin": LOCAL_PAGE, **host}).status_code == 200
    assert app.http.get("/tasks", headers={"Origin": PAGE, **host}).status_code == 403


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "null",
        "https://*.example.com",
        "app.example.com",
        "https://app.example.com/",
        "https://app.example.com/path",
        "https://APP.example.com",
        "https://app.example.com:443",
        "https://app.example.com:99999",
        "http://app.example.com",
        "ftp://app.example.com",
        "https://user@app.example.com",
        "https://app.example.com https://b.example.com",
        f"{PAGE},*",
    ],
)
def test_a_setting_that_is_no_list_of_origins_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_origins(text)


def test_a_list_of_origins_is_read() -> None:
    assert read_origins("") == frozenset()
    assert read_origins(f" {PAGE} ,, http://[::1]:3000,") == {PAGE, "http://[::1]:3000"}
