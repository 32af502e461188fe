"""Implements the URL router of the console, which prepares each page on first use.

FastAPI analyses a function when its route is made. For the hundred pages of the console this would
cost more than all of their imports.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

type Endpoint = Callable[..., Any]


class PageRoute(APIRoute):
    """A route that is complete after its first request."""

    def __init__(self, path: str, endpoint: Endpoint, method: str) -> None:
        # These are the attributes that the choice of a route needs.
        self.path = path
        self.endpoint = endpoint
        self.name = endpoint.__name__
        self.methods = {method}
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)

    @cached_property
    def _complete(self) -> APIRoute:
        return APIRoute(
            self.path,
            self.endpoint,
            methods=self.methods,
            response_model=None,
            include_in_schema=False,
        )

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that matches."""
        await self._complete.handle(scope, receive, send)


class PageRouter:
    """Collects the routes of some pages."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self.routes: list[PageRoute] = []

    def get[E: Endpoint](self, path: str) -> Callable[[E], E]:
        """Register the function below as the answer to GET."""
        return self._register(path, "GET")

    def post[E: Endpoint](self, path: str) -> Callable[[E], E]:
        """Register the function below as the answer to POST."""
        return self._register(path, "POST")

    def _register[E: Endpoint](self, path: str, method: str) -> Callable[[E], E]:
        def register(endpoint: E) -> E:
            self.routes.append(PageRoute(self._prefix + path, endpoint, method))
            return endpoint

        return register
