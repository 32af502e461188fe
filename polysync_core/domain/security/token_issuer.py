"""Describes the issuer whose tokens identify callers (OpenID Connect)."""

from __future__ import annotations

from dataclasses import dataclass

ROLES_CLAIM = "roles"
"""The claim with the app roles in the tokens of Entra ID."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssuer:
    """An OpenID Connect issuer, and what its tokens must contain."""

    issuer: str
    """The address of the issuer, exactly as in the claim `iss`."""
    audience: str
    """The value of the claim `aud` in tokens for this app."""
    roles_claim: str = ROLES_CLAIM
    """The claim that holds the app roles; dots lead into nested objects."""
