"""A HashiCorp Vault on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.hashicorp import FakeVault, serving
from tests.fakes.http import VirtualTime
from tests.fakes.secrets import KnownSecrets
from tests.unit.vaults.hashicorp.stage import CANARY, TOKEN, Stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    vault = FakeVault(
        tokens={TOKEN}, roles={"role-1": f"id-{CANARY}"}, users={"ada": f"pw-{CANARY}"}
    )
    vault.put("db/main", {"value": "s3cret", "user": "ada"})
    secrets = KnownSecrets(
        {
            "vault://local/TOKEN": TOKEN,
            "vault://local/SECRET_ID": f"id-{CANARY}",
            "vault://local/PASSWORD": f"pw-{CANARY}",
            "vault://local/ROLE": "role-1",
        }
    )
    with serving(vault) as address:
        yield Stage(vault, address, VirtualTime(), secrets)
