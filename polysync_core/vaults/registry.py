"""From a vault's definition to a live connection.

The modules of the providers are imported when the first definition of theirs is met: nobody pays
start-up time for a provider that is not used.
"""

from __future__ import annotations

from typing import assert_never

from polysync_core.domain.definitions.auth import Auth, AuthMethod
from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.outbound.identity import NO_IDENTITY, AppIdentity
from polysync_core.outbound.references import Secrets
from polysync_core.vaults.environment import EnvironmentVariables, check_environment
from polysync_core.vaults.source import SecretSource


def open_vault(
    vault: Vault,
    *,
    development: bool,
    secrets: Secrets | None = None,
    app_identity: AppIdentity = NO_IDENTITY,
) -> SecretSource:
    """Return a connection to a vault; nothing is read from it yet.

    `secrets` resolves what the vault signs in with, which lies in another vault. Raises `Invalid`
    where the definition is wrong.
    """
    check_vault(vault, development=development)
    vault = _signing_in(vault, app_identity)
    match vault.provider:
        case VaultProvider.AZURE_KEY_VAULT:
            from polysync_core.vaults.azure_key_vault import open_key_vault

            return open_key_vault(vault, secrets)
        case VaultProvider.HASHICORP_VAULT:
            from polysync_core.outbound.read_client import ReadClient
            from polysync_core.vaults.hashicorp import open_hashicorp

            return open_hashicorp(
                vault,
                secrets,
                allow_loopback=development,
                client=ReadClient(private_hosts=app_identity.private_hosts),
            )
        case VaultProvider.GOOGLE_SECRET_MANAGER:
            from polysync_core.vaults.google_secret_manager import open_secret_manager

            return open_secret_manager(vault, secrets, allow_loopback=development)
        case VaultProvider.ENVIRONMENT:
            return EnvironmentVariables()
        case _:
            assert_never(vault.provider)


def _signing_in(vault: Vault, app_identity: AppIdentity) -> Vault:
    """Return a vault with the identity filled in that its definition leaves open."""
    auth = vault.auth
    if auth is None and vault.provider is VaultProvider.AZURE_KEY_VAULT:
        auth = Auth(method=AuthMethod.MANAGED_IDENTITY)
    if auth is None:
        return vault
    return vault.model_copy(update={"auth": app_identity.complete_auth(auth)})


def check_vault(vault: Vault, *, development: bool) -> None:
    """Raise `Invalid` with every problem of a vault's definition, without any I/O."""
    problems = _problems(vault, development=development)
    if problems:
        raise Invalid(problems)


def _problems(vault: Vault, *, development: bool) -> list[Problem]:
    match vault.provider:
        case VaultProvider.AZURE_KEY_VAULT:
            from polysync_core.vaults.azure_key_vault import check_key_vault

            return check_key_vault(vault)
        case VaultProvider.HASHICORP_VAULT:
            from polysync_core.vaults.hashicorp import check_hashicorp

            return check_hashicorp(vault, allow_loopback=development)
        case VaultProvider.GOOGLE_SECRET_MANAGER:
            from polysync_core.vaults.google_secret_manager import check_secret_manager

            return check_secret_manager(vault, allow_loopback=development)
        case VaultProvider.ENVIRONMENT:
            return check_environment(vault, development=development)
        case _:
            assert_never(vault.provider)
