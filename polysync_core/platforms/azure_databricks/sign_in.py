"""Signing in to a workspace."""

from __future__ import annotations

from polysync_core.domain.definitions.auth import Auth, AuthMethod
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.authenticators import Credential, VaultToken
from polysync_core.outbound.sign_in.methods import Cloud

ENTRA_SCOPE = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default"
"""The resource that every Azure Databricks workspace is, in every cloud."""


def credential_of(auth: Auth, cloud: Cloud, secrets: Secrets) -> Credential:
    """Return what signs in as a definition says; nothing is fetched yet."""
    if auth.method is AuthMethod.PERSONAL_ACCESS_TOKEN and auth.personal_access_token:
        return VaultToken(auth.personal_access_token, secrets)
    # Costs start-up time, which workspaces with a personal access token need not pay.
    from polysync_core.outbound.sign_in.entra import entra_token

    return entra_token(auth, cloud, secrets, ENTRA_SCOPE)
