"""Defines the plugin type of vault providers, which checks definitions and opens vaults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from polysync_core.domain.definitions.platforms import (
    Auth,
)
from polysync_core.domain.definitions.types.catalogue import AnyFields
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import Problem
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.methods import SignInMethod
from polysync_core.vaults.source import SecretSource


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultContext:
    """Everything besides its definition that a vault needs to open."""

    development: bool
    """True if simulators on this machine are allowed."""
    secrets: Secrets | None = None
    """Resolves the secrets of `auth`, which are in other vaults."""
    private_hosts: frozenset[str] = frozenset()
    """Names of hosts that may have private addresses."""
    secrets_folder: Path | None = None
    """The folder with the secrets of this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultPlugin:
    """A vault provider."""

    name: str
    check: Callable[[Vault, bool], Sequence[Problem]]
    """Returns the problems of a definition; the flag says whether this is a development machine."""
    open: Callable[[Vault, VaultContext], SecretSource]
    """Returns a connection to a checked vault; nothing is sent before the first call."""
    attributes: type[BaseModel] = AnyFields
    """The model by which `check` reads the attributes; forms are built from it."""
    sign_in: Sequence[SignInMethod] = ()
    """The sign-in methods with their fields; empty if the provider needs no sign-in."""
    default_auth: Auth | None = None
    """The sign-in of a vault without `auth`; None: `auth` is required if there are methods."""
