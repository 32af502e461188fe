"""Tokens for a service on behalf of a user who has signed in to the app.

The app proves itself by its managed identity, which its registration trusts (a federated
credential), so there is no client secret:
https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
"""

from __future__ import annotations

from azure.core.credentials import TokenCredential
from azure.identity import ManagedIdentityCredential, OnBehalfOfCredential

from polysync_core.access.auth import Cloud
from polysync_core.access.entra import AZURE_CLIENT_BOUNDS, EntraToken
from polysync_core.domain.causes import FailureCause
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.secrets import Secret

_UNAUTHORIZED = 401
_AUDIENCES = {
    Cloud.PUBLIC: "api://AzureADTokenExchange/.default",
    Cloud.US_GOVERNMENT: "api://AzureADTokenExchangeUSGov/.default",
    Cloud.CHINA: "api://AzureADTokenExchangeChina/.default",
}


def exchanging(
    token: Secret, *, tenant_id: str, client_id: str, identity_client_id: str, cloud: Cloud
) -> TokenCredential:
    """Return the credential that exchanges a user's token for tokens of other services."""
    identity = ManagedIdentityCredential(client_id=identity_client_id, **AZURE_CLIENT_BOUNDS)
    return OnBehalfOfCredential(
        tenant_id,
        client_id,
        client_assertion_func=lambda: identity.get_token(_AUDIENCES[cloud]).token,
        user_assertion=token.reveal(),
        authority=cloud.authority,
        **AZURE_CLIENT_BOUNDS,
    )


class OnBehalfToken:
    """The token for one scope that a user's own is exchanged for; safe for threads."""

    def __init__(self, exchanged: EntraToken) -> None:
        self._exchanged = exchanged

    def token(self) -> Secret:
        """Return a token that is valid now; what Entra refuses is the user's to mend (401)."""
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
        """Forget the token that was refused."""
        self._exchanged.renew()
