"""The app's identity and private hosts, as platforms and vaults get them."""

from __future__ import annotations

from typing import Any

import pytest
from requests.adapters import HTTPAdapter

from polysync_core.domain.definitions.platforms import (
    Auth,
    AuthMethod,
    Platform,
)
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.identity import NO_IDENTITY, AppIdentity
from polysync_core.outbound.read_client import ReadClient
from polysync_core.platforms import platform_client as http
from polysync_core.platforms.registry import open_connector
from polysync_core.vaults import registry
from polysync_core.vaults.hashicorp import open_hashicorp

pytestmark = pytest.mark.slow

OURS = "0b1f6471-1bf0-4dda-aec3-111122223333"
THEIRS = "7c1f6471-1bf0-4dda-aec3-111122223333"
HOST = "adb-1.7.azuredatabricks.net"
AT_HOME = AppIdentity(identity=OURS, private_hosts=frozenset({HOST, "vault.corp.example"}))


class NoSecrets:
    def resolve(self, reference: str) -> Secret:
        return Secret("t")

    def forget(self, reference: str) -> None: ...


class Reached:
    """Remembers for which reach a transport was wanted, and lets nothing out."""

    def __init__(self) -> None:
        self.reaches: list[AddressScope] = []

    def __call__(self, reach: AddressScope) -> HTTPAdapter:
        self.reaches.append(reach)
        return self._Closed()

    class _Closed(HTTPAdapter):
        def send(self, *_: Any, **__: Any) -> Any:
            raise OSError


@pytest.mark.parametrize(
    ("app_identity", "method", "named", "meant"),
    [
        pytest.param(AT_HOME, "ManagedIdentity", None, OURS, id="the app's own"),
        pytest.param(AT_HOME, "ManagedIdentity", THEIRS, THEIRS, id="another"),
        pytest.param(AT_HOME, "WorkloadIdentityFederation", None, OURS, id="for Google"),
        pytest.param(AT_HOME, "WebIdentityFederation", None, OURS, id="for AWS"),
        pytest.param(AT_HOME, "ServicePrincipal", None, None, id="no identity's business"),
        pytest.param(NO_IDENTITY, "ManagedIdentity", None, None, id="the system's, where none is"),
    ],
)
def test_a_managed_identity_without_a_name_is_the_apps_own(
    app_identity: AppIdentity, method: str, named: str | None, meant: str | None
) -> None:
    auth = Auth(method=AuthMethod(method), client_id=named)

    assert app_identity.complete_auth(auth).client_id == meant


@pytest.mark.parametrize("auth", [None, {"method": "ManagedIdentity"}])
def test_a_key_vault_is_opened_by_the_apps_own_identity(
    auth: dict[str, str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Vault] = []
    monkeypatch.setattr(
        "polysync_core.vaults.azure_key_vault.open_key_vault", lambda vault, _: opened.append(vault)
    )
    attributes = {"vaultUrl": "https://kv.vault.azure.net"}
    raw = {"name": "v", "provider": "AzureKeyVault", "auth": auth, "attributes": attributes}

    registry.open_vault(Vault.model_validate(raw), development=False, app_identity=AT_HOME)

    assert [each.auth and each.auth.client_id for each in opened] == [OURS]


@pytest.mark.parametrize(
    ("host", "reach"),
    [(HOST, AddressScope.PRIVATE), ("adb-2.7.azuredatabricks.net", AddressScope.PUBLIC)],
)
def test_a_platform_may_be_private_where_its_host_is_named(
    host: str, reach: AddressScope, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = Reached()
    monkeypatch.setattr(http, "shared_transport", reached)
    token = {"method": "PersonalAccessToken", "personalAccessToken": "vault://v/t"}
    attributes = {"workspaceUrl": f"https://{host}", "computeType": "Serverless"}
    platform = Platform.model_validate(
        {"name": "p", "type": "AzureDatabricks", "auth": token, "attributes": attributes}
    )

    open_connector(platform, secrets=NoSecrets(), allow_loopback=False, app_identity=AT_HOME)

    assert set(reached.reaches) == {reach}


@pytest.mark.parametrize(
    ("host", "reach"),
    [("vault.corp.example", AddressScope.PRIVATE), ("v.example", AddressScope.PUBLIC)],
)
def test_a_vault_may_be_private_where_its_host_is_named(host: str, reach: AddressScope) -> None:
    reached = Reached()
    vault = Vault.model_validate(
        {
            "name": "v",
            "provider": "HashiCorpVault",
            "auth": {"method": "Token", "token": "vault://v/t"},
            "attributes": {"address": f"https://{host}:8200"},
        }
    )
    private = AT_HOME.private_hosts
    client = ReadClient(transport_to=reached, private_hosts=private)

    opened = open_hashicorp(vault, NoSecrets(), allow_loopback=False, client=client)
    with pytest.raises(Unavailable):
        opened.test()

    assert set(reached.reaches) == {reach}


def test_a_loopback_host_is_never_private() -> None:
    base = BaseAddress("http://localhost:1", "localhost", AddressScope.LOOPBACK)

    assert base.scope_with({"localhost"}) is AddressScope.LOOPBACK
