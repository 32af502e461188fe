"""Asking the API in this process, as the caller of a tool."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.mcp.callers import Headers

type _Message = MutableMapping[str, Any]

PREFIX = "/api"
_NOTHING_DONE = 400
"""Answers from this status on."""


class AsgiApp(Protocol):
    """The API, as ASGI servers see it."""

    async def __call__(
        self,
        scope: _Message,
        receive: Callable[[], Awaitable[_Message]],
        send: Callable[[_Message], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        ...


class ApiRefusal(Exception):
    """The API answered with a problem document."""

    def __init__(self, status: int, problem: JsonObject, retry_after: str | None) -> None:
        super().__init__(f"{status}: {problem.get('detail')}")
        self.status = status
        self.problem = problem
        self.retry_after = retry_after


@dataclass(slots=True)
class _Collected:
    """An answer as it arrives."""

    status: int = 500
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""

    async def send(self, message: _Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The API, asked in the name of one caller."""

    app: AsgiApp
    caller: Headers
    extras: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the host's side puts into the scope of every request: the engine."""

    async def get(self, *path: str, **query: str | int | None) -> JsonObject:
        """Return what a path answers; raises `ApiRefusal`."""
        return _object(await self._ask("GET", path, query))

    async def text(self, *path: str, accept: str) -> str:
        """Return what a path answers as text of a media type; raises `ApiRefusal`."""
        answer = await self._ask("GET", path, {}, headers=[(b"accept", accept.encode())])
        return answer.body.decode()

    async def send(
        self,
        method: str,
        *path: str,
        body: JsonValue | bytes,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> JsonObject:
        """Return the answer to a request that changes something; raises `ApiRefusal`.

        A body of bytes goes as it is, any other as JSON.
        """
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        usual = {} if isinstance(body, bytes) else {"content-type": "application/json"}
        listed = [
            (name.encode(), value.encode()) for name, value in {**usual, **(headers or {})}.items()
        ]
        return _object(await self._ask(method, path, query or {}, body=content, headers=listed))

    async def _ask(
        self,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, str | int | None],
        *,
        body: bytes = b"",
        headers: Headers | None = None,
    ) -> _Collected:
        given = urlencode({name: value for name, value in query.items() if value is not None})
        scope = {
            **_address(path),
            **self.extras,
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "query_string": given.encode(),
            "root_path": PREFIX,
            "headers": [*self.caller, (b"content-length", b"%d" % len(body)), *(headers or ())],
        }
        answer = _Collected()
        await self.app(scope, _body(body), answer.send)
        if answer.status >= _NOTHING_DONE:
            problem = _object(answer)
            raise ApiRefusal(answer.status, problem, answer.headers.get("retry-after"))
        return answer


def _address(path: tuple[str, ...]) -> dict[str, Any]:
    """Return the path of a request; what a caller named can never be more than one part of it."""
    if any("/" in part or not part for part in path):
        raise ValueError(path)
    return {
        "path": "/".join((PREFIX, *path)),
        "raw_path": "/".join((PREFIX, *(quote(part, safe="") for part in path))).encode(),
    }


def _body(content: bytes) -> Callable[[], Awaitable[_Message]]:
    messages = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> _Message:
        if not messages:
            # The caller stays until the answer is complete.
            await asyncio.Future()
        return messages.pop()

    return receive


def _object(answer: _Collected) -> JsonObject:
    content: JsonValue = json.loads(answer.body) if answer.body else {}
    return content if isinstance(content, dict) else {"items": content}
