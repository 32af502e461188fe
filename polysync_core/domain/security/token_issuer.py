"""Defines the OpenID Connect issuer whose tokens identify callers."""

from __future__ import annotations

from dataclasses import dataclass

ROLES_CLAIM = "roles"
"""The claim with the app roles in the tokens of Entra ID."""

_ENTRA = (
    "https://login.microsoftonline.com/",
    "https://login.microsoftonline.us/",
    "https://login.partner.microsoftonline.cn/",
    "https://sts.windows.net/",
    "https://sts.chinacloudapi.cn/",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssuer:
    """An OpenID Connect issuer, and what its tokens must contain."""

    issuer: str
    """The address of the issuer, exactly as in the claim `iss`."""
    audience: str
    """The value of the claim `aud` in tokens for this app."""
    roles_claim: str = ROLES_CLAIM
    """The claim that holds the app roles; dots lead into nested objects."""

    @property
    def is_entra(self) -> bool:
        """True if the issuer is a tenant of Entra in any cloud."""
        return self.issuer.startswith(_ENTRA)
