"""Tests for HEAD and OPTIONS, which exist wherever GET or another method does."""

from __future__ import annotations

import pytest

from tests.fakes.app import FakeApp
from tests.fakes.definitions import lakehouse
from tests.fakes.openapi import operations


@pytest.fixture(scope="module")
def app() -> FakeApp:
    app = FakeApp()
    document = lakehouse()
    document["platforms"][0]["attributes"]["computeType"] = "Serverless"
    assert app.http.put("/definitions", json=document).status_code == 200
    return app


@pytest.mark.slow
@pytest.mark.parametrize("path", [path for method, path in operations() if method == "GET"])
def test_head_answers_as_get_without_a_body(app: FakeApp, path: str) -> None:
    path = path.replace("/x", "/landing-check" if "tasks" in path else "/lakehouse")

    read, head = app.http.get(path), app.http.head(path)

    assert (head.status_code, head.content) == (read.status_code, b"")
    assert set(head.headers) >= set(read.headers) - {"transfer-encoding"}
    assert head.headers.get("content-length") == read.headers.get("content-length")


def test_head_of_a_stream_ends_at_once(app: FakeApp) -> None:
    started = app.http.post("/tasks/landing-check/run").json()

    head = app.http.head(f"/task-runs/{started['runId']}/events")

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/health", "GET, HEAD, OPTIONS"),
        ("/definitions", "GET, HEAD, OPTIONS, PUT"),
        ("/tasks/daily", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
        ("/tasks/daily/run", "OPTIONS, POST"),
    ],
)
def test_options_lists_the_methods_of_a_path(app: FakeApp, path: str, allowed: str) -> None:
    answer = app.http.options(path)

    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, allowed, b"")


def test_options_of_an_unknown_path_is_not_found(app: FakeApp) -> None:
    assert app.http.options("/nothing").status_code == 404
