"""Tests of the vault provider that reads environment variables."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.vaults.environment import EnvironmentVariables
from polysync_core.vaults.registry import check_vault, open_vault


def a_vault(**changes: Any) -> Vault:
    return Vault.model_validate({"name": "local", "provider": "Environment", **changes})


def test_a_secret_is_the_variable_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYSYNC_TEST_TOKEN", "value")

    opened = open_vault(a_vault(), development=True)

    assert opened.read("POLYSYNC_TEST_TOKEN").reveal() == "value"
    assert opened.test()


@pytest.mark.parametrize("name", ["MISSING", "EMPTY", "a-b", "a/b", "A=B", ""])
def test_a_missing_variable_is_named(name: str) -> None:
    with pytest.raises(PlatformRefused) as caught:
        EnvironmentVariables({"EMPTY": "", "a-b": "x"}).read(name)

    assert caught.value.cause is FailureCause.SECRET
    assert name in str(caught.value)


def test_the_environment_vault_is_refused_when_deployed() -> None:
    with pytest.raises(Invalid, match="development only"):
        open_vault(a_vault(), development=False)


def test_an_unused_sign_in_or_attribute_is_refused() -> None:
    vault = a_vault(auth={"method": "ManagedIdentity"}, attributes={"x": "y"})

    with pytest.raises(Invalid) as caught:
        check_vault(vault, development=True)

    assert {problem.path for problem in caught.value.problems} == {"auth", "attributes.x"}


def test_its_representation_shows_no_variable() -> None:
    assert "s3cret" not in repr(EnvironmentVariables({"A": "s3cret"}))
