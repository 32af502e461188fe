"""Tests that pages of other sites cannot act for a signed-in person (CSRF)."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.tasks import Task
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform

COOKIE = {"Cookie": "AppServiceAuthSession=abc"}
TOKEN = {"Authorization": "Bearer abc"}
KEY = {"x-functions-key": "abc"}

REFUSED = {
    "a form of another site": {"Sec-Fetch-Site": "cross-site", **COOKIE},
    "a form of a sibling host": {"Sec-Fetch-Site": "same-site", **COOKIE},
    "another site without cookies": {"Sec-Fetch-Site": "cross-site"},
    "another site with a token and cookies": {"Sec-Fetch-Site": "cross-site", **TOKEN, **COOKIE},
    "an old browser": {"Origin": "https://evil.example", **COOKIE},
    "a sandboxed frame": {"Origin": "null", **COOKIE},
    "a host name that begins alike": {"Origin": "http://localhost.evil.example", **COOKIE},
    "another port": {"Origin": "http://localhost:8000", **COOKIE},
    "cookies without any sign of the page": COOKIE,
    "an unknown word": {"Sec-Fetch-Site": "other", **COOKIE},
}
ACCEPTED: dict[str, dict[str, str]] = {
    "a page of the app": {"Sec-Fetch-Site": "same-origin", **COOKIE},
    "the person, by the address bar": {"Sec-Fetch-Site": "none", **COOKIE},
    "a page of the app in an old browser": {"Origin": "http://localhost", **COOKIE},
    "a program with a token": TOKEN,
    "a program with a key": KEY,
    "a program with a token and the cookie of a load balancer": {**TOKEN, **COOKIE},
    "a program on this machine": {},
}


@pytest.fixture(scope="module")
def app() -> FakeApp:
    return FakeApp(a_platform(), a_job(), Task(name="daily", job="sales-load"))


def _post_form(app: FakeApp, headers: dict[str, str]) -> Any:
    """Send a request that an HTML form of any site can send."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return app.http.post("/tasks/daily/run", headers=form | headers)


@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED)
def test_the_api_refuses_another_site(app: FakeApp, headers: dict[str, str]) -> None:
    before = len(app.engine.live)

    answer = _post_form(app, headers)

    assert answer.status_code == 403
    assert "page of another site" in answer.json()["detail"]
    assert len(app.engine.live) == before


@pytest.mark.parametrize("headers", ACCEPTED.values(), ids=ACCEPTED)
def test_the_api_serves_its_own_pages_and_programs(app: FakeApp, headers: dict[str, str]) -> None:
    assert _post_form(app, headers).status_code == 202


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_every_unsafe_method_is_guarded(app: FakeApp, method: str) -> None:
    answer = app.http.request(method, "/tasks/daily", headers=REFUSED["an old browser"])

    assert answer.status_code == 403


def test_reading_from_another_site_is_left_to_the_browser(app: FakeApp) -> None:
    answer = app.http.get("/tasks", headers={"Sec-Fetch-Site": "cross-site", **COOKIE})

    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED)
def test_the_console_refuses_another_site(app: FakeApp, headers: dict[str, str]) -> None:
    del app.browser.headers["Sec-Fetch-Site"]
    try:
        answer = app.browser.post("/sign-out", headers=headers)
    finally:
        app.browser.headers["Sec-Fetch-Site"] = "same-origin"

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
