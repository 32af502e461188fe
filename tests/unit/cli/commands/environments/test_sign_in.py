"""`polysync login`, `polysync logout`, and the credentials of a context."""

from __future__ import annotations

import shlex
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AuthenticationRecord, AuthenticationRequiredError

from tests.fakes.command_line import AppCommands
from tests.unit.cli.commands.environments.conftest import Command

URL = "https://polysync.example.com/api"
RECORD = AuthenticationRecord("tenant", "client", "login.example.com", "home", "ann@example.com")


@dataclass
class Entra:
    """Imitates the credentials of the Azure SDK."""

    made: list[tuple[str, dict[str, Any]]] = field(default_factory=list[Any])
    tokens: int = 0
    failure: Exception | None = None

    def credential(self, name: str) -> Callable[..., Entra]:
        def make(**options: Any) -> Entra:
            self.made.append((name, options))
            return self

        return make

    def get_token(self, *scopes: str) -> Any:
        if self.failure is not None:
            raise self.failure
        assert scopes == ("app/.default",)
        self.tokens += 1
        return type("Token", (), {"token": f"token-{self.tokens}"})

    def authenticate(self, scopes: list[str]) -> AuthenticationRecord:
        if self.failure is not None:
            raise self.failure
        prompt = self.made[-1][1]["prompt_callback"]
        prompt("https://example.com/device", "ABC", None)
        return RECORD


@pytest.fixture
def entra(monkeypatch: pytest.MonkeyPatch) -> Entra:
    entra = Entra()
    for name in ("DeviceCodeCredential", "AzureCliCredential", "DefaultAzureCredential"):
        monkeypatch.setattr(f"azure.identity.{name}", entra.credential(name))
    return entra


def add(polysync: Command, method: str, *options: str) -> None:
    words = ("--url", URL, "--sign-in", method, *options)
    assert polysync("context", "add", "prod", *words).exit_code == 0


def headers(commands: AppCommands, name: str) -> list[str | None]:
    return [request.headers.get(name) for request in commands.requests]


def test_a_person_signs_in_once_and_each_request_has_a_fresh_token(
    polysync: Command, commands: AppCommands, entra: Entra, folder: Path
) -> None:
    add(polysync, "DeviceCode", "--app-id", "app", "--tenant", "t")
    before = polysync("runs")
    assert before.exit_code == 1
    assert "polysync login prod" in before.stderr

    login = polysync("login")

    assert login.exit_code == 0, login.output
    assert "Open https://example.com/device and enter the code ABC." in login.stderr
    assert f"Signed in to {URL} as ann@example.com (context prod)." in login.stdout
    polysync("describe", "job", "sales-load")
    sent = headers(commands, "authorization")
    assert sent == [f"Bearer token-{number + 1}" for number in range(len(sent))]
    options = entra.made[-1][1]
    assert options["cache_persistence_options"].allow_unencrypted_storage is False
    assert options["authentication_record"].username == "ann@example.com"
    assert options["tenant_id"] == "t"
    file = folder / "sign-in" / "prod.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "token" not in file.read_text()


def test_a_sign_out_forgets_the_account(polysync: Command, entra: Entra, folder: Path) -> None:
    add(polysync, "DeviceCode", "--app-id", "app")
    polysync("login", "prod")
    assert "Signed out" in polysync("logout").stdout
    assert "No account" in polysync("logout", "--context", "prod").stderr
    assert polysync("runs").exit_code == 1
    polysync("login")
    polysync("context", "remove", "prod")
    assert not (folder / "sign-in" / "prod.json").exists()


@pytest.mark.parametrize(
    ("method", "credential"),
    [("AzureCli", "AzureCliCredential"), ("DefaultCredential", "DefaultAzureCredential")],
)
def test_accounts_of_the_machine_need_no_login(
    polysync: Command, commands: AppCommands, entra: Entra, method: str, credential: str
) -> None:
    add(polysync, method, "--app-id", "app")
    assert polysync("runs").exit_code == 0
    assert headers(commands, "authorization") == ["Bearer token-1"]
    assert entra.made[0][0] == credential


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (AuthenticationRequiredError(["app/.default"]), "polysync login prod"),
        (ClientAuthenticationError(message="AADSTS50076: more\nlines"), "AADSTS50076: more"),
        (ValueError("Cache encryption is impossible"), "keyring"),
    ],
)
def test_a_refused_token_says_what_to_do(
    polysync: Command, commands: AppCommands, entra: Entra, failure: Exception, message: str
) -> None:
    add(polysync, "DeviceCode", "--app-id", "app")
    polysync("login")
    sent = len(commands.requests)
    entra.failure = failure
    result = polysync("runs")
    assert (result.exit_code, len(commands.requests)) == (1, sent)
    assert message in result.stderr


def test_a_broker_that_is_not_installed_is_named(polysync: Command, entra: Entra) -> None:
    add(polysync, "Broker", "--app-id", "app")
    result = polysync("login")
    assert result.exit_code == 1
    assert "azure-identity-broker" in result.stderr


def test_an_access_key_comes_from_a_variable(
    polysync: Command, commands: AppCommands, folder: Path
) -> None:
    add(polysync, "AccessKey", "--key-variable", "PROD_KEY")
    missing = polysync("runs")
    assert (missing.exit_code, commands.requests) == (1, [])
    assert "PROD_KEY" in missing.stderr

    polysync("runs", env={"PROD_KEY": "k1"})

    assert headers(commands, "x-functions-key") == ["k1"]
    assert "k1" not in (folder / "contexts.json").read_text()


def test_an_access_key_comes_from_a_command(polysync: Command, commands: AppCommands) -> None:
    add(polysync, "AccessKey", "--key-command", f"{shlex.quote(sys.executable)} -c 'print(\"k2\")'")
    polysync("runs")
    assert headers(commands, "x-functions-key") == ["k2"]


@pytest.mark.parametrize("command", ["no-such-program", "'", "false", " "])
def test_a_command_that_prints_no_key_is_an_error(polysync: Command, command: str) -> None:
    add(polysync, "AccessKey", "--key-command", command)
    result = polysync("runs")
    assert result.exit_code == 1
    assert "access key" in result.stderr


def test_the_token_of_the_environment_is_used_by_contexts_of_the_environment_only(
    polysync: Command, commands: AppCommands, entra: Entra
) -> None:
    add(polysync, "AzureCli", "--app-id", "app")
    polysync("context", "add", "other", "--url", URL)
    for name in ("prod", "other"):
        polysync("runs", "--context", name, env={"POLYSYNC_TOKEN": "t0"})
    assert headers(commands, "authorization") == ["Bearer token-1", "Bearer t0"]


def test_a_login_without_a_context_says_so(polysync: Command) -> None:
    assert polysync("login").exit_code == 2
    assert polysync("login", "nope").exit_code == 1
