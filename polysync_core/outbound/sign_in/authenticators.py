"""Where a call's bearer token comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from polysync_core.domain.secrets import Secret
from polysync_core.outbound.references import Secrets


class Credential(Protocol):
    """Gives the token for one platform; safe to use from many threads."""

    def token(self) -> Secret:
        """Return a token that is valid now.

        Raises `PlatformRefused` (cause `Secret`) or `Unavailable`.
        """
        ...

    def renew(self) -> None:
        """Drop what is remembered: the platform has refused the last token."""
        ...


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a token is shown to a platform."""

    header: str
    prefix: str = ""


BEARER = Scheme("Authorization", "Bearer ")


@dataclass(frozen=True, slots=True)
class VaultToken:
    """A token that lies in a vault, looked up for every call and kept nowhere here."""

    reference: str
    secrets: Secrets

    def token(self) -> Secret:
        """Return the token as the vault (or the resolver's short memory) has it."""
        return self.secrets.resolve(self.reference)

    def renew(self) -> None:
        """Have the next call read the vault again: the token may have been rotated."""
        self.secrets.forget(self.reference)


@dataclass(frozen=True, slots=True)
class FixedToken:
    """A token that somebody else looks after: it is passed on as it is."""

    given: Secret

    def token(self) -> Secret:
        """Return the token."""
        return self.given

    def renew(self) -> None:
        """Do nothing: there is no other token."""


class SimulatorToken:
    """What a stand-in on this machine is shown, which no real token may reach over plain HTTP."""

    def token(self) -> Secret:
        """Return a token that is worth nothing anywhere else."""
        return Secret("stand-in")

    def renew(self) -> None:
        """Do nothing: there is no other token."""
