"""Exchanges users' tokens for tokens of other services (On-Behalf-Of flow of Entra).

The app signs in with its managed identity, which its registration trusts (a federated credential).
No client secret is needed:
https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from azure.core.credentials import TokenCredential
from azure.identity import ManagedIdentityCredential, OnBehalfOfCredential

from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.identity import Delegation
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.outbound.sign_in.entra import AZURE_CLIENT_BOUNDS, EntraToken

_UNAUTHORIZED = 401
_AUDIENCES = {
    Cloud.PUBLIC: "api://AzureADTokenExchange/.default",
    Cloud.US_GOVERNMENT: "api://AzureADTokenExchangeUSGov/.default",
    Cloud.CHINA: "api://AzureADTokenExchangeChina/.default",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanger:
    """Exchanges users' tokens for tokens of other services; tests replace the transport."""

    by: Delegation
    cloud: Cloud
    identity: TokenCredential | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def credential(self, user: Secret) -> TokenCredential:
        """Return the credential of a user, without a request."""
        return OnBehalfOfCredential(
            self.by.tenant_id,
            self.by.client_id,
            client_assertion_func=self._proof,
            user_assertion=user.reveal(),
            authority=self.cloud.authority,
            **AZURE_CLIENT_BOUNDS,
            **self.options,
        )

    def _proof(self) -> str:
        identity = self.identity or ManagedIdentityCredential(
            client_id=self.by.identity_client_id, **AZURE_CLIENT_BOUNDS
        )
        return identity.get_token(_AUDIENCES[self.cloud]).token


class OnBehalfToken:
    """The token for one scope, exchanged for a user's own token; safe for threads."""

    def __init__(self, exchanged: EntraToken) -> None:
        self._exchanged = exchanged

    def token(self) -> Secret:
        """Return a valid token; a refusal of Entra is a 401, which the user must fix."""
        try:
            return self._exchanged.token()
        except PlatformRefused as error:
            refusal = str(error)
        raise PlatformRefused(
            f"no token on behalf of the user: {refusal}",
            cause=FailureCause.SECRET,
            status=_UNAUTHORIZED,
        )

    def renew(self) -> None:
        """Drop the refused token."""
        self._exchanged.renew()
