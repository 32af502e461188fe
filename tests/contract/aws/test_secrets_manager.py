"""AWS Secrets Manager: boto3 at our simulator, and our vault there and at moto's server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from boto3 import client

from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import PlatformRefused
from polysync_core.vaults.registry import open_vault
from polysync_core.vaults.source import SecretSource
from tests.contract.aws.clients import (
    ACCESS_KEY,
    ASSUMED,
    FEDERATED,
    REGION,
    options,
    secrets,
)
from tests.fakes.simulators import SimulatorProcess


def opened(url: str, auth: dict[str, Any] = FEDERATED, **attributes: Any) -> SecretSource:
    """Return our vault on a server."""
    vault = Vault.model_validate(
        {
            "name": "aws",
            "provider": "AwsSecretsManager",
            "auth": auth,
            "attributes": {"region": REGION, "endpoint": url, **attributes},
        }
    )
    return open_vault(vault, development=True, secrets=secrets())


def put(simulator: SimulatorProcess, name: str, **secret: Any) -> None:
    simulator.control("PUT", f"secrets/{name}", secret)


def test_the_simulator_answers_boto3_as_secrets_manager_does(simulator: SimulatorProcess) -> None:
    put(simulator, "team/db", SecretString="s3cret")
    put(simulator, "raw", SecretBinary="AAEC")
    vault = client("secretsmanager", **options(simulator.url))

    found = vault.get_secret_value(SecretId="team/db")

    assert found["SecretString"] == "s3cret"
    assert vault.get_secret_value(SecretId=found["ARN"])["Name"] == "team/db"
    assert vault.get_secret_value(SecretId="raw")["SecretBinary"] == b"\0\1\2"
    assert len(vault.list_secrets(MaxResults=1)["SecretList"]) == 1
    with pytest.raises(vault.exceptions.ResourceNotFoundException):
        vault.get_secret_value(SecretId="missing")


@pytest.mark.parametrize("auth", [ACCESS_KEY, ASSUMED, FEDERATED], ids=lambda each: each["method"])
def test_a_secret_is_read_by_each_sign_in(simulator: SimulatorProcess, auth: Any) -> None:
    put(simulator, "team/db", SecretString="s3cret")
    vault = opened(simulator.url, auth)

    assert vault.read("team/db").reveal() == "s3cret"
    assert "can be listed" in vault.test()


def test_a_secret_of_another_account_is_named_by_its_arn(simulator: SimulatorProcess) -> None:
    put(simulator, "shared", SecretString="s3cret")

    vault = opened(simulator.url, accountId="123456789012")

    assert vault.read("shared-AbCdEf").reveal() == "s3cret"
    with pytest.raises(PlatformRefused, match="does not exist"):
        opened(simulator.url, accountId="000000000000").read("shared-AbCdEf")


def test_an_expired_temporary_key_is_replaced(simulator: SimulatorProcess) -> None:
    put(simulator, "db", SecretString="s3cret")
    vault = opened(simulator.url)
    vault.read("db")
    simulator.control("POST", "expire-keys", {})

    assert vault.read("db").reveal() == "s3cret"


@pytest.mark.slow
def test_our_vault_works_with_moto(moto: str) -> None:
    store = client("secretsmanager", **options(moto))
    store.create_secret(Name="team/db", SecretString=json.dumps({"user": "a", "password": "p"}))
    store.create_secret(Name="pfx", SecretBinary=b"\xff\xfe\x00")

    assert opened(moto, key="password").read("team/db").reveal() == "p"
    assert opened(moto).read("pfx").reveal() == "//4A"
    assert "can be listed" in opened(moto, ASSUMED).test()
    with pytest.raises(PlatformRefused, match="does not exist"):
        opened(moto).read("missing")
