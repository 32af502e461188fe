"""Rejects browser requests from other websites, as protection against CSRF.

A browser adds the cookies of this app to such a request, so the request would act for the person
who is signed in. Browsers say where a request comes from in headers that no page can set.

https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from polysync_core.api.problems import answer_to
from polysync_core.api.security.allowed_origins import ALLOWED_KEY
from polysync_core.domain.errors import Forbidden

_log = logging.getLogger(__name__)

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({"same-origin", "none"})
_CREDENTIALS = ("authorization", "x-functions-key")
"""The headers of programs. A form of another site cannot set them."""


class SameOrigin:
    """Middleware that refuses unsafe requests of other sites."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        # A named origin may send requests, but not with the cookies of this app.
        is_allowed = ALLOWED_KEY in scope and "cookie" not in headers
        if is_allowed or comes_from_own_site(headers):
            await self._app(scope, receive, send)
            return
        _log.warning("A request of another site was refused.", extra={"action": "origin_refused"})
        refusal = Forbidden(
            "This request comes from a page of another site, or the browser does not say where it "
            "comes from. Send it from the console, or with a token or a key and without cookies."
        )
        await answer_to(refusal, scope)(scope, receive, send)


def comes_from_own_site(headers: Headers) -> bool:
    """Return whether an unsafe request comes from a page of this app or a program."""
    has_cookies = "cookie" in headers
    has_credentials = any(name in headers for name in _CREDENTIALS)
    if has_credentials and not has_cookies:
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in _OWN_SITE
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    # No browser sends cookies without both headers, so this is a program.
    return has_credentials or not has_cookies
