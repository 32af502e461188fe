"""Platforms: connections to external execution services."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from polysync_core.domain.definitions.auth import Auth, AuthMethod
from polysync_core.domain.definitions.base import Definition, ObjectName, TypeName
from polysync_core.domain.json_types import JsonValue


class PlatformType(StrEnum):
    """The services that Polysync itself knows how to run artefacts on; packages may add more."""

    AZURE_DATABRICKS = "AzureDatabricks"
    AZURE_AI_FOUNDRY = "AzureAIFoundry"
    AZURE_DATA_FACTORY = "AzureDataFactory"
    AZURE_SYNAPSE = "AzureSynapse"
    AZURE_FUNCTIONS = "AzureFunctions"
    AZURE_LOGIC_APPS = "AzureLogicApps"
    GOOGLE_CLOUD_FUNCTIONS = "GoogleCloudFunctions"


class Platform(Definition):
    """A connection to an external execution service: type, auth method and attributes."""

    type: TypeName
    auth: Auth = Auth(method=AuthMethod.MANAGED_IDENTITY)
    """The app's own identity, unless it is said otherwise: it needs no secret."""
    attributes: dict[str, JsonValue] = Field(default_factory=dict)
    contention_profiles: tuple[ObjectName, ...] = ()
    shard: ObjectName = "main"
    """The Dispatcher that decides for this platform's runs (ADR 1)."""
