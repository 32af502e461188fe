"""Implements an HTTP transport with scripted responses, and virtual time for delays."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.response import HTTPResponse

from polysync_core.outbound.call_budget import RetryTimer


@dataclass
class VirtualTime:
    """A virtual clock that advances when the code under test sleeps."""

    seconds: float = 0.0
    naps: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.seconds += seconds

    def now(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    @property
    def timer(self) -> RetryTimer:
        """Time for a client: the jitter takes its upper bound, so pauses can be asserted."""
        return RetryTimer(
            monotonic=lambda: self.seconds,
            sleep=self.sleep,
            now=self.now,
            uniform=lambda _, high: high,
        )


@dataclass(frozen=True)
class Reply:
    """A scripted answer."""

    status: int = 200
    content: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
        return cls(status, json.dumps(value).encode(), headers or {})


type Step = Reply | Exception | Callable[[PreparedRequest], Reply]


class ScriptedTransport(HTTPAdapter):
    """Answers each request with the next step; the last step repeats."""

    def __init__(self, steps: Iterable[Step]) -> None:
        super().__init__()
        self.steps = list(steps)
        self.requests: list[PreparedRequest] = []
        self.timeouts: list[Any] = []

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        self.requests.append(request)
        self.timeouts.append(kwargs.get("timeout"))
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        return _response(step if isinstance(step, Reply) else step(request), request)


def _response(reply: Reply, request: PreparedRequest) -> Response:
    response = Response()
    response.status_code = reply.status
    response.headers = CaseInsensitiveDict(reply.headers)
    response.raw = HTTPResponse(
        BytesIO(reply.content), headers=reply.headers, status=reply.status, preload_content=False
    )
    response.request = request
    response.url = request.url or ""
    return response
