"""Checks the bearer tokens of requests to the simulated Databricks API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulators.databricks.errors import ApiError

REFUSED_TOKEN = "dapi-refused"  # noqa: S105 - not a secret
"""A token that is always unknown."""
FORBIDDEN_TOKEN = "dapi-forbidden"  # noqa: S105 - not a secret
"""A token that is always known and has no permission."""
USER = "engineer@example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The accepted tokens; None accepts all except the refused and the forbidden token."""

    tokens: frozenset[str] | None = None
    issued: set[str] = field(default_factory=set[str])
    """The tokens of the OAuth sign-in, which are accepted as well."""

    def check(self, headers: Mapping[str, str]) -> None:
        """Raise if the request does not carry an accepted token."""
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise ApiError(
                401,
                "401",
                "Credential was not sent or was of an unsupported type for this API.",
            )
        token = token.strip()
        if token == FORBIDDEN_TOKEN:
            raise ApiError(403, "PERMISSION_DENIED", f"{USER} is not authorized to do this.")
        if token in self.issued:
            return
        if token == REFUSED_TOKEN or (self.tokens is not None and token not in self.tokens):
            raise ApiError(403, "403", "Invalid access token.")
