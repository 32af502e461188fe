"""Definitions of a HashiCorp Vault."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.errors import Invalid
from polysync_core.vaults.registry import open_vault
from tests.unit.vaults.hashicorp.stage import ROLE_AUTH, TOKEN_AUTH, USER_AUTH, a_vault, attributes


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"auth": None}, "auth"),
        ({"auth": {"method": "ManagedIdentity"}}, "auth.method"),
        ({"auth": {"method": "Token"}}, "auth.token"),
        ({"auth": {**TOKEN_AUTH, "username": "x"}}, "auth.username"),
        ({"auth": {"method": "AppRole", "roleId": "r"}}, "auth.secretId"),
        ({"auth": {**ROLE_AUTH, "roleId": "a/b"}}, "auth.roleId"),
        ({"auth": {**ROLE_AUTH, "mount": "/approle/"}}, "auth.mount"),
        ({"auth": {**ROLE_AUTH, "mount": "a/../b"}}, "auth.mount"),
        ({"auth": {**USER_AUTH, "username": ".."}}, "auth.username"),
        ({"auth": {**USER_AUTH, "username": "a/b"}}, "auth.username"),
        ({"attributes": {}}, "attributes.address"),
        ({"attributes": {"address": "http://vault.example.com"}}, "attributes.address"),
        ({"attributes": {"address": "https://10.0.0.4:8200"}}, "attributes.address"),
        ({"attributes": {"address": "https://u@vault.example.com"}}, "attributes.address"),
        ({"attributes": {"address": "https://vault.example.com/v1"}}, "attributes.address"),
        ({"attributes": {"address": "https://vault.example.com:0"}}, "attributes.address"),
        ({"attributes": {"address": "https://vault.example.com:99999"}}, "attributes.address"),
        ({"attributes": {"address": "https://vault"}}, "attributes.address"),
        ({"attributes": {"address": "http://127.0.0.1:8200"}}, "attributes.address"),
        (attributes(mount="/s"), "attributes.mount"),
        (attributes(kvVersion=3), "attributes.kvVersion"),
        (attributes(namespace=".."), "attributes.namespace"),
        (attributes(key=""), "attributes.key"),
        (attributes(x="y"), "attributes.x"),
    ],
)
def test_a_definition_that_cannot_work_is_refused(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as caught:
        open_vault(a_vault(**changes), development=False)

    assert path in {problem.path for problem in caught.value.problems}


def test_a_definition_refuses_a_secret_in_plain_text() -> None:
    with pytest.raises(ValueError, match="reference") as caught:
        a_vault(auth={"method": "Token", "token": "hvs.clear"})

    assert "vault://<vault>/<secret>" in str(caught.value)
