"""The settings, and what is refused by its name."""

from __future__ import annotations

import pytest

from polysync_core.settings import Environment, SettingError, Settings

STORAGE = {"POLYSYNC_STORAGE": "UseDevelopmentStorage=true"}
DEVELOPMENT = {"POLYSYNC_ENVIRONMENT": "development"}
LOOPBACK = {"POLYSYNC_ALLOW_LOOPBACK_PLATFORMS": "true"}


def test_production_is_what_is_not_said_otherwise() -> None:
    settings = Settings.read(STORAGE)
    assert settings.environment is Environment.PRODUCTION
    assert not settings.allow_loopback_platforms


def test_an_identity_takes_the_place_of_a_connection_string() -> None:
    settings = Settings.read({"POLYSYNC_STORAGE__accountName": "data", "OTHER": "x"})
    assert settings.storage == {"POLYSYNC_STORAGE__accountName": "data"}


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        pytest.param({}, "POLYSYNC_STORAGE", id="nothing at all"),
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
    ],
)
def test_a_wrong_setting_is_named(variables: dict[str, str], name: str) -> None:
    with pytest.raises(SettingError, match=name):
        Settings.read(variables)
