"""Tests of the resolver of secret references: cache, refusals, outages and cycles."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import (
    Invalid,
    NotFound,
    PlatformRefused,
    Unavailable,
    VaultUnavailable,
)
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.references import Secrets
from polysync_core.vaults.resolver import SECRET_TTL, SecretResolver
from polysync_core.vaults.source import SecretSource
from tests.fakes.definitions import FakeDefinitions


class Source:
    """A vault that counts how often it is read."""

    def __init__(self) -> None:
        self.values: dict[str, str | Exception] = {}
        self.read_names: list[str] = []

    def read(self, name: str) -> Secret:
        self.read_names.append(name)
        value = self.values[name]
        if isinstance(value, Exception):
            raise value
        return Secret(value)

    def test(self) -> str:
        return "ok"


class VaultReader(DefinitionLookup):
    """Reads vaults that a test may add, replace and delete."""

    def __init__(self, vaults: dict[str, Vault]) -> None:
        super().__init__(FakeDefinitions())
        self.vaults = vaults

    def vault_names(self) -> list[str]:
        return []

    def vault(self, name: str) -> Vault:
        if name not in self.vaults:
            raise NotFound(f"no {name}")
        return self.vaults[name]


class Stage:
    """A resolver over fake vaults, in virtual time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.vaults: dict[str, Vault] = {}
        self.sources: dict[str, Source] = {}
        self.opened: list[str] = []
        self.resolver = SecretResolver(
            VaultReader(self.vaults),
            development=True,
            open_vault=self.open,
            monotonic=lambda: self.now,
        )

    def add(self, name: str, client_secret: str | None = None, **values: str | Exception) -> Source:
        definition: dict[str, Any] = {"name": name, "provider": "AzureKeyVault"}
        if client_secret is not None:
            definition["auth"] = {"method": "ServicePrincipal", "clientSecret": client_secret}
        self.vaults[name] = Vault.model_validate(definition)
        source = self.sources.setdefault(name, Source())
        source.values.update(values)
        return source

    def open(
        self, vault: Vault, *, development: bool, secrets: Secrets | None = None
    ) -> SecretSource:
        self.opened.append(vault.name)
        if vault.auth is not None and vault.auth.client_secret is not None:
            assert secrets is not None
            secrets.resolve(vault.auth.client_secret)
        return self.sources[vault.name]


def test_a_value_is_cached_for_only_a_few_minutes() -> None:
    stage = Stage()
    source = stage.add("v", key="one")

    first = stage.resolver.resolve("vault://v/key")
    source.values["key"] = "two"
    stage.now = SECRET_TTL - 1
    second = stage.resolver.resolve("vault://v/key")
    stage.now = SECRET_TTL
    third = stage.resolver.resolve("vault://v/key")

    assert [value.reveal() for value in (first, second, third)] == ["one", "one", "two"]
    assert SECRET_TTL <= 300


def test_a_refused_secret_is_read_again() -> None:
    stage = Stage()
    source = stage.add("v", key="old")
    stage.resolver.resolve("vault://v/key")
    source.values["key"] = "new"

    stage.resolver.forget("vault://v/key")

    assert stage.resolver.resolve("vault://v/key").reveal() == "new"


def test_a_vault_is_opened_once_while_its_definition_is_the_same() -> None:
    stage = Stage()
    stage.add("v", a="1", b="2")

    stage.resolver.resolve("vault://v/a")
    stage.resolver.resolve("vault://v/b")
    stage.vaults["v"] = stage.vaults["v"].model_copy(update={"description": "changed"})
    stage.resolver.forget("vault://v/a")
    stage.resolver.resolve("vault://v/a")

    assert stage.opened == ["v", "v"]


@pytest.mark.parametrize("reference", ["", "secret", "vault://", "vault://V/x", "vault://v/a b"])
def test_text_that_is_not_a_reference_is_invalid(reference: str) -> None:
    with pytest.raises(Invalid):
        Stage().resolver.resolve(reference)


def test_a_vault_that_is_not_defined_is_named() -> None:
    with pytest.raises(PlatformRefused, match="no vault named gone") as caught:
        Stage().resolver.resolve("vault://gone/key")

    assert caught.value.cause is FailureCause.SECRET
    assert caught.value.__context__ is None


