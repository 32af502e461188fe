"""Signing in to Azure services through Microsoft Entra.

Import this module where a credential is needed, not before: azure-identity costs more start-up time
than all of Polysync.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.identity import (
    ClientSecretCredential,
    DefaultAzureCredential,
    ManagedIdentityCredential,
)

from polysync_core.access.auth import Cloud
from polysync_core.access.references import Secrets
from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.auth import Auth, AuthMethod
from polysync_core.domain.errors import (
    Invalid,
    PlatformRefused,
    PolysyncError,
    Unavailable,
)
from polysync_core.domain.secrets import Secret

EXPIRY_MARGIN_SECONDS = 300
"""A token is renewed this long before it expires, so that none expires on its way."""

# The SDK's own bounds are 300 seconds and ten repetitions; an activity must not wait that long.
AZURE_CLIENT_BOUNDS: dict[str, Any] = {
    "connection_timeout": 5,
    "read_timeout": 10,
    "retry_total": 2,
    "retry_backoff_factor": 0.5,
    "retry_backoff_max": 4,
    "permit_redirects": False,
}


def azure_credential(auth: Auth, cloud: Cloud, secrets: Secrets | None) -> TokenCredential:
    """Return the azure-identity credential for a checked `auth`; resolves the client secret."""
    match auth.method:
        case AuthMethod.MANAGED_IDENTITY:
            return ManagedIdentityCredential(client_id=auth.client_id, **AZURE_CLIENT_BOUNDS)
        case AuthMethod.DEFAULT_CREDENTIAL:
            return DefaultAzureCredential(authority=cloud.authority, **AZURE_CLIENT_BOUNDS)
        case AuthMethod.SERVICE_PRINCIPAL:
            if secrets is None or not (auth.tenant_id and auth.client_id and auth.client_secret):
                raise Invalid.at("auth", "a service principal needs a tenant, an id and a secret")
            return ClientSecretCredential(
                auth.tenant_id,
                auth.client_id,
                secrets.resolve(auth.client_secret).reveal(),
                authority=cloud.authority,
                **AZURE_CLIENT_BOUNDS,
            )
        case _:
            raise Invalid.at(
                "auth.method", f"{auth.method} is no way to sign in to Microsoft Entra"
            )


class EntraToken:
    """An Entra token for one scope, kept until shortly before it expires; safe for threads."""

    def __init__(
        self,
        make_credential: Callable[[], TokenCredential],
        scope: str,
        *,
        forget_secret: Callable[[], None] = lambda: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._make_credential = make_credential
        self._scope = scope
        self._forget_secret = forget_secret
        self._now = now
        self._credential: TokenCredential | None = None
        self._held: AccessToken | None = None
        self._lock = threading.Lock()

    def token(self) -> Secret:
        """Return a token with some minutes to live.

        Raises `PlatformRefused` (cause `Secret`) or `Unavailable`.
        """
        with self._lock:
            held = self._held
            if held is None or held.expires_on - self._now() < EXPIRY_MARGIN_SECONDS:
                held = self._held = self._fetch()
            return Secret(held.token)

    def renew(self) -> None:
        """Forget token and client secret; the next token comes from fresh ones."""
        with self._lock:
            self._held = self._credential = None
            self._forget_secret()

    def _fetch(self) -> AccessToken:
        if self._credential is None:
            self._credential = self._make_credential()
        outcome = fetch_token(self._credential, self._scope)
        # Raised outside the `except` block that saw the SDK's error: that error quotes answers.
        if isinstance(outcome, PolysyncError):
            raise outcome
        return outcome


def fetch_token(credential: TokenCredential, scope: str) -> AccessToken | PolysyncError:
    """Return a token, or the error to raise, which holds nothing of what Entra answered."""
    try:
        return credential.get_token(scope)
    except ClientAuthenticationError as error:
        return sign_in_refused(entra_code(error))
    except (AzureError, OSError):
        return Unavailable("Microsoft Entra does not answer")
    except ValueError:
        return sign_in_refused(None)


def sign_in_refused(code: str | None) -> PlatformRefused:
    """Return the error for a refused sign-in, with Entra's `AADSTS…` code where it gave one."""
    detail = f" ({code})" if code else ""
    return PlatformRefused(
        f"Microsoft Entra refused the sign-in{detail}: check tenant, client id and secret,"
        " or that the identity exists on this host",
        cause=FailureCause.SECRET,
    )


def entra_code(error: ClientAuthenticationError) -> str | None:
    """Return the code of a refusal; the text around it may quote what was sent."""
    found = re.search(r"AADSTS[0-9]{3,8}", str(error))
    return found[0] if found else None
