"""The official client (hvac) verifies the fake that the provider's tests use."""

from __future__ import annotations

from collections.abc import Iterator

import hvac
import pytest
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest, VaultDown

from tests.fakes.hashicorp import FakeVault, serving


@pytest.fixture
def vault() -> FakeVault:
    vault = FakeVault(tokens={"hvs.root"}, roles={"role": "id"}, users={"ada": "pw"})
    vault.put("db/main", {"value": "two", "user": "ada"})
    vault.put("db", {"value": "one"}, mount="kv")
    vault.put("old", None)
    vault.secrets["team", "secret", "x"] = {"value": "theirs"}
    return vault


@pytest.fixture
def address(vault: FakeVault) -> Iterator[str]:
    with serving(vault) as address:
        yield address


def read(client: hvac.Client, path: str) -> dict[str, str]:
    found = client.secrets.kv.v2.read_secret_version(path, raise_on_deleted_version=True)
    return found["data"]["data"]


def test_both_versions_of_the_engine_are_read(address: str) -> None:
    client = hvac.Client(address, token="hvs.root")

    assert read(client, "db/main") == {"value": "two", "user": "ada"}
    assert client.secrets.kv.v1.read_secret("db", mount_point="kv")["data"] == {"value": "one"}
    assert client.auth.token.lookup_self()["data"]["policies"] == ["default"]


def test_both_sign_in_methods_return_a_token_with_read_access(address: str) -> None:
    by_role, by_name = hvac.Client(address), hvac.Client(address)

    by_role.auth.approle.login("role", "id")
    by_name.auth.userpass.login("ada", "pw")

    assert read(by_role, "db/main") == read(by_name, "db/main")


def test_a_namespace_has_its_own_secrets(address: str) -> None:
    client = hvac.Client(address, token="hvs.root", namespace="team")

    assert read(client, "x") == {"value": "theirs"}


def test_the_simulator_refuses_like_vault(address: str, vault: FakeVault) -> None:
    client = hvac.Client(address, token="hvs.root")
    vault.denied.add("/v1/secret/data/db/main")

    with pytest.raises(Forbidden):
        read(client, "db/main")
    with pytest.raises(InvalidPath):
        read(client, "gone")
    with pytest.raises(InvalidPath):
        read(client, "old")
    with pytest.raises(InvalidRequest):
        client.auth.approle.login("role", "wrong")
    vault.sealed = True
    with pytest.raises(VaultDown):
        read(client, "x")
