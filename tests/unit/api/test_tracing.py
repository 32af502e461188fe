"""Tests for the spans of requests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient

from polysync_core.api.app import ApiRoutes, create_app
from polysync_core.telemetry import names, tracing
from tests.fakes.telemetry import Listener, listening

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def client() -> TestClient:
    router = APIRouter()

    @router.post("/tasks/{name}/run", status_code=202)
    def start(name: str, code: str = "") -> str:
        return tracing.traceparent()

    @router.get("/tasks/{name}")
    def read(name: str) -> str:
        return name

    @router.put("/broken")
    def broken() -> None:
        raise ZeroDivisionError("canary-71d0")

    return TestClient(create_app(ApiRoutes([router])))


def test_a_request_is_a_span_named_by_its_route_in_the_callers_trace(
    listener: Listener, client: TestClient
) -> None:
    answer = client.post("/tasks/secret-name/run?code=hidden", headers={"traceparent": CALLER})
    span = listener.span("POST /tasks/{name}/run")
    assert (span.trace, span.parent) == (CALLER[3:35], CALLER[36:52])
    assert answer.json() == f"00-{span.trace}-{span.id}-01"
    assert span.attributes == {
        names.METHOD: "POST",
        names.ROUTE: "/tasks/{name}/run",
        names.STATUS_CODE: 202,
    }
    assert "hidden" not in span.text
    assert "secret-name" not in span.text


def test_the_span_of_the_host_wins_over_the_header(listener: Listener, client: TestClient) -> None:
    host_trace = CALLER.replace("b7ad", "aaaa")
    with tracing.continued(host_trace):
        client.post("/tasks/a/run", headers={"traceparent": CALLER})
    assert listener.spans()[0].parent == host_trace[36:52]


def test_a_read_has_no_span(listener: Listener, client: TestClient) -> None:
    client.get("/tasks/a")
    assert listener.spans() == []


def test_an_exception_is_recorded_without_its_message(
    listener: Listener, client: TestClient
) -> None:
    assert client.put("/broken").status_code == 500
    span = listener.span("PUT /broken")
    assert "canary-71d0" not in span.text
    assert not span.is_ok
    assert span.attributes[names.ERROR] == "fault"


def test_an_unknown_path_is_named_by_its_method_only(
    listener: Listener, client: TestClient
) -> None:
    client.post("/nothing/canary-71d0")
    assert listener.span("POST").attributes == {names.METHOD: "POST", names.STATUS_CODE: 404}
