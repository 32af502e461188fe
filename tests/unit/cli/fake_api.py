"""A small HTTP server on loopback with prepared answers."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """A received request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer."""

    body: Any = None
    status: int = 200
    content_type: str = "application/json"

    def content(self) -> bytes:
        """Return the bytes of the body; text and bytes are sent as they are."""
        match self.body:
            case bytes():
                return self.body
            case str():
                return self.body.encode()
            case _:
                return json.dumps(self.body).encode()


@dataclass(frozen=True, slots=True)
class Stream:
    """Server-sent events; with `cut` the connection breaks within the last chunk."""

    chunks: Sequence[bytes]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """The server reads the request and closes the connection without an answer."""


@dataclass(frozen=True, slots=True)
class Silence:
    """The server reads the request and does not answer until the test ends."""


type Reaction = Answer | Stream | Lost | Silence


def problem(status: int, title: str, detail: str, *errors: tuple[str, str]) -> Answer:
    """Return a problem document."""
    listed = [{"path": path, "message": message} for path, message in errors]
    body = {"title": title, "status": status, "detail": detail, "errors": listed}
    return Answer(body, status=status, content_type="application/problem+json")


@dataclass
class FakeApi:
    """The server; each request uses the next reaction of its route, the last one repeats."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    routes: dict[tuple[str, str], list[Reaction]] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> FakeApi:
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.api = self
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The address of the API."""
        return f"http://127.0.0.1:{self.port}/api"

    def on(self, method: str, path: str, *reactions: Reaction) -> None:
        """Set the reactions of a route."""
        self.routes[method, path] = list(reactions)

    def react(self, request: Request) -> Reaction:
        """Return the next reaction of the request's route."""
        self.requests.append(request)
        reactions = self.routes.get((request.method, request.path))
        if not reactions:
            return problem(404, "Not found", request.path)
        return reactions.pop(0) if len(reactions) > 1 else reactions[0]

    def requests_of(self, method: str, path: str) -> list[Request]:
        """Return the requests that a route has received."""
        return [each for each in self.requests if (each.method, each.path) == (method, path)]


class _Server(ThreadingHTTPServer):
    api: FakeApi
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that have disconnected; every other error fails the test."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def _api(self) -> FakeApi:
        assert isinstance(self.server, _Server)
        return self.server.api

    def _handle(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        path = unquote(url.path.removeprefix("/api"))
        body = json.loads(raw) if raw else None
        match self._api.react(Request(self.command, path, query, headers, body)):
            case Answer() as answer:
                self._send(answer)
            case Stream() as stream:
                self._stream(stream)
            case Lost():
                self.close_connection = True
            case Silence():
                self._api.ended.wait()
                self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = _handle

    def _send(self, answer: Answer) -> None:
        content = answer.content()
        self.send_response(answer.status)
        self.send_header("content-type", answer.content_type)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, stream: Stream) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for chunk in stream.chunks:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            self.wfile.flush()
        self.wfile.write(b"ff\r\ndata: half" if stream.cut else b"0\r\n\r\n")
        # An unannounced close after a complete stream would race with the next request.
        self.close_connection = stream.cut

    def log_message(self, format: str, *args: object) -> None:
        """Write no log: a test reads `requests`."""
