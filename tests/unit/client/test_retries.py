"""Tests of the repetition of failed requests."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from polysync import AnswerLost, Busy, MalformedAnswer, Unreachable
from polysync.calls import IDEMPOTENCY_KEY, Call, Retries, Wire
from polysync.credentials import Credentials
from polysync.sync.http import Http

READ = Call(method="GET", path=("tasks", "t"))
START = Call(method="POST", path=("tasks", "t", "run"), headers={IDEMPOTENCY_KEY: "k"})
ACTION = Call(method="POST", path=("tasks", "t", "pause"), body={"reason": "r"})

type Reaction = httpx.Response | type[Exception]


class Server:
    """Answers with prepared reactions, and counts the requests."""

    def __init__(self, *reactions: Reaction) -> None:
        self._reactions = [*reactions]
        self.requests = 0
        self.pauses: list[float] = []
        wire = Wire("https://polysync.example/api", Credentials(), timeout=5)
        transport = httpx.MockTransport(self._answer)
        self.http = Http(wire, retries=Retries(), transport=transport, sleep=self.pauses.append)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        reaction = self._reactions.pop(0) if len(self._reactions) > 1 else self._reactions[0]
        if isinstance(reaction, httpx.Response):
            return reaction
        raise reaction("no", request=request)  # type: ignore[call-arg]


def ok() -> httpx.Response:
    return httpx.Response(200, json={"name": "t"})


def busy(status: int = 503, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"title": "Busy", "status": status}, headers=headers)


@pytest.mark.parametrize("call", [READ, START], ids=["read", "start with a key"])
@pytest.mark.parametrize(
    "failure",
    [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, busy, lambda: busy(429)],
)
def test_a_harmless_request_is_repeated_with_a_growing_pause(
    call: Call, failure: Callable[[], httpx.Response] | type[Exception]
) -> None:
    is_error = isinstance(failure, type)
    first, second = (failure, failure) if is_error else (failure(), failure())  # type: ignore[misc]
    server = Server(first, second, ok())  # type: ignore[arg-type]

    assert server.http.call(call) == {"name": "t"}
    assert server.requests == 3
    assert 0.25 <= server.pauses[0] <= 0.5 <= server.pauses[1] <= 1.0


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (httpx.ReadTimeout, AnswerLost),
        (httpx.RemoteProtocolError, AnswerLost),
        (busy(), Busy),
        (httpx.Response(502, text="<html>"), MalformedAnswer),
    ],
)
def test_an_action_that_was_perhaps_executed_is_not_repeated(
    failure: Reaction, error: type[Exception]
) -> None:
    server = Server(failure)
    with pytest.raises(error):
        server.http.call(ACTION)
    assert server.requests == 1


@pytest.mark.parametrize("failure", [httpx.ConnectError, busy(429)])
def test_an_action_that_was_not_executed_is_repeated(failure: Reaction) -> None:
    server = Server(failure, ok())
    assert server.http.call(ACTION) == {"name": "t"}


def test_the_server_can_ask_for_a_longer_pause() -> None:
    server = Server(busy(429, **{"retry-after": "4"}), busy(429, **{"retry-after": "900"}), ok())
    server.http.call(READ)
    assert server.pauses == [4.0, 10.0]


def test_the_repetition_ends() -> None:
    server = Server(httpx.ConnectError)
    with pytest.raises(Unreachable, match="does not answer at https"):
        server.http.call(READ)
    assert server.requests == 4


def test_a_refusal_is_final() -> None:
    server = Server(httpx.Response(422, json={"title": "Wrong", "errors": []}))
    with pytest.raises(Exception, match="Wrong"):
        server.http.call(READ)
    assert server.requests == 1
