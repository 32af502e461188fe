"""Adds an access key or a bearer token to the client's HTTP requests."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any, Protocol

import httpx

from polysync.addresses import is_loopback
from polysync.errors import PolysyncError

KEY_HEADER = "x-functions-key"

type TokenSource = str | Callable[[], str | Awaitable[str]]
"""A token, or a function that returns the present token; the function may be asynchronous."""


class Credential(Protocol):
    """A credential of azure-identity, synchronous or asynchronous."""

    def get_token(self, *scopes: str) -> Any:
        """Return an access token, or an awaitable of one."""
        ...


class Credentials(httpx.Auth):
    """Adds the access key or the present token to each request."""

    def __init__(
        self,
        *,
        key: str | None = None,
        token: TokenSource | None = None,
        credential: Credential | None = None,
        scope: str | None = None,
    ) -> None:
        if credential is not None and not scope:
            raise PolysyncError(
                "A credential needs the argument scope: <application id>/.default of the app."
            )
        if credential is not None and token is not None:
            raise PolysyncError("Give either a token or a credential.")
        self._key = key or None
        self._token = token or None
        self._credential = credential
        self._scope = scope or ""

    def check(self, address: httpx.URL) -> None:
        """Raise `PolysyncError` if a secret would be sent unencrypted, or cannot be sent."""
        text = self._token if isinstance(self._token, str) else None
        dynamic = callable(self._token) or self._credential is not None
        secrets = {"POLYSYNC_KEY": self._key, "POLYSYNC_TOKEN": text}
        for name, secret in secrets.items():
            if secret is not None:
                _check_characters(name, secret)
        given = [name for name, secret in secrets.items() if secret is not None]
        given += ["The token"] if dynamic else []
        if given and address.scheme == "http" and not is_loopback(address.host):
            raise PolysyncError(f"{given[0]} would be sent unencrypted: use a URL with https://.")

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Sign a request of a synchronous client."""
        found = self._present()
        if inspect.isawaitable(found):
            close = getattr(found, "close", None)
            if close is not None:
                close()
            raise PolysyncError("An asynchronous credential needs AsyncPolysync.")
        yield self._signed(request, found)

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign a request of an asynchronous client; a synchronous source runs in a thread."""
        found = self._token
        if self._credential is not None or callable(self._token):
            found = await asyncio.to_thread(self._present)
            if inspect.isawaitable(found):
                found = await found
        yield self._signed(request, found)

    def _present(self) -> Any:
        if self._credential is not None:
            return self._credential.get_token(self._scope)
        return self._token() if callable(self._token) else self._token

    def _signed(self, request: httpx.Request, found: Any) -> httpx.Request:
        token: str | None = getattr(found, "token", found)
        if self._key is not None:
            request.headers[KEY_HEADER] = self._key
        if token:
            _check_characters("The token", token)
            request.headers["authorization"] = f"Bearer {token}"
        return request


def _check_characters(name: str, secret: str) -> None:
    if not (secret.isascii() and secret.isprintable()):
        # The HTTP library would refuse the value too, but show the secret in its message.
        raise PolysyncError(
            f"{name} contains a character that no HTTP header holds: copy it again."
        )
