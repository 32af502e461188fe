"""Who signs in to an Azure service."""

from __future__ import annotations

from polysync_core.access.auth import Cloud
from polysync_core.access.hosts import BaseAddress, Reach
from polysync_core.access.references import Secrets
from polysync_core.domain.definitions.auth import Auth
from polysync_core.platforms.credentials import Credential, StandInToken


def entra_credential(
    auth: Auth, cloud: Cloud, secrets: Secrets, *, scope: str, base: BaseAddress
) -> Credential:
    """Return what signs in to the service at `base` for a checked `auth`; nothing is sent yet."""
    if base.reach is Reach.LOOPBACK:
        return StandInToken()
    # Costs start-up time, which platforms that sign in otherwise need not pay.
    from polysync_core.access.entra import entra_token

    return entra_token(auth, cloud, secrets, scope)
