"""By what right the app acts for users who have signed in to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """The app registration that users sign in to, and how the app proves to be it."""

    tenant_id: str
    client_id: str
    identity_client_id: str
    """The managed identity that the registration trusts, in place of a secret."""
