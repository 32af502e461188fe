"""Tests that the check of a vault definition imports no vendor SDK."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SCRIPT = """
import sys
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.vaults.registry import check_vault
for definition in (
    {"name": "a", "provider": "AzureKeyVault", "attributes": {"vaultUrl": "https://a.vault.azure.net"}},
    {"name": "b", "provider": "GoogleSecretManager", "attributes": {"projectId": "acme-data"}},
    {"name": "c", "provider": "HashiCorpVault", "attributes": {"address": "https://v.example.com"},
     "auth": {"method": "Token", "token": "vault://a/t"}},
):
    check_vault(Vault.model_validate(definition), development=False)
slow = {"azure.identity", "azure.keyvault.secrets", "google.auth", "cryptography"}
print(sorted(slow & set(sys.modules)))
"""


@pytest.mark.slow
def test_definitions_are_checked_without_importing_the_sdks_that_reading_needs() -> None:
    """Applying a document or starting the app must not import every provider's SDK."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "[]"
