"""The configuration of the host and its priorities."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from devhost import settings
from devhost.__main__ import parse
from devhost.app.functions import MissingSetting, resolve
from devhost.settings import Options
from polysync_embedded.options import StartRefused


def test_without_a_file_the_settings_are_for_development(tmp_path: Path) -> None:
    values = settings.settings(tmp_path, settings.storage_connection(11000))

    assert values["POLYSYNC_ENVIRONMENT"] == "development"
    assert values["POLYSYNC_ALLOW_LOOPBACK_PLATFORMS"] == "true"
    assert values["AZURE_FUNCTIONS_DURABLE_STRICT_TYPING"] == "1"
    assert values["AzureWebJobsStorage"] == values["POLYSYNC_STORAGE"]
    assert "TableEndpoint=http://127.0.0.1:11002/devstoreaccount1;" in values["POLYSYNC_STORAGE"]


def test_the_file_wins_over_the_defaults_and_adds_to_them(tmp_path: Path) -> None:
    content = {"Values": {"TASKHUB_NAME": "mine", "NUMBER": 5}}
    (tmp_path / "local.settings.json").write_text(json.dumps(content))

    values = settings.settings(tmp_path, "UseDevelopmentStorage=true")

    assert (values["TASKHUB_NAME"], values["NUMBER"]) == ("mine", "5")
    assert values["POLYSYNC_ENVIRONMENT"] == "development"


def test_development_storage_is_the_hosts_own(tmp_path: Path) -> None:
    content = {"Values": {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}}
    (tmp_path / "local.settings.json").write_text(json.dumps(content))

    values = settings.settings(tmp_path, settings.storage_connection(11000))

    assert values["AzureWebJobsStorage"] == settings.storage_connection(11000)


def test_the_environment_wins_over_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKHUB_NAME", "from-outside")
    # Setting first lets the fixture remove the variable at the end.
    monkeypatch.setenv("SOMETHING_NEW", "")
    monkeypatch.delenv("SOMETHING_NEW")

    settings.apply({"TASKHUB_NAME": "from-the-file", "SOMETHING_NEW": "x"})

    assert (os.environ["TASKHUB_NAME"], os.environ["SOMETHING_NEW"]) == ("from-outside", "x")


@pytest.mark.parametrize("text", ["{", "[]"], ids=["broken JSON", "not an object"])
def test_a_settings_file_that_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "local.settings.json").write_text(text)

    with pytest.raises(StartRefused, match=r"local\.settings\.json"):
        settings.settings(tmp_path, "UseDevelopmentStorage=true")


def test_the_supported_parts_of_host_json_are_used(tmp_path: Path) -> None:
    content = {"extensions": {"http": {"routePrefix": "v1"}, "mcp": {"serverName": "Mine"}}}
    (tmp_path / "host.json").write_text(json.dumps(content))

    read = settings.host_file(tmp_path)

    assert (read.route_prefix, read.mcp.name) == ("v1", "Mine")


def test_an_empty_host_json_has_the_defaults_of_the_functions_host(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text("{}")

    assert settings.host_file(tmp_path).route_prefix == "api"


def test_a_missing_host_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartRefused, match=f"There is no host.json in {tmp_path}"):
        settings.host_file(tmp_path)


@pytest.mark.parametrize("text", ['{"extensions": {"http": "all"}}', "{", "[]"])
def test_an_invalid_host_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "host.json").write_text(text)

    with pytest.raises(StartRefused, match=r"host\.json"):
        settings.host_file(tmp_path)


@pytest.mark.parametrize(
    ("port", "option", "expected"),
    [
        pytest.param(7071, None, 8787, id="the usual port beside the usual port"),
        pytest.param(7072, None, 8788, id="moved along with the app"),
        pytest.param(7072, 9000, 9000, id="the port of the option"),
    ],
)
def test_the_databricks_simulator_has_the_given_port(
    port: int, option: int | None, expected: int
) -> None:
    options = Options(app=Path(), data=Path(), port=port, databricks_port=option)

    assert options.simulator_ports() == {"databricks": expected}


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--foundry-port", "ai_foundry"),
        ("--google-functions-port", "google_functions"),
        ("--data-factory-port", "data_factory"),
        ("--aws-port", "aws"),
    ],
)
def test_a_further_simulator_is_started_where_it_has_a_port(option: str, name: str) -> None:
    assert parse([option, "9000"]).simulator_ports() == {"databricks": 8787, name: 9000}


def test_the_command_line_has_the_documented_defaults() -> None:
    options = parse([])

    assert (options.port, options.storage_port_base, options.simulators) == (7071, 10000, True)
    assert options.data == Path.cwd() / ".local/functions"


def test_a_binding_takes_settings_by_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE", "work")

    assert resolve("%QUEUE%-dead") == "work-dead"
    with pytest.raises(MissingSetting, match="NO_SUCH_SETTING"):
        resolve("%NO_SUCH_SETTING%")
