"""A HashiCorp Vault on loopback and connections to it in virtual time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from polysync_core.domain.definitions.vaults import Vault
from polysync_core.outbound.read_client import ReadClient
from polysync_core.vaults.hashicorp import HashiCorpVault, open_hashicorp
from polysync_core.vaults.registry import check_vault
from tests.fakes.hashicorp import FakeVault
from tests.fakes.http import VirtualTime
from tests.fakes.secrets import KnownSecrets

CANARY = "canary-5b1d"
TOKEN = f"hvs.{CANARY}"
TOKEN_AUTH = {"method": "Token", "token": "vault://local/TOKEN"}
ROLE_AUTH = {"method": "AppRole", "roleId": "role-1", "secretId": "vault://local/SECRET_ID"}
USER_AUTH = {"method": "UserPassword", "username": "ada", "password": "vault://local/PASSWORD"}
METHODS = [
    pytest.param(TOKEN_AUTH, id="Token"),
    pytest.param(ROLE_AUTH, id="AppRole"),
    pytest.param(USER_AUTH, id="UserPassword"),
]


@dataclass
class Stage:
    """A vault that is served, and connections to it in virtual time."""

    vault: FakeVault
    address: str
    time: VirtualTime
    secrets: KnownSecrets

    def open(self, auth: dict[str, Any] | None = None, **attributes: Any) -> HashiCorpVault:
        definition = a_vault(
            auth=auth or TOKEN_AUTH, attributes={"address": self.address, **attributes}
        )
        check_vault(definition, development=True)
        return open_hashicorp(
            definition,
            self.secrets,
            allow_loopback=True,
            client=ReadClient(timer=self.time.timer),
        )


def a_vault(**changes: Any) -> Vault:
    return Vault.model_validate(
        {
            "name": "hashi",
            "provider": "HashiCorpVault",
            "auth": TOKEN_AUTH,
            "attributes": {"address": "https://vault.example.com:8200"},
            **changes,
        }
    )


def attributes(**more: Any) -> dict[str, Any]:
    return {"attributes": {"address": "https://vault.example.com", **more}}
