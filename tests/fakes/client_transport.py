"""Connects the Python client to an app in memory, without a network."""

from __future__ import annotations

import httpx

from tests.fakes.app import FakeApp, with_engine

URL = "http://localhost/api"


class AppTransport(httpx.BaseTransport):
    """Answers the requests of the blocking client by the app, which checks every answer."""

    def __init__(self, app: FakeApp) -> None:
        self._app = app
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        self.requests.append(request)
        content = request.read()
        answer = self._app.http.request(
            request.method, str(request.url), content=content, headers=dict(request.headers)
        )
        # The content is decompressed already.
        headers = {
            name: each for name, each in answer.headers.items() if name != "content-encoding"
        }
        return httpx.Response(answer.status_code, headers=headers, content=answer.content)


def async_transport(app: FakeApp) -> httpx.ASGITransport:
    """Return the transport of an asynchronous client to the app."""
    return httpx.ASGITransport(app=with_engine(app.api, app.engine))
