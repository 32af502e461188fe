"""Implements console sign-in by App Service, or by an access key in a cookie.

The cookie holds the key itself. So a session ends when the key is revoked, and no further secret
exists. Scripts cannot read the cookie, and browsers send it to this site only.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlencode

import htpy as h
from fastapi import Request, Response
from htpy import Element, Node
from starlette.requests import cookie_parser
from starlette.types import Scope

from polysync_core.api.security.callers import Caller, Identify, printable
from polysync_core.console.deployment import Deployment, SignIn
from polysync_core.console.form_data import CurrentForm
from polysync_core.console.parts.notices import notice
from polysync_core.console.paths import BASE, page_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import page, redirect
from polysync_core.domain.errors import Unauthenticated
from polysync_core.domain.security.access_keys import AccessKey, holder_of

_COOKIE = "polysync-key"
_SECURE_COOKIE = f"__Host-{_COOKIE}"
_TITLE = "Sign in"
_APP_SERVICE_SIGN_IN = "/.auth/login/aad"
_APP_SERVICE_SIGN_OUT = "/.auth/logout"


def by_cookie(keys: Sequence[AccessKey], *, otherwise: Identify) -> Identify:
    """Identify people by the access key in the cookie; `otherwise` identifies the others."""

    async def identify(scope: Scope) -> Caller:
        key = _key_of(scope)
        if key is None:
            return await otherwise(scope)
        holder = holder_of(key, keys)
        if holder is None:
            raise Unauthenticated(
                "the access key of this session is unknown or was revoked: sign in again"
            )
        return Caller(name=printable(f"key:{holder.name}"), roles=frozenset({holder.role}))

    return identify


def sign_in_routes(keys: Sequence[AccessKey]) -> PageRouter:
    """Return the routes of signing in and out."""
    router = PageRouter()

    @router.get("/sign-in")
    def show(request: Request) -> Response:
        return _page(request)

    @router.post("/sign-in")
    def sign_in(request: Request, form: CurrentForm) -> Response:
        key = form.get("key", "").strip()
        if holder_of(key, keys) is None:
            problem = notice("error", "The access key is unknown: it is mistyped or was revoked.")
            return _page(request, problem, status=HTTPStatus.UNAUTHORIZED)
        answer = redirect(_next(form.get("next", "")))
        return _with_cookie(request, answer, key)

    @router.post("/sign-out")
    def sign_out(request: Request) -> Response:
        way = _way(request)
        if way is not None and not way.with_key:
            query = urlencode({"post_logout_redirect_uri": page_path("sign-in")})
            return redirect(f"{_APP_SERVICE_SIGN_OUT}?{query}")
        answer = redirect(page_path("sign-in", notice="signed-out"))
        return _with_cookie(request, answer, "", max_age=0)

    return router


def _page(request: Request, *problem: Node, status: int = HTTPStatus.OK) -> Response:
    way = _way(request)
    return page(request, _TITLE, *problem, _form(request, way), status=status)


def _form(request: Request, way: SignIn | None) -> Element:
    target = _next(request.query_params.get("next", ""))
    if way is None:
        return h.p["This console needs no sign-in. ", h.a(href=target)["Open it."]]
    if not way.with_key:
        query = urlencode({"post_login_redirect_uri": target})
        return h.p[h.a(".button.primary", href=f"{_APP_SERVICE_SIGN_IN}?{query}")["Sign in"]]
    return h.form(".card.sign-in", method="post", action=page_path("sign-in"))[
        h.input(type="hidden", name="next", value=target),
        h.label(for_="key")["Access key"],
        h.input(
            id="key", name="key", type="password", required=True, autocomplete="current-password"
        ),
        h.p(".help")["An administrator makes keys with ", h.code["polysync access-key"], "."],
        h.button(".primary", type="submit")[_TITLE],
    ]


def _way(request: Request) -> SignIn | None:
    deployment: Deployment = request.app.state.use_cases[Deployment]
    return deployment.sign_in


def _next(address: str) -> str:
    """Return the page to open after signing in; a foreign address is replaced."""
    is_own = address.startswith(f"{BASE}/") and "\\" not in address and "//" not in address
    return address if is_own else page_path("runs")


def _key_of(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"cookie":
            cookies = cookie_parser(value.decode("latin-1"))
            return cookies.get(_SECURE_COOKIE) or cookies.get(_COOKIE)
    return None


def _with_cookie(
    request: Request, answer: Response, key: str, max_age: int | None = None
) -> Response:
    """Add the cookie of the session; it ends with the browser's session or after `max_age`."""
    # A browser accepts the prefix `__Host-` over HTTPS only.
    secure = request.url.scheme == "https"
    answer.set_cookie(
        _SECURE_COOKIE if secure else _COOKIE,
        key,
        max_age=max_age,
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )
    return answer
