"""Resolves `vault://` references through the vaults that are defined."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.platforms import Vault
from polysync_core.domain.errors import NotFound, PlatformRefused
from polysync_core.domain.secrets import Secret, SecretReference
from polysync_core.outbound.references import Secrets
from polysync_core.vaults.registry import open_vault
from polysync_core.vaults.source import SecretSource

REMEMBERED_SECONDS = 180.0
"""How long a rotated secret may go unnoticed where the old one still works."""

_MOST_VALUES = 1000


class OpenVault(Protocol):
    """Opens a vault, as `polysync_core.vaults.registry.open_vault` does."""

    def __call__(
        self, vault: Vault, *, development: bool, secrets: Secrets | None = None
    ) -> SecretSource: ...


@dataclass(frozen=True, slots=True)
class _Remembered:
    value: Secret
    until: float


class SecretResolver:
    """Resolves references, remembering each value for some minutes; safe for threads.

    Only activities hold one: what it returns must not leave them.
    """

    def __init__(
        self,
        vault_named: Callable[[str], Vault],
        *,
        development: bool,
        open_vault: OpenVault = open_vault,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._vault_named = vault_named
        self._development = development
        self._open_vault = open_vault
        self._monotonic = monotonic
        self._values: dict[str, _Remembered] = {}
        self._sources: dict[str, tuple[Vault, SecretSource]] = {}
        self._lock = threading.Lock()

    def resolve(self, reference: str) -> Secret:
        """Return the value of `vault://<vault>/<secret>`.

        Raises `Invalid` (no reference, or a vault whose definition is wrong), `PlatformRefused`
        (cause `Secret`) or `Unavailable`.
        """
        remembered = self._values.get(reference)
        if remembered is not None and self._monotonic() < remembered.until:
            return remembered.value
        value = self._read(SecretReference.parse(reference, path=""))
        self._remember(reference, value)
        return value

    def forget(self, reference: str) -> None:
        """Have the next `resolve` read the vault again: the value was refused."""
        with self._lock:
            self._values.pop(reference, None)

    def _remember(self, reference: str, value: Secret) -> None:
        now = self._monotonic()
        with self._lock:
            if len(self._values) >= _MOST_VALUES:
                self._values = {k: held for k, held in self._values.items() if now < held.until}
            if len(self._values) < _MOST_VALUES:
                self._values[reference] = _Remembered(value, now + REMEMBERED_SECONDS)

    def _read(self, reference: SecretReference) -> Secret:
        vault = self._definition(reference.vault)
        source = self._source(vault)
        outcome = _outcome(source, reference.secret)
        if isinstance(outcome, PlatformRefused):
            # The vault's own credential may be what was refused: begin afresh next time.
            self._close(vault)
            raise outcome
        return outcome

    def _definition(self, name: str) -> Vault:
        vault = self._defined(name)
        if vault is None:
            raise PlatformRefused(f"there is no vault named {name}", cause=FailureCause.SECRET)
        return vault

    def _defined(self, name: str) -> Vault | None:
        try:
            return self._vault_named(name)
        except NotFound:
            return None

    def _source(self, vault: Vault) -> SecretSource:
        known = self._sources.get(vault.name)
        if known is not None and known[0] == vault:
            return known[1]
        circle = self._circle(vault, (vault.name,))
        if circle is not None:
            raise PlatformRefused(
                f"vaults need each other to be opened: {' -> '.join(circle)}",
                cause=FailureCause.SECRET,
            )
        source = self._open_vault(vault, development=self._development, secrets=self)
        with self._lock:
            self._sources[vault.name] = (vault, source)
        return source

    def _circle(self, vault: Vault, way: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return a circle among the vaults that this one signs in with, by their definitions.

        It is looked for before anything is opened: vaults sign in when they are read, and would
        wait for themselves.
        """
        for reference in _needed_by(vault):
            name = SecretReference.parse(reference, path="auth").vault
            if name in way:
                return (*way, name)
            holder = self._defined(name)
            found = self._circle(holder, (*way, name)) if holder is not None else None
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


def _outcome(source: SecretSource, name: str) -> Secret | PlatformRefused:
    try:
        return source.read(name)
    except PlatformRefused as refused:
        return refused
