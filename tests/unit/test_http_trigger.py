"""Tests for the HTTP trigger behind the web server of the worker's own library."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from azurefunctions.extensions.http.fastapi.web import WebApp
from fastapi import Request
from fastapi.testclient import TestClient

import triggers.http
from tests.fakes.app import FakeApp

ODD = ["a%0Ab", "a%0A", "%0A", "a%0Db", "a%00b", "a%2Fb", "a;b", "a%5Cb", "...", "a%FFb", "%C3%28"]


@pytest.mark.parametrize("path", ODD)
def test_every_path_reaches_the_invocation(path: str) -> None:
    assert triggers.http.blueprint is not None
    web_app = WebApp()

    @web_app.route
    async def catch_all(request: Request) -> str:
        return request.scope["path"]

    answer = TestClient(web_app.get_app()).get(f"/api/{path}")

    assert answer.status_code == 200
    assert answer.json() == f"/api/{unquote(path)}"


@pytest.fixture(scope="module")
def app() -> FakeApp:
    """Build the app once, because these requests change nothing."""
    return FakeApp()


@pytest.mark.parametrize("path", ODD)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_an_unusual_path_is_answered_with_our_own_problem_document(
    app: FakeApp, path: str, method: str
) -> None:
    answer = app.http.request(method, f"/{path}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert method == "HEAD" or answer.json()["status"] == 404
