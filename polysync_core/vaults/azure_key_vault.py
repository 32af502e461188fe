"""Reads secrets from Azure Key Vault."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from polysync_core.domain.clock import utc_now
from polysync_core.domain.definitions.base import Value
from polysync_core.domain.definitions.platforms import (
    Auth,
    AuthMethod,
)
from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from polysync_core.domain.errors import (
    Invalid,
    PlatformRefused,
    PolysyncError,
    Problem,
    Unavailable,
)
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.attributes import read_attributes
from polysync_core.outbound.call_budget import read_retry_after
from polysync_core.outbound.hosts import BaseAddress, HostRule
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.outbound.sign_in.methods import ENTRA_METHODS
from polysync_core.vaults.plugin import VaultContext, VaultPlugin

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError
    from azure.keyvault.secrets import SecretClient

ROLE = "Key Vault Secrets User"

_APP_IDENTITY = Auth(method=AuthMethod.MANAGED_IDENTITY)
_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")
_SUFFIXES = {
    Cloud.PUBLIC: (".vault.azure.net",),
    Cloud.US_GOVERNMENT: (".vault.usgovcloudapi.net",),
    Cloud.CHINA: (".vault.azure.cn",),
}


class KeyVaultAttributes(Value):
    """`attributes` of an Azure Key Vault."""

    vault_url: str
    """The address of the vault, such as `https://my-vault.vault.azure.net`."""
    cloud: Cloud = Cloud.PUBLIC
    """The Azure cloud of the vault."""

    def base_address(self) -> BaseAddress:
        """Return the vault's address; Azure's zone may resolve to a private endpoint."""
        rule = HostRule(
            suffixes=_SUFFIXES[self.cloud], example=f"https://my-vault{_SUFFIXES[self.cloud][0]}"
        )
        return rule.read(self.vault_url, path="attributes.vaultUrl")


@dataclass(frozen=True, slots=True)
class AzureKeyVault:
    """One key vault, read through the official client."""

    client: SecretClient
    vault: str

    def read(self, name: str) -> Secret:
        """Return the newest version of a secret."""
        subject = f"the secret {name} of the vault {self.vault}"
        if _NAME.fullmatch(name) is None:
            raise PlatformRefused(
                f"{subject} cannot exist: Key Vault names have 1-127 letters, digits and hyphens",
                cause=FailureCause.SECRET,
            )
        value = _result_of(lambda: self.client.get_secret(name).value, subject)
        if value is None:
            raise PlatformRefused(f"{subject} has no value: set one", cause=FailureCause.SECRET)
        return Secret(value)

    def test(self) -> str:
        """List the name of one secret, which needs the same role as reading."""

        def first() -> None:
            next(iter(self.client.list_properties_of_secrets(max_page_size=1)), None)

        _result_of(first, f"the vault {self.vault}")
        return f"Reached {self.client.vault_url}; its secrets can be listed."


def check_key_vault(vault: Vault, development: bool) -> list[Problem]:
    """Return the problems of a key vault's attributes."""
    try:
        read_attributes(KeyVaultAttributes, vault.attributes).base_address()
    except Invalid as error:
        return list(error.problems)
    return []


def open_key_vault(vault: Vault, secrets: Secrets | None, **options: Any) -> AzureKeyVault:
    """Return a connection to a checked vault; `options` go to the official client."""
    # Imported on first use: the import is slow, and other vaults do not need it.
    from azure.keyvault.secrets import SecretClient

    from polysync_core.outbound.sign_in.entra import AZURE_CLIENT_BOUNDS, azure_credential

    attributes = read_attributes(KeyVaultAttributes, vault.attributes)
    address = attributes.base_address().url
    credential = options.pop("credential", None) or azure_credential(
        _auth(vault), attributes.cloud, secrets
    )
    client = SecretClient(address, credential, **{**AZURE_CLIENT_BOUNDS, **options})
    return AzureKeyVault(client, vault.name)


def _auth(vault: Vault) -> Auth:
    return vault.auth or _APP_IDENTITY


def _result_of[T](call: Callable[[], T], subject: str) -> T:
    """Return the result of a call; errors do not chain the SDK's error."""
    outcome = _outcome(call, subject)
    if isinstance(outcome, PolysyncError):
        raise outcome
    return outcome


def _outcome[T](call: Callable[[], T], subject: str) -> T | PolysyncError:
    from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

    from polysync_core.outbound.sign_in.entra import entra_code, sign_in_refused

    try:
        return call()
    except ClientAuthenticationError as error:
        return sign_in_refused(entra_code(error))
    except HttpResponseError as error:
        return _refusal(error, subject)
    except (AzureError, OSError):
        return Unavailable(f"{subject} cannot be read: Key Vault does not answer")


def _refusal(error: HttpResponseError, subject: str) -> PolysyncError:
    status = error.status_code or 0
    if status == 429 or status >= 500:
        return Unavailable(
            f"{subject} cannot be read: Key Vault is unavailable (status {status})",
            retry_after=read_retry_after(_header(error, "Retry-After"), utc_now()),
        )
    remedy = {
        403: (
            f"reading is not allowed: grant the identity the role '{ROLE}' on the vault, check"
            " its firewall, and that the secret is enabled"
        ),
        404: "it does not exist: add it, or correct the reference",
    }.get(status, f"Key Vault refused the request (status {status})")
    return PlatformRefused(f"{subject}: {remedy}", cause=FailureCause.SECRET, status=status)


def _header(error: HttpResponseError, name: str) -> str | None:
    headers: object = getattr(error.response, "headers", None)
    return cast("Mapping[str, str]", headers).get(name) if isinstance(headers, Mapping) else None


def _open(vault: Vault, context: VaultContext) -> AzureKeyVault:
    return open_key_vault(vault, context.secrets)


PLUGIN = VaultPlugin(
    name=VaultProvider.AZURE_KEY_VAULT,
    check=check_key_vault,
    attributes=KeyVaultAttributes,
    open=_open,
    sign_in=ENTRA_METHODS,
    default_auth=_APP_IDENTITY,
)
