"""Defines the catalogue of platform types, job types and vault providers, with field models.

The interfaces build forms from these descriptions. Each model is the one by which the plugin
checks a definition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from polysync_core.domain.definitions.base import Value


class AnyFields(Value):
    """The model of a type whose plugin declares no fields: every field is allowed."""

    model_config = ConfigDict(extra="allow")


class NoFields(Value):
    """The model of a type without fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthField:
    """One field of a sign-in method."""

    name: str
    """The name in a definition, in camelCase."""
    required: bool
    is_secret: bool
    """True if the field holds only a `vault://` reference."""
    may_be_secret: bool
    """True if the field may hold a `vault://` reference instead of plain text."""
    rule: str
    """The form of a plain text, as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthKind:
    """A sign-in method with its own fields."""

    name: str
    fields: Sequence[AuthField]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """A job type of a platform type."""

    name: str
    settings: type[BaseModel]
    external_id_hint: str
    """The form of the external id, with an example."""
    is_discoverable: bool
    """True if the artefacts of the type can be listed."""
    has_parameters: bool
    """True if the parameters of an artefact can be read from the platform."""
    has_outputs: bool
    can_cancel: bool
    lists_runs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformKind:
    """A platform type with its attributes, sign-in methods and job types."""

    name: str
    attributes: type[BaseModel]
    auth: Sequence[AuthKind]
    jobs: Mapping[str, JobKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultKind:
    """A vault provider with its attributes and sign-in methods."""

    name: str
    attributes: type[BaseModel]
    auth: Sequence[AuthKind]
    default_auth: str | None
    """The sign-in method of a vault without `auth`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeCatalogue:
    """All types of platforms, Jobs and vaults that this app knows.

    A description is read on first use, because a plugin takes time to import. The functions
    `platform` and `vault` raise `Invalid` for an unknown name or a broken package.
    """

    platform_types: Callable[[], Sequence[str]]
    platform: Callable[[str], PlatformKind]
    vault_providers: Callable[[], Sequence[str]]
    vault: Callable[[str], VaultKind]