def test_a_failure_is_not_cached() -> None:
    stage = Stage()
    source = stage.add("v", key=Unavailable())

    with pytest.raises(Unavailable):
        stage.resolver.resolve("vault://v/key")
    source.values["key"] = "back"

    assert stage.resolver.resolve("vault://v/key").reveal() == "back"


def test_an_outage_names_the_vault_and_keeps_its_own_error() -> None:
    stage = Stage()
    stage.add("team", key=Unavailable("it does not answer", retry_after=7, status=503))

    with pytest.raises(VaultUnavailable, match="it does not answer") as raised:
        stage.resolver.resolve("vault://team/key")

    error = raised.value
    assert (error.vault, error.retry_after, error.status) == ("team", 7, 503)
    assert error.__context__ is None


def test_an_outage_names_the_vault_of_the_vaults_own_secret() -> None:
    stage = Stage()
    stage.add("inner", principal=Unavailable())
    stage.add("outer", client_secret="vault://inner/principal", key="value")

    with pytest.raises(VaultUnavailable) as raised:
        stage.resolver.resolve("vault://outer/key")

    assert raised.value.vault == "inner"


def test_a_vaults_own_secret_may_be_in_another_vault() -> None:
    stage = Stage()
    stage.add("inner", principal="pw")
    stage.add("outer", client_secret="vault://inner/principal", key="value")

    assert stage.resolver.resolve("vault://outer/key").reveal() == "value"
    assert stage.opened == ["outer", "inner"]


def test_a_vault_that_refuses_is_opened_again_with_its_own_secret_read_again() -> None:
    """Its service principal's secret may have been rotated."""
    stage = Stage()
    inner = stage.add("inner", principal="old")
    outer = stage.add(
        "outer",
        client_secret="vault://inner/principal",
        key=PlatformRefused("sign-in", cause=FailureCause.SECRET),
    )
    with pytest.raises(PlatformRefused):
        stage.resolver.resolve("vault://outer/key")
    outer.values["key"] = "value"

    stage.resolver.resolve("vault://outer/key")

    assert inner.read_names == ["principal", "principal"]
    assert stage.opened == ["outer", "inner", "outer"]


def test_vaults_that_need_each_other_are_refused_without_a_deadlock() -> None:
    stage = Stage()
    stage.add("a", client_secret="vault://b/x")
    stage.add("b", client_secret="vault://a/x")

    with pytest.raises(PlatformRefused, match="a -> b -> a"):
        stage.resolver.resolve("vault://a/key")


def test_a_cycle_is_found_even_if_its_vaults_are_open() -> None:
    """A vault signs in when it is read; a vault that needs itself would deadlock."""
    stage = Stage()
    stage.add("a", client_secret="vault://b/x", key="value")
    stage.add("b", x="1")
    stage.resolver.resolve("vault://a/key")

    stage.add("b", client_secret="vault://c/x", x="1", y="2")
    stage.add("c", client_secret="vault://a/other")

    with pytest.raises(PlatformRefused, match="b -> c -> a -> b"):
        stage.resolver.resolve("vault://b/y")


def test_all_own_secrets_of_a_vault_that_refuses_are_read_again() -> None:
    stage = Stage()
    inner = stage.add("inner", role="r", secret="s")
    outer = stage.add("outer", key=PlatformRefused("login", cause=FailureCause.SECRET))
    stage.vaults["outer"] = Vault.model_validate(
        {
            "name": "outer",
            "provider": "HashiCorpVault",
            "auth": {
                "method": "AppRole",
                "roleId": "vault://inner/role",
                "secretId": "vault://inner/secret",
            },
        }
    )
    for reference in ("vault://inner/role", "vault://inner/secret"):
        stage.resolver.resolve(reference)
    with pytest.raises(PlatformRefused):
        stage.resolver.resolve("vault://outer/key")
    outer.values["key"] = "value"

    for reference in ("vault://inner/role", "vault://inner/secret"):
        stage.resolver.resolve(reference)

    assert inner.read_names == ["role", "secret", "role", "secret"]


def test_the_cache_has_a_size_limit() -> None:
    stage = Stage()
    stage.add("v", **{f"k{number}": "x" for number in range(1500)})

    for number in range(1500):
        stage.resolver.resolve(f"vault://v/k{number}")

    assert len(stage.resolver._values._entries) <= 1000  # pyright: ignore[reportPrivateUsage]
