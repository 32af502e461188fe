"""From a vault's definition to a live connection."""

from __future__ import annotations

from polysync_core.access.references import Secrets
from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.vaults.azure_key_vault import check_key_vault, open_key_vault
from polysync_core.vaults.environment import EnvironmentVariables, check_environment
from polysync_core.vaults.source import SecretSource

SUPPORTED = (VaultProvider.AZURE_KEY_VAULT, VaultProvider.ENVIRONMENT)


def open_vault(vault: Vault, *, development: bool, secrets: Secrets | None = None) -> SecretSource:
    """Return a connection to a vault; nothing is read from it yet.

    `secrets` resolves the client secret of a service principal, which lies in another vault.
    Raises `Invalid` where the definition is wrong.
    """
    check_vault(vault, development=development)
    match vault.provider:
        case VaultProvider.AZURE_KEY_VAULT:
            return open_key_vault(vault, secrets)
        case VaultProvider.ENVIRONMENT:
            return EnvironmentVariables()
        case _:
            raise Invalid([_not_supported(vault.provider)])


def check_vault(vault: Vault, *, development: bool) -> None:
    """Raise `Invalid` with every problem of a vault's definition, without any I/O."""
    match vault.provider:
        case VaultProvider.AZURE_KEY_VAULT:
            problems = check_key_vault(vault)
        case VaultProvider.ENVIRONMENT:
            problems = check_environment(vault, development=development)
        case _:
            problems = [_not_supported(vault.provider)]
    if problems:
        raise Invalid(problems)


def _not_supported(provider: VaultProvider) -> Problem:
    return Problem(
        "provider", f"{provider} is not supported yet; supported: {', '.join(SUPPORTED)}"
    )
