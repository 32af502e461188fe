"""Gets an Entra token of the app's managed identity, to exchange for other tokens."""

from __future__ import annotations

from polysync_core.domain.definitions.platforms import Auth, AuthMethod
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.security.secrets import Secret

DEFAULT_ENTRA_AUDIENCE = "api://AzureADTokenExchange"
"""The audience that exists in every Entra tenant for exchanging tokens."""


def entra_subject(auth: Auth) -> Secret:
    """Return the Entra token for `auth.entraAudience`.

    Raises `PlatformRefused` (cause `Secret`) or `Unavailable`.
    """
    # Imported on first use: the import is slow, and other methods do not need it.
    from polysync_core.outbound.sign_in.clouds import Cloud
    from polysync_core.outbound.sign_in.entra import azure_credential, fetch_token

    identity = Auth(method=AuthMethod.MANAGED_IDENTITY, client_id=auth.client_id)
    audience = auth.entra_audience or DEFAULT_ENTRA_AUDIENCE
    credential = azure_credential(identity, Cloud.PUBLIC, None)
    outcome = fetch_token(credential, f"{audience}/.default")
    if isinstance(outcome, PolysyncError):
        raise outcome
    return Secret(outcome.token)
