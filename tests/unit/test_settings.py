"""Settings are read, and wrong ones are refused with their names."""

from __future__ import annotations

from uuid import UUID

import pytest

from polysync_core.outbound.identity import NO_IDENTITY
from polysync_core.settings import Environment, SettingError, Settings

STORAGE = {"POLYSYNC_STORAGE": "UseDevelopmentStorage=true"}
DEVELOPMENT = {"POLYSYNC_ENVIRONMENT": "development"}
LOOPBACK = {"POLYSYNC_ALLOW_LOOPBACK_PLATFORMS": "true"}


def test_the_default_environment_is_production() -> None:
    settings = Settings.read(STORAGE)
    assert settings.environment is Environment.PRODUCTION
    assert not settings.allow_loopback_platforms


def test_telemetry_is_sent_to_the_configured_destinations() -> None:
    nowhere = Settings.read({**STORAGE, "OTEL_EXPORTER_OTLP_ENDPOINT": ""})
    assert (nowhere.sends_telemetry, nowhere.service_name) == (False, "polysync")
    for configured in (
        {"APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={UUID(int=0)}"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"},
    ):
        assert Settings.read(STORAGE | configured).sends_telemetry


@pytest.mark.parametrize("address", ["127.0.0.1:4318", "http://", "grpc://collector:4317"])
def test_the_address_of_a_collector_is_checked(address: str) -> None:
    with pytest.raises(SettingError, match=r"OTEL_EXPORTER_OTLP_ENDPOINT.*must be an address"):
        Settings.read(STORAGE | {"OTEL_EXPORTER_OTLP_ENDPOINT": address})


def test_an_identity_replaces_a_connection_string() -> None:
    settings = Settings.read({"POLYSYNC_STORAGE__accountName": "data", "OTHER": "x"})
    assert settings.storage == {"POLYSYNC_STORAGE__accountName": "data"}


def test_an_empty_storage_setting_counts_as_missing() -> None:
    configured = STORAGE | {"POLYSYNC_STORAGE__clientId": "", "POLYSYNC_STORAGE_OLD": "x"}
    assert Settings.read(configured).storage == STORAGE


@pytest.mark.parametrize("text", ["sqlite:/var/lib/polysync.db", " sqlite:data/polysync.db "])
def test_a_file_is_a_storage(text: str) -> None:
    assert Settings.read({"POLYSYNC_STORAGE": text}).storage == {"POLYSYNC_STORAGE": text}


@pytest.mark.parametrize("text", ["/var/lib/polysync.db", "sqlite", "file:/x.db"])
def test_a_storage_that_is_neither_account_nor_file_is_refused(text: str) -> None:
    with pytest.raises(
        SettingError, match=r"POLYSYNC_STORAGE is not a connection string .* sqlite:"
    ):
        Settings.read({"POLYSYNC_STORAGE": text})


def test_the_app_identity_is_read_from_the_settings() -> None:
    configured = STORAGE | {
        "AZURE_CLIENT_ID": "0b1f",
        "POLYSYNC_PRIVATE_HOSTS": "Vault.corp.example, b.c,",
    }
    app_identity = Settings.read(configured).app_identity
    assert (app_identity.identity, app_identity.private_hosts) == (
        "0b1f",
        {"vault.corp.example", "b.c"},
    )
    nothing = Settings.read(STORAGE | {"AZURE_CLIENT_ID": "", "POLYSYNC_PRIVATE_HOSTS": ""})
    assert nothing.app_identity == NO_IDENTITY


@pytest.mark.parametrize(
    "entry",
    [
        "https://a.b",
        "a.b:8200",
        "*.corp.example",
        "10.0.0.5",
        "localhost",
        "a.b/c",
        "a b.c",
        "[::1]",
    ],
)
def test_an_invalid_host_name_is_refused(entry: str) -> None:
    configured = STORAGE | {"POLYSYNC_PRIVATE_HOSTS": f"a.b,{entry}"}
    with pytest.raises(SettingError, match=r"POLYSYNC_PRIVATE_HOSTS: .* is not a host name"):
        Settings.read(configured)


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        pytest.param({}, "POLYSYNC_STORAGE", id="nothing at all"),
        pytest.param(
            STORAGE | {"POLYSYNC_STORAGE__accountName": "data"},
            "POLYSYNC_STORAGE__accountName contradict",
            id="a connection string and an identity",
        ),
        pytest.param(
            {"POLYSYNC_STORAGE__queueServiceUri": "https://data.queue.core.windows.net/"},
            "POLYSYNC_STORAGE__tableServiceUri is missing",
            id="an identity without the address of the tables",
        ),
        pytest.param(
            {"POLYSYNC_STORAGE__tableServiceUri": "https://data.table.core.windows.net/"},
            "POLYSYNC_STORAGE__queueServiceUri is missing",
            id="an identity without the address of the queues",
        ),
        pytest.param(
            STORAGE | {"POLYSYNC_ENVIRONMENT": "staging"},
            "POLYSYNC_ENVIRONMENT",
            id="an environment that there is not",
        ),
        pytest.param(
            STORAGE | LOOPBACK,
            "POLYSYNC_ALLOW_LOOPBACK_PLATFORMS",
            id="loopback platforms outside development",
        ),
        pytest.param(
            STORAGE | DEVELOPMENT | {"POLYSYNC_ALLOW_LOOPBACK_PLATFORMS": "yes"},
            "POLYSYNC_ALLOW_LOOPBACK_PLATFORMS",
            id="a flag that is neither true nor false",
        ),
        pytest.param(
            STORAGE | DEVELOPMENT | {"WEBSITE_INSTANCE_ID": "1"},
            "POLYSYNC_ENVIRONMENT",
            id="development in Azure",
        ),
        pytest.param(
            STORAGE | {"POLYSYNC_ACCESS_KEYS": "ci:Operator:00"},
            "POLYSYNC_ACCESS_KEYS: the role of ci must be one of Polysync.Reader, ",
            id="a key of a machine without a role",
        ),
    ],
)
def test_the_error_names_the_wrong_setting(variables: dict[str, str], name: str) -> None:
    with pytest.raises(SettingError, match=name):
        Settings.read(variables)


def test_retention_has_defaults() -> None:
    settings = Settings.read(STORAGE)
    assert (settings.run_retention_days, settings.engine_retention_days) == (90, 7)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("POLYSYNC_RUN_RETENTION_DAYS", "0"),  # would delete what has just ended
        ("POLYSYNC_RUN_RETENTION_DAYS", "3651"),
        ("POLYSYNC_ENGINE_RETENTION_DAYS", "366"),
        ("POLYSYNC_ENGINE_RETENTION_DAYS", "a week"),
    ],
)
def test_an_impossible_retention_is_refused(name: str, text: str) -> None:
    with pytest.raises(SettingError, match=name):
        Settings.read({**STORAGE, name: text})


def test_the_storage_may_be_a_sqlite_file() -> None:
    settings = Settings.read({"POLYSYNC_STORAGE": "sqlite:/var/polysync.db"})

    assert settings.storage == {"POLYSYNC_STORAGE": "sqlite:/var/polysync.db"}
