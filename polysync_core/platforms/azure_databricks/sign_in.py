"""Builds the authenticator of a Databricks workspace."""

from __future__ import annotations

from polysync_core.domain.definitions.platforms import Auth, AuthMethod
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.authenticators import Authenticator, HeaderToken, VaultToken
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.outbound.sign_in.methods import SignInField, SignInMethod

PERSONAL_ACCESS_TOKEN = SignInMethod(
    name=AuthMethod.PERSONAL_ACCESS_TOKEN,
    fields=(SignInField(name="personalAccessToken", is_secret=True),),
)
ENTRA_SCOPE = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default"
"""The token scope of every Azure Databricks workspace in every cloud."""


def authenticator_of(auth: Auth, cloud: Cloud, secrets: Secrets) -> Authenticator:
    """Return the credential of a definition; this sends nothing."""
    if auth.method == AuthMethod.PERSONAL_ACCESS_TOKEN and auth.personal_access_token:
        return HeaderToken(VaultToken(auth.personal_access_token, secrets))
    # Imported on first use: the import is slow, and a personal access token does not need it.
    from polysync_core.outbound.sign_in.entra import entra_token

    return HeaderToken(entra_token(auth, cloud, secrets, ENTRA_SCOPE))
