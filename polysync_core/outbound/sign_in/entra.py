"""Gets tokens for Azure services from Microsoft Entra, and explains refused sign-ins.

Import this module on first use: azure-identity takes longer to import than all of Polysync.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.identity import (
    CertificateCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
    ManagedIdentityCredential,
)

from polysync_core.domain.definitions.platforms import Auth, AuthMethod
from polysync_core.domain.errors import (
    Invalid,
    PlatformRefused,
    PolysyncError,
    Unavailable,
)
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.cached_token import CachedToken, IssuedToken
from polysync_core.outbound.sign_in.clouds import Cloud

# The SDK's defaults are 300 seconds and ten retries; an activity must not wait that long.
AZURE_CLIENT_BOUNDS: dict[str, Any] = {
    "connection_timeout": 5,
    "read_timeout": 10,
    "retry_total": 2,
    "retry_backoff_factor": 0.5,
    "retry_backoff_max": 4,
    "permit_redirects": False,
}


def azure_credential(auth: Auth, cloud: Cloud, secrets: Secrets | None) -> TokenCredential:
    """Return the azure-identity credential for a checked `auth`; resolves its secrets."""
    match auth.method:
        case AuthMethod.MANAGED_IDENTITY:
            return ManagedIdentityCredential(client_id=auth.client_id, **AZURE_CLIENT_BOUNDS)
        case AuthMethod.DEFAULT_CREDENTIAL:
            return DefaultAzureCredential(authority=cloud.authority, **AZURE_CLIENT_BOUNDS)
        case AuthMethod.SERVICE_PRINCIPAL:
            if secrets is None or not (auth.tenant_id and auth.client_id and auth.client_secret):
                raise Invalid.at(
                    "auth", "a service principal needs tenantId, clientId and clientSecret"
                )
            return ClientSecretCredential(
                auth.tenant_id,
                auth.client_id,
                secrets.resolve(auth.client_secret).reveal(),
                authority=cloud.authority,
                **AZURE_CLIENT_BOUNDS,
            )
        case AuthMethod.CERTIFICATE:
            return _certificate_credential(auth, cloud, secrets)
        case _:
            raise Invalid.at(
                "auth.method", f"{auth.method} is not a sign-in method of Microsoft Entra"
            )


def _certificate_credential(
    auth: Auth, cloud: Cloud, secrets: Secrets | None
) -> CertificateCredential:
    from polysync_core.outbound.sign_in.certificates import read_certificate

    if secrets is None or not (auth.tenant_id and auth.client_id and auth.certificate):
        raise Invalid.at("auth", "a certificate needs tenantId, clientId and certificate")
    password = secrets.resolve(auth.certificate_password) if auth.certificate_password else None
    found = read_certificate(secrets.resolve(auth.certificate), password, auth.thumbprint)
    return CertificateCredential(
        auth.tenant_id,
        auth.client_id,
        certificate_data=found,
        authority=cloud.authority,
        **AZURE_CLIENT_BOUNDS,
    )


class EntraToken(CachedToken):
    """An Entra token for one scope, cached until it nearly expires; safe for threads."""

    def __init__(
        self,
        make_credential: Callable[[], TokenCredential],
        scope: str,
        *,
        forget_secret: Callable[[], None] = lambda: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(self._fetch, forget=self._forget_credential, now=now)
        self._make_credential = make_credential
        self._scope = scope
        self._forget_secret = forget_secret
        self._credential: TokenCredential | None = None

    def _fetch(self) -> IssuedToken:
        if self._credential is None:
            self._credential = self._make_credential()
        outcome = fetch_token(self._credential, self._scope)
        # Raised outside the `except` block that saw the SDK's error: that error quotes answers.
        if isinstance(outcome, PolysyncError):
            raise outcome
        return IssuedToken(Secret(outcome.token), outcome.expires_on)

    def _forget_credential(self) -> None:
        self._credential = None
        self._forget_secret()


def entra_token(auth: Auth, cloud: Cloud, secrets: Secrets, scope: str) -> EntraToken:
    """Return the token of a checked `auth` for one scope, without fetching it."""

    def forget() -> None:
        for reference in auth.secret_references():
            secrets.forget(reference)

    return EntraToken(lambda: azure_credential(auth, cloud, secrets), scope, forget_secret=forget)


def fetch_token(credential: TokenCredential, scope: str) -> AccessToken | PolysyncError:
    """Return a token, or an error that quotes nothing from Entra's answer."""
    try:
        return credential.get_token(scope)
    except ClientAuthenticationError as error:
        return sign_in_refused(entra_code(error))
    except (AzureError, OSError):
        return Unavailable("Microsoft Entra does not answer")
    except ValueError:
        return sign_in_refused(None)


def sign_in_refused(code: str | None) -> PlatformRefused:
    """Return the error for a refused sign-in, with Entra's `AADSTS…` code if known."""
    detail = f" ({code})" if code else ""
    return PlatformRefused(
        f"Microsoft Entra refused the sign-in{detail}: check tenant, client id and secret or"
        " certificate, or that the identity exists on this host",
        cause=FailureCause.SECRET,
    )


def entra_code(error: ClientAuthenticationError) -> str | None:
    """Return the code of a refusal; its text may quote the request, so it is dropped."""
    found = re.search(r"AADSTS[0-9]{3,8}", str(error))
    return found[0] if found else None
