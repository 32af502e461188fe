"""Defines authenticators, which sign requests, and token sources, which supply tokens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urlsplit

from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.http_request import ClientCertificate, HttpRequest
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.cached_token import is_sendable


class Authenticator(Protocol):
    """Proves the caller's identity by a header, a client certificate or a body signature.

    An authenticator is shared between threads.
    """

    def sign(self, request: HttpRequest) -> HttpRequest:
        """Return the request with the proof; every retry is signed anew.

        The method, the URL and the body are exactly what is sent. Raises `PlatformRefused` (cause
        `Secret`) or `Unavailable`.
        """
        ...

    def renew(self) -> None:
        """Drop cached secrets: the platform has refused the last request (401)."""
        ...


class TokenSource(Protocol):
    """Returns the token for one platform; shared between threads."""

    def token(self) -> Secret:
        """Return a valid token; raises `PlatformRefused` (cause `Secret`) or `Unavailable`."""
        ...

    def renew(self) -> None:
        """Drop the cached token: the platform has refused it."""
        ...


@dataclass(frozen=True, slots=True)
class HeaderToken:
    """Sends a token in a header; the default is a bearer token."""

    source: TokenSource
    header: str = "Authorization"
    prefix: str = "Bearer "

    def sign(self, request: HttpRequest) -> HttpRequest:
        """Return the request with the token in its header."""
        token = self.source.token().reveal().strip()
        # `http.client` would quote an invalid header, with the token, in its error.
        if not is_sendable(token):
            raise PlatformRefused(
                f"the credential for {urlsplit(request.url).hostname} is empty or holds a character"
                " that no token has: correct the secret",
                cause=FailureCause.SECRET,
            )
        headers = {**request.headers, self.header: f"{self.prefix}{token}"}
        return replace(request, headers=headers)

    def renew(self) -> None:
        """Drop the refused token."""
        self.source.renew()


@dataclass(frozen=True, slots=True)
class VaultCertificate:
    """Presents a client certificate from a vault: PEM with its chain and private key (mTLS)."""

    reference: str
    secrets: Secrets

    def sign(self, request: HttpRequest) -> HttpRequest:
        """Return the request with the certificate that its TLS connection presents."""
        certificate = ClientCertificate(self.secrets.resolve(self.reference))
        return replace(request, client_certificate=certificate)

    def renew(self) -> None:
        """Make the next call read the vault again: the certificate may have been rotated."""
        self.secrets.forget(self.reference)


@dataclass(frozen=True, slots=True)
class VaultToken:
    """A token in a vault, resolved for every call and not cached here."""

    reference: str
    secrets: Secrets

    def token(self) -> Secret:
        """Return the token from the vault or from the resolver's short cache."""
        return self.secrets.resolve(self.reference)

    def renew(self) -> None:
        """Make the next call read the vault again: the token may have been rotated."""
        self.secrets.forget(self.reference)


@dataclass(frozen=True, slots=True)
class FixedToken:
    """A token that the caller owns and renews."""

    given: Secret

    def token(self) -> Secret:
        """Return the token."""
        return self.given

    def renew(self) -> None:
        """Do nothing: the caller renews the token."""


class SimulatorToken:
    """The token for a simulator; real tokens never go over plain HTTP."""

    def token(self) -> Secret:
        """Return a token without any rights."""
        return Secret("token-of-a-simulator")

    def renew(self) -> None:
        """Do nothing: this is the only token."""
