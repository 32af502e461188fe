"""Tests that the caller is identified before the body of a request is read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.types import Message

from polysync_core.api.app import ApiRoutes, create_app
from polysync_core.api.security.access_policy import AccessPolicy
from polysync_core.api.security.bodies import BodyLimits
from polysync_core.api.security.callers import accept_all, reject_all
from polysync_core.application.operations.audit import Audit
from tests.fakes.audit import FakeAuditStore
from tests.fakes.builders import FakeClock

FAST = BodyLimits(size=1000, idle_seconds=0.02, total_seconds=0.05)


class Connection:
    """A connection that sends its body in parts; after the last part it stays silent."""

    def __init__(self, parts: Iterator[bytes], *, pause: float = 0.0) -> None:
        self._parts, self._pause = parts, pause
        self.reads = 0
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        self.reads += 1
        await asyncio.sleep(self._pause)
        for part in self._parts:
            return {"type": "http.request", "body": part, "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return self.sent[0]["status"]

    @property
    def headers(self) -> Headers:
        return Headers(raw=self.sent[0]["headers"])


def _request(
    connection: Connection, *, identify: Any = accept_all, headers: Any = (), audit: Any = None
) -> None:
    scope = {
        "type": "http",
        "method": "PUT",
        "path": "/tasks/daily",
        "query_string": b"",
        "headers": list(headers),
    }
    access = AccessPolicy(identify=identify, audit=audit)
    app = create_app(ApiRoutes([]), access=access, body_limits=FAST)
    asyncio.run(app(scope, connection.receive, connection.send))


def _endless() -> Iterator[bytes]:
    while True:
        yield b" "


def test_a_stranger_is_refused_before_the_body_is_read() -> None:
    connection = Connection(_endless())

    _request(connection, identify=reject_all)

    assert (connection.status, connection.reads) == (401, 0)


def test_an_announced_large_body_is_refused_before_the_caller_is_identified() -> None:
    connection = Connection(_endless())

    _request(connection, identify=reject_all, headers=[(b"content-length", b"1001")])

    assert (connection.status, connection.reads) == (413, 0)
    assert "connection" not in connection.headers


@pytest.mark.parametrize(
    ("parts", "pause"),
    [
        pytest.param(iter([b"{"]), 0.0, id="it stops in the middle"),
        pytest.param(iter([]), 0.0, id="it never begins"),
        pytest.param(_endless(), 0.01, id="it takes too long in small parts"),
    ],
)
def test_a_slow_body_is_refused_before_it_is_audited(parts: Any, pause: float) -> None:
    connection, store = Connection(parts, pause=pause), FakeAuditStore()

    _request(connection, audit=Audit(store=store, clock=FakeClock(), new_id=lambda: "entry"))

    assert connection.status == 408
    assert connection.headers["connection"] == "close"
    assert store.entries == {}


def test_a_large_body_of_unknown_length_is_refused_while_it_is_read() -> None:
    connection = Connection(_endless())
    connection._parts = iter([b"x" * 600, b"x" * 600, b"x" * 600])

    _request(connection)

    assert (connection.status, connection.reads) == (413, 2)
    assert "connection" not in connection.headers
