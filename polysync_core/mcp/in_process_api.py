"""Sends API requests of MCP tools within the same process, without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.mcp.callers import Headers

type _Message = MutableMapping[str, Any]

PREFIX = "/api"


class AsgiApp(Protocol):
    """The API as an ASGI application."""

    async def __call__(
        self,
        scope: _Message,
        receive: Callable[[], Awaitable[_Message]],
        send: Callable[[_Message], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        ...


class ApiError(Exception):
    """The API answered with a problem document."""

    def __init__(self, status: int, problem: JsonObject, retry_after: str | None) -> None:
        super().__init__(f"{status}: {problem.get('detail')}")
        self.status = status
        self.problem = problem
        self.retry_after = retry_after


@dataclass(slots=True)
class _Response:
    """An answer that is being received."""

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
class InProcessApi:
    """Sends requests to the API as one caller; errors raise `ApiError`."""

    app: AsgiApp
    caller: Headers
    extras: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Entries that the host adds to the scope of every request, such as the engine."""

    async def get(self, *path: str, **query: str | int | list[str] | None) -> JsonObject:
        """Return the answer to a GET request as JSON."""
        return _object(await self._request("GET", path, query))

    async def get_text(self, *path: str, accept: str) -> str:
        """Return the answer to a GET request as text of a media type."""
        response = await self._request("GET", path, {}, headers=[(b"accept", accept.encode())])
        return response.body.decode()

    async def send(
        self,
        method: str,
        *path: str,
        body: JsonValue | bytes,
        query: Mapping[str, str | int | list[str] | None] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> JsonObject:
        """Return the answer to a request with a body; bytes are sent as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        default = {} if isinstance(body, bytes) else {"content-type": "application/json"}
        encoded = [
            (name.encode(), value.encode())
            for name, value in {**default, **(headers or {})}.items()
        ]
        response = await self._request(method, path, query or {}, body=content, headers=encoded)
        return _object(response)

    async def _request(
        self,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, str | int | list[str] | None],
        *,
        body: bytes = b"",
        headers: Headers | None = None,
    ) -> _Response:
        present = {name: value for name, value in query.items() if value is not None}
        given = urlencode(present, doseq=True)
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
        response = _Response()
        await self.app(scope, _receiving(body), response.send)
        if response.status >= HTTPStatus.BAD_REQUEST:
            problem = _object(response)
            raise ApiError(response.status, problem, response.headers.get("retry-after"))
        return response


def _address(path: tuple[str, ...]) -> dict[str, Any]:
    """Return the path of a request; each argument is exactly one path segment."""
    if any("/" in segment or not segment for segment in path):
        raise ValueError(path)
    return {
        "path": "/".join((PREFIX, *path)),
        "raw_path": "/".join((PREFIX, *(quote(segment, safe="") for segment in path))).encode(),
    }


def _receiving(content: bytes) -> Callable[[], Awaitable[_Message]]:
    messages = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> _Message:
        if not messages:
            # The caller stays connected until the answer is complete.
            await asyncio.Future()
        return messages.pop()

    return receive


def _object(response: _Response) -> JsonObject:
    content: JsonValue = json.loads(response.body) if response.body else {}
    return content if isinstance(content, dict) else {"items": content}
