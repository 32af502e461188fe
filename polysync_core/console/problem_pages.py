"""Converts error responses to HTML error pages, and redirects unauthenticated users to sign-in."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import htpy as h
from fastapi import Request, Response
from htpy import Node
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polysync_core.api.problems import MEDIA_TYPE
from polysync_core.console.deployment import Deployment
from polysync_core.console.paths import BASE, page_path
from polysync_core.console.shell import fragment, page, redirect
from polysync_core.telemetry import tracing

_KEPT_HEADERS = ("allow", "retry-after")


class ProblemPages:
    """Middleware that replaces problem documents by pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        interceptor = _Interceptor(send)
        await self._app(scope, receive, interceptor.send)
        if interceptor.start is not None:
            request = Request(scope)
            answer = _answer(request, interceptor.start, interceptor.document)
            await answer(scope, receive, send)


class _Interceptor:
    """Holds a problem document back; passes every other answer on."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._body = b""
        self.start: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_problem(message):
            self.start = message
        elif self.start is not None:
            self._body += message.get("body", b"")
        else:
            await self._send(message)

    @property
    def document(self) -> dict[str, Any]:
        """The problem document."""
        return json.loads(self._body)


def _is_problem(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return headers.get("content-type", "").startswith(MEDIA_TYPE)


def _answer(request: Request, start: Message, document: dict[str, Any]) -> Response:
    status = start["status"]
    is_part = "hx-request" in request.headers
    deployment: Deployment = request.app.state.use_cases[Deployment]
    if status == HTTPStatus.UNAUTHORIZED and deployment.sign_in is not None:
        return _to_sign_in(request, is_part=is_part)
    content = _problem(request, document, contact=_contact(deployment, status))
    answer = (
        fragment(content, status)
        if is_part
        else page(request, document["title"], content, status=status)
    )
    for name in _KEPT_HEADERS:
        if (value := Headers(raw=start["headers"]).get(name)) is not None:
            answer.headers[name] = value
    return answer


def _to_sign_in(request: Request, *, is_part: bool) -> Response:
    if is_part:
        here = request.headers.get("hx-current-url", "")
        address = page_path("sign-in", next=_path_of(here))
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": address})
    # The page of a form, because its own address answers no GET.
    source = request.url.path if request.method == "GET" else request.headers.get("referer", "")
    query = f"?{request.url.query}" if request.method == "GET" and request.url.query else ""
    return redirect(page_path("sign-in", next=_path_of(source) + query))


def _path_of(address: str) -> str:
    start = address.find(f"{BASE}/")
    return address[start:] if start >= 0 else page_path("runs")


def _contact(deployment: Deployment, status: int) -> str | None:
    """Return who gives roles, for a person who lacks one."""
    return deployment.contact if status == HTTPStatus.FORBIDDEN else None


def _problem(request: Request, document: dict[str, Any], *, contact: str | None) -> Node:
    _, _, trace = tracing.traceparent().partition("-")
    return h.section(".problem", role="alert")[
        h.p(".detail")[document["detail"]],
        contact and h.p["Roles are given by: ", contact],
        _list("Problems", [_field(each) for each in document.get("errors", ())]),
        _list("Similar names", document.get("nearest") or ()),
        _list("Possible ids", document.get("candidates") or ()),
        request.method == "GET" and h.p[h.a(".button", href=_here(request))["Try again"]],
        trace and h.p[h.small["Trace ", h.code[trace.partition("-")[0]]]],
    ]


def _list(label: str, items: Any) -> Node:
    entries = list(items)
    return entries and [h.h2[label], h.ul[[h.li[each] for each in entries]]]


def _field(problem: dict[str, Any]) -> Node:
    path = problem.get("path")
    return [path and [h.code[path], ": "], problem["message"]]


def _here(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path}{query}"
