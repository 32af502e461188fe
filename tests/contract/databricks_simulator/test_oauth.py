"""The OAuth sign-in of service principals, verified by the official client and by Polysync."""

from __future__ import annotations

from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config

from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.registry import open_connector
from tests.contract.databricks_simulator.conftest import Simulator, Start
from tests.fakes.secrets import KnownSecrets

CLIENT = "0f0f0f0f-0000-0000-0000-000000000001"


@pytest.fixture(scope="module")
def closed(start_simulator: Start, tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    """A simulator that accepts one access token, and the tokens of its sign-in."""
    folder: Path = tmp_path_factory.mktemp("oauth")
    tokens = folder / "tokens"
    tokens.write_text("dapi-only\n", encoding="utf-8")
    return start_simulator(folder / "data", "--token-file", str(tokens))


def sign_in(simulator: Simulator, secret: str) -> str:
    platform = Platform.model_validate(
        {
            "name": "lakehouse",
            "type": "AzureDatabricks",
            "auth": {
                "method": "OAuth",
                "clientId": CLIENT,
                "clientSecret": "vault://kv/secret",
            },
            "attributes": {"workspaceUrl": simulator.url, "computeType": "Serverless"},
        }
    )
    secrets = KnownSecrets({"vault://kv/secret": secret})
    return open_connector(platform, secrets=secrets, allow_loopback=True).test()


def test_polysync_signs_in_and_calls_the_workspace(closed: Simulator) -> None:
    assert "is readable" in sign_in(closed, "dose-good")


def test_a_refused_secret_is_an_error_of_the_secret(closed: Simulator) -> None:
    with pytest.raises(PlatformRefused, match="refused the sign-in") as caught:
        sign_in(closed, "dose-refused")
    assert caught.value.cause is FailureCause.SECRET
    assert caught.value.platform_message == "Client authentication failed"


def test_the_official_client_signs_in(closed: Simulator) -> None:
    config = Config(
        host=closed.url,
        client_id=CLIENT,
        client_secret="dose-good",
        auth_type="oauth-m2m",
        config_file="/dev/null",
    )
    assert WorkspaceClient(config=config).current_user.me().active
