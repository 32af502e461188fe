"""Defines vaults: connections to secret managers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from polysync_core.domain.definitions.base import Definition, TypeName
from polysync_core.domain.definitions.platforms import Auth
from polysync_core.domain.json_types import JsonValue


class VaultProvider(StrEnum):
    """The secret managers that Polysync itself supports; packages may add more."""

    AZURE_KEY_VAULT = "AzureKeyVault"
    HASHICORP_VAULT = "HashiCorpVault"
    GOOGLE_SECRET_MANAGER = "GoogleSecretManager"  # noqa: S105 - a provider's name
    AWS_SECRETS_MANAGER = "AwsSecretsManager"
    FILES = "Files"
    ENVIRONMENT = "Environment"


class Vault(Definition):
    """The connection to a secret manager; it never holds a secret."""

    provider: Annotated[TypeName, Field(json_schema_extra={"examples": [*VaultProvider]})]
    auth: Auth | None = None
    attributes: Annotated[dict[str, JsonValue], Field(max_length=100)] = Field(default_factory=dict)
