"""Adds the token or the access key of the caller to requests."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

import httpx

from polysync_core.cli.api.addresses import is_loopback
from polysync_core.cli.api.errors import CommandFailed

_KEY_HEADER = "x-functions-key"
_TOKEN_HEADER = "authorization"  # noqa: S105 - the name of a header


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The credentials of requests; if there is a token, the app ignores the key."""

    key: str | None = None
    token: str | None = None
    renewed_token: Callable[[], str] | None = None
    """Returns a valid token. It is called for each request, because tokens expire."""


NO_CREDENTIALS = Credentials()


class CallerAuth(httpx.Auth):
    """Adds the credentials to each request, to one address only.

    Raises:
        CommandFailed: the address would get a secret unencrypted, or a secret is malformed.
    """

    def __init__(self, address: httpx.URL, credentials: Credentials) -> None:
        self._credentials = credentials
        is_unencrypted = address.scheme == "http" and not is_loopback(address.host)
        for name, secret in (
            ("POLYSYNC_KEY", credentials.key),
            ("POLYSYNC_TOKEN", credentials.token),
        ):
            if secret and not _fits_header(secret):
                # The HTTP library would refuse the value too, but show the secret in its message.
                raise CommandFailed(
                    f"{name} contains a character that no HTTP header holds: copy it again."
                )
            if secret and is_unencrypted:
                raise CommandFailed(f"{name} would be sent unencrypted: use a URL with https://.")
        if credentials.renewed_token is not None and is_unencrypted:
            raise CommandFailed("The token would be sent unencrypted: use a URL with https://.")

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Add the headers to a request."""
        credentials = self._credentials
        if credentials.key:
            request.headers[_KEY_HEADER] = credentials.key
        renewed = credentials.renewed_token
        if token := renewed() if renewed is not None else credentials.token:
            request.headers[_TOKEN_HEADER] = f"Bearer {token}"
        yield request


def _fits_header(secret: str) -> bool:
    return secret.isascii() and secret.isprintable()
