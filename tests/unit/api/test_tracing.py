"""Requests in traces."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient

from polysync_core.api.app import create_app
from polysync_core.telemetry import names, tracing
from tests.fakes.telemetry import Listener, listening

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def told() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def client() -> TestClient:
    router = APIRouter()

    @router.post("/tasks/{name}/run", status_code=202)
    def start(name: str) -> str:
        return tracing.traceparent()

    @router.get("/tasks/{name}")
    def read(name: str) -> str:
        return name

    @router.put("/broken")
    def broken() -> None:
        raise ZeroDivisionError("canary-71d0")

    return TestClient(create_app([router]))


def test_a_request_is_a_span_by_its_route_in_the_trace_of_the_caller(
    told: Listener, client: TestClient
) -> None:
    inside = client.post("/tasks/secret-name/run?code=hidden", headers={"traceparent": CALLER})
    span = told.span("POST /tasks/{name}/run")
    assert (span.trace, span.parent) == (CALLER[3:35], CALLER[36:52])
    assert inside.json() == f"00-{span.trace}-{span.id}-01"
    assert span.attributes == {
        names.METHOD: "POST",
        names.ROUTE: "/tasks/{name}/run",
        names.STATUS_CODE: 202,
    }
    assert "hidden" not in span.text
    assert "secret-name" not in span.text


def test_the_span_of_the_host_comes_before_the_header(told: Listener, client: TestClient) -> None:
    hosts = CALLER.replace("b7ad", "aaaa")
    with tracing.continued(hosts):
        client.post("/tasks/a/run", headers={"traceparent": CALLER})
    assert told.spans()[0].parent == hosts[36:52]


def test_reading_has_no_span(told: Listener, client: TestClient) -> None:
    client.get("/tasks/a")
    assert told.spans() == []


def test_a_fault_is_told_without_its_message(told: Listener, client: TestClient) -> None:
    assert client.put("/broken").status_code == 500
    span = told.span("PUT /broken")
    assert "canary-71d0" not in span.text
    assert not span.is_ok
    assert span.attributes[names.ERROR] == "fault"


def test_an_unknown_address_is_told_by_its_method_alone(told: Listener, client: TestClient) -> None:
    client.post("/nothing/canary-71d0")
    assert told.span("POST").attributes == {names.METHOD: "POST", names.STATUS_CODE: 404}
