"""Resolves secret references to secrets, and caches each secret for some minutes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import (
    NotFound,
    PlatformRefused,
    Unavailable,
    VaultUnavailable,
)
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret, SecretReference
from polysync_core.domain.timed_cache import TimedCache
from polysync_core.outbound.references import Secrets
from polysync_core.vaults.registry import open_vault
from polysync_core.vaults.source import SecretSource

SECRET_TTL = 180.0
"""Seconds until a rotated secret is used, if the old one still works."""

_MAX_SECRETS = 1000


class OpenVault(Protocol):
    """Opens a vault, as `polysync_core.vaults.registry.open_vault` does."""

    def __call__(
        self, vault: Vault, *, development: bool, secrets: Secrets | None = None
    ) -> SecretSource: ...


class SecretResolver:
    """Resolves references and caches each value for some minutes; safe for threads.

    Only activities hold a resolver: the secrets must not leave them.
    """

    def __init__(
        self,
        definitions: DefinitionReader,
        *,
        development: bool,
        open_vault: OpenVault = open_vault,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._definitions = definitions
        self._development = development
        self._open_vault = open_vault
        self._values = TimedCache(
            self._load, ttl=SECRET_TTL, max_entries=_MAX_SECRETS, monotonic=monotonic
        )
        self._sources: dict[str, tuple[Vault, SecretSource]] = {}
        self._lock = threading.Lock()

    def resolve(self, reference: str) -> Secret:
        """Return the value of `vault://<vault>/<secret>`.

        Raises `Invalid` (not a reference, or a wrong vault definition), `PlatformRefused` (cause
        `Secret`) or `VaultUnavailable`.
        """
        return self._values.get(reference)

    def forget(self, reference: str) -> None:
        """Make the next `resolve` read the vault again: a service has refused the value."""
        self._values.invalidate([reference])

    def _load(self, reference: str) -> Secret:
        return self._read(SecretReference.parse(reference, path=""))

    def _read(self, reference: SecretReference) -> Secret:
        vault = self._definition(reference.vault)
        source = self._source(vault)
        outcome = _outcome(source, reference)
        if isinstance(outcome, PlatformRefused):
            # The vault's own credential may have been refused: open the vault anew next time.
            self._close(vault)
            raise outcome
        if isinstance(outcome, VaultUnavailable):
            raise outcome
        return outcome

    def _definition(self, name: str) -> Vault:
        vault = self._defined(name)
        if vault is None:
            raise PlatformRefused(
                f"there is no vault named {name}: define it, or correct the reference",
                cause=FailureCause.SECRET,
            )
        return vault

    def _defined(self, name: str) -> Vault | None:
        try:
            return self._definitions.vault(name)
        except NotFound:
            return None

    def _source(self, vault: Vault) -> SecretSource:
        known = self._sources.get(vault.name)
        if known is not None and known[0] == vault:
            return known[1]
        cycle = self._cycle(vault, (vault.name,))
        if cycle is not None:
            raise PlatformRefused(
                f"vaults need secrets of each other: {' -> '.join(cycle)}; remove a reference",
                cause=FailureCause.SECRET,
            )
        source = self._open_vault(vault, development=self._development, secrets=self)
        with self._lock:
            self._sources[vault.name] = (vault, source)
        return source

    def _cycle(self, vault: Vault, path: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return a cycle among the vaults that this vault's sign-in needs, or None.

        The search uses definitions only, before a vault is opened. Vaults sign in when they are
        read, so a cycle would be a deadlock.
        """
        for reference in _needed_by(vault):
            name = SecretReference.parse(reference, path="auth").vault
            if name in path:
                return (*path, name)
            holder = self._defined(name)
            found = self._cycle(holder, (*path, name)) if holder is not None else None
            if found is not None:
                return found
        return None

    def _close(self, vault: Vault) -> None:
        with self._lock:
            self._sources.pop(vault.name, None)
        for reference in _needed_by(vault):
            self.forget(reference)


def _needed_by(vault: Vault) -> tuple[str, ...]:
    return vault.auth.secret_references() if vault.auth is not None else ()


def _outcome(
    source: SecretSource, reference: SecretReference
) -> Secret | PlatformRefused | VaultUnavailable:
    """Return the secret or the error; an error names the vault, or the vault that it needs."""
    try:
        return source.read(reference.secret)
    except PlatformRefused as refused:
        return refused
    except VaultUnavailable as error:
        return error
    except Unavailable as error:
        return VaultUnavailable(
            str(error),
            vault=reference.vault,
            retry_after=error.retry_after,
            status=error.status,
        )
