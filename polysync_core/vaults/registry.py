"""Finds the plugins of vault providers, checks vault definitions, and opens vaults.

A provider's module is imported when its first definition is used, so unused providers cost no
start-up time. Installed packages add providers by entry points of the group `polysync.vaults`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.outbound.identity import NO_IDENTITY, AppIdentity
from polysync_core.outbound.plugins import PluginRegistry
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.methods import check_sign_in
from polysync_core.vaults.plugin import VaultContext, VaultPlugin
from polysync_core.vaults.source import SecretSource

ENTRY_POINTS = "polysync.vaults"

_OWN: Mapping[str, str] = {
    VaultProvider.AZURE_KEY_VAULT: "polysync_core.vaults.azure_key_vault",
    VaultProvider.HASHICORP_VAULT: "polysync_core.vaults.hashicorp",
    VaultProvider.GOOGLE_SECRET_MANAGER: "polysync_core.vaults.google_secret_manager",
    VaultProvider.AWS_SECRETS_MANAGER: "polysync_core.vaults.aws_secrets_manager",
    VaultProvider.FILES: "polysync_core.vaults.files",
    VaultProvider.ENVIRONMENT: "polysync_core.vaults.environment",
}
"""Modules whose `PLUGIN` is one of Polysync's own vault providers."""

_PLUGINS = PluginRegistry(VaultPlugin, ENTRY_POINTS, _OWN)


@cache
def vault_plugin(name: str) -> VaultPlugin:
    """Return the plugin of a vault provider; raises `Invalid` for an unknown name."""
    return _PLUGINS.find(name, "provider")


def vault_providers() -> list[str]:
    """Return the names of all vault providers, without importing a package."""
    return _PLUGINS.names()


def open_vault(
    vault: Vault,
    *,
    development: bool,
    secrets: Secrets | None = None,
    app_identity: AppIdentity = NO_IDENTITY,
    secrets_folder: Path | None = None,
) -> SecretSource:
    """Return a connection to a vault; raises `Invalid` for a wrong definition.

    `secrets` resolves the secrets of the vault's own sign-in, which are in another vault.
    """
    check_vault(vault, development=development)
    plugin = vault_plugin(vault.provider)
    auth = vault.auth or plugin.default_auth
    if auth is not None:
        vault = vault.model_copy(update={"auth": app_identity.complete_auth(auth)})
    context = VaultContext(
        development=development,
        secrets=secrets,
        private_hosts=app_identity.private_hosts,
        secrets_folder=secrets_folder,
    )
    return plugin.open(vault, context)


def check_vault(vault: Vault, *, development: bool) -> None:
    """Raise `Invalid` with every problem of a vault's definition, without any I/O."""
    plugin = vault_plugin(vault.provider)
    problems = [*_auth_problems(vault, plugin), *plugin.check(vault, development)]
    if problems:
        raise Invalid(problems)


def _auth_problems(vault: Vault, plugin: VaultPlugin) -> list[Problem]:
    if not plugin.sign_in:
        needless = Problem("auth", f"{plugin.name} needs no sign-in: remove it")
        return [needless] if vault.auth is not None else []
    auth = vault.auth or plugin.default_auth
    if auth is None:
        names = ", ".join(sorted(str(method.name) for method in plugin.sign_in))
        return [Problem("auth", f"is required: {plugin.name} signs in by one of: {names}")]
    return check_sign_in(auth, plugin.sign_in, plugin.name)
