"""Tests for the app as a whole: errors, limits and headers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from pydantic import BaseModel

from polysync_core.api.app import ApiRoutes, create_app
from polysync_core.api.security.bodies import BodyLimits
from polysync_core.domain.errors import (
    Broken,
    Conflict,
    Invalid,
    Malformed,
    NotFound,
    PlatformRefused,
    PolysyncError,
    StaleETag,
    TooLarge,
    Unavailable,
    Uncertain,
)
from polysync_core.domain.runs.failures.causes import FailureCause


class Order(BaseModel):
    count: int


def _routes(error: Exception | None = None) -> APIRouter:
    router = APIRouter()

    @router.get("/fail")
    def fail() -> None:
        assert error is not None
        raise error

    @router.put("/orders/{name}")
    def put(name: str, order: Order, limit: int = 1) -> dict[str, object]:
        return {"name": name, "count": order.count, "limit": limit}

    return router


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(
        create_app(ApiRoutes([_routes()]), body_limits=BodyLimits(size=1000))
    ) as opened:
        yield opened


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(Malformed.at("", "no YAML"), 400, id="an unreadable body"),
        pytest.param(Invalid.at("name", "wrong"), 422, id="an invalid value"),
        pytest.param(NotFound("no task 'x'"), 404, id="an unknown name"),
        pytest.param(Conflict("in use"), 409, id="a conflict"),
        pytest.param(StaleETag(), 412, id="a stale ETag"),
        pytest.param(TooLarge(), 413, id="a large body"),
        pytest.param(
            PlatformRefused("no", cause=FailureCause.SUBMIT), 502, id="a refusal by the platform"
        ),
        pytest.param(Unavailable(retry_after=7.2), 503, id="an unavailable service"),
        pytest.param(Uncertain(), 503, id="a lost answer"),
    ],
)
def test_an_error_is_a_problem_document_with_the_status_of_its_class(
    error: PolysyncError, status: int
) -> None:
    with TestClient(create_app(ApiRoutes([_routes(error)]))) as client:
        answer = client.get("/fail")

    body = answer.json()
    assert answer.status_code == body["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["detail"] == str(error)
    assert {"type", "title", "errors"} <= body.keys()


def test_an_unavailable_service_sends_retry_after() -> None:
    with TestClient(create_app(ApiRoutes([_routes(Unavailable(retry_after=7.2))]))) as client:
        assert client.get("/fail").headers["retry-after"] == "7"


def test_a_lost_answer_sends_retry_after_too() -> None:
    with TestClient(create_app(ApiRoutes([_routes(Uncertain())]))) as client:
        assert int(client.get("/fail").headers["retry-after"]) >= 1


@pytest.mark.parametrize("error", [Broken("row 17 is torn"), RuntimeError("secret-canary")])
def test_an_internal_error_shows_no_details_and_is_logged(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with TestClient(create_app(ApiRoutes([_routes(error)]))) as client:
        answer = client.get("/fail")

    assert answer.status_code == 500
    assert str(error) not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert [record.__dict__["action"] for record in caplog.records] == ["request_failed"]


def test_problems_of_a_body_have_paths(client: TestClient) -> None:
    answer = client.put("/orders/a?limit=x", json={"count": "many"})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"path": "limit", "message": "must be a whole number"},
        {"path": "count", "message": "must be a whole number"},
    ]


def test_invalid_json_is_a_bad_request(client: TestClient) -> None:
    answer = client.put("/orders/a", content=b'{"count": ', headers={"content-type": "text/json"})
    assert answer.status_code == 422
    answer = client.put(
        "/orders/a", content=b'{"count": ', headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/nowhere", 404, id="an unknown route"),
        pytest.param("POST", "/orders/a", 405, id="a wrong method"),
    ],
)
def test_routing_errors_are_problem_documents_too(
    client: TestClient, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)

    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_trailing_slash_is_ignored(client: TestClient) -> None:
    assert client.get("/health/", follow_redirects=False).json() == {"status": "ok"}
    assert client.get("/nowhere/", follow_redirects=False).status_code == 404


def test_a_large_body_is_refused_before_it_is_read(client: TestClient) -> None:
    assert client.put("/orders/a", content=b" " * 1001).status_code == 413


def test_a_large_body_of_unknown_length_is_refused_while_it_is_read(client: TestClient) -> None:
    sent: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(10):
            sent.append(number)
            yield b" " * 400

    assert client.put("/orders/a", content=chunks()).status_code == 413


def test_a_body_of_the_maximum_size_is_accepted(client: TestClient) -> None:
    body = b'{"count": 3' + b" " * 988 + b"}"
    answer = client.put("/orders/a", content=body, headers={"content-type": "application/json"})
    assert answer.json() == {"name": "a", "count": 3, "limit": 1}


def test_every_answer_has_the_security_headers(client: TestClient) -> None:
    answer = client.get("/health")

    assert answer.json() == {"status": "ok"}
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    policy = "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["content-security-policy"] == policy


def test_no_other_origin_is_allowed(client: TestClient) -> None:
    answer = client.get("/health", headers={"origin": "https://elsewhere.example"})

    assert [name for name in answer.headers if name.startswith("access-control-")] == []


def test_the_openapi_description_has_the_prefix_of_the_host(client: TestClient) -> None:
    description = client.get("/openapi.json").json()

    assert description["servers"] == [{"url": "/api"}]
    assert "/orders/{name}" in description["paths"]
    assert client.get("/docs").status_code == 200
    assert client.get("/api/health").status_code == 200
