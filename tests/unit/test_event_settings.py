"""The settings of events: defaults and invalid values."""

from __future__ import annotations

import pytest

from polysync_core.settings import SettingError, Settings

STORAGE = {"POLYSYNC_STORAGE": "UseDevelopmentStorage=true"}


def test_events_need_no_setting() -> None:
    settings = Settings.read(STORAGE)
    assert settings.run_events_queue is None
    assert (settings.webhook_attempts, settings.webhook_first_delay) == (8, 10)


def test_a_queue_receives_events_only_if_the_setting_names_it() -> None:
    named = Settings.read({**STORAGE, "POLYSYNC_RUN_EVENTS_QUEUE": "run-events"})
    assert named.run_events_queue == "run-events"
    assert Settings.read({**STORAGE, "POLYSYNC_RUN_EVENTS_QUEUE": ""}).run_events_queue is None


@pytest.mark.parametrize("name", ["ab", "Events", "-events", "a--b", "events_", "a" * 64, "a\n"])
def test_an_invalid_queue_name_is_refused(name: str) -> None:
    with pytest.raises(SettingError, match="POLYSYNC_RUN_EVENTS_QUEUE"):
        Settings.read({**STORAGE, "POLYSYNC_RUN_EVENTS_QUEUE": name})


@pytest.mark.parametrize("name", ["run-requests", "webhook-deliveries", "run-requests-poison"])
def test_the_event_queue_is_not_a_queue_that_the_app_reads(name: str) -> None:
    with pytest.raises(
        SettingError, match=r"POLYSYNC_RUN_EVENTS_QUEUE is .* a queue that the app reads"
    ):
        Settings.read({**STORAGE, "POLYSYNC_RUN_EVENTS_QUEUE": name})


@pytest.mark.parametrize("text", ["0", "51", "-1", "eight", "1.5", "1e1", "\u0661"])
def test_an_invalid_number_of_attempts_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="POLYSYNC_WEBHOOK_ATTEMPTS"):
        Settings.read({**STORAGE, "POLYSYNC_WEBHOOK_ATTEMPTS": text})


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, None),
        ({"WEBSITE_HOSTNAME": "app.azurewebsites.net"}, "https://app.azurewebsites.net"),
        ({"WEBSITE_HOSTNAME": "localhost:7071"}, None),
        ({"POLYSYNC_PUBLIC_URL": "https://p.example.com/"}, "https://p.example.com"),
        ({"POLYSYNC_PUBLIC_URL": "http://127.0.0.1:7071"}, "http://127.0.0.1:7071"),
        (
            {"POLYSYNC_PUBLIC_URL": "https://p.example.com", "WEBSITE_HOSTNAME": "a.example.com"},
            "https://p.example.com",
        ),
    ],
)
def test_links_begin_with_the_public_address(variables: dict[str, str], url: str | None) -> None:
    assert Settings.read({**STORAGE, **variables}).public_url == url


@pytest.mark.parametrize(
    "text", ["p.example.com", "http://p.example.com", "https://p.example.com/x"]
)
def test_another_public_address_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="POLYSYNC_PUBLIC_URL"):
        Settings.read({**STORAGE, "POLYSYNC_PUBLIC_URL": text})


def test_lineage_is_off_by_default() -> None:
    assert Settings.read(STORAGE).lineage is None


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"POLYSYNC_OPENLINEAGE_KEY": "vault://k/x"}, "POLYSYNC_OPENLINEAGE_KEY"),
        (
            {
                "POLYSYNC_OPENLINEAGE_URL": "https://l.example.com",
                "POLYSYNC_OPENLINEAGE_KEY": "a-key-in-clear-text",
            },
            "POLYSYNC_OPENLINEAGE_KEY",
        ),
        ({"POLYSYNC_OPENLINEAGE_URL": "http://l.example.com"}, "POLYSYNC_OPENLINEAGE_URL"),
        ({"POLYSYNC_OPENLINEAGE_URL": "https://10.0.0.1"}, "POLYSYNC_OPENLINEAGE_URL"),
    ],
)
def test_a_wrong_setting_of_lineage_is_named(variables: dict[str, str], name: str) -> None:
    with pytest.raises(SettingError, match=name) as failure:
        Settings.read({**STORAGE, **variables})
    assert "clear-text" not in str(failure.value)


def test_lineage_goes_to_a_service_with_the_reference_of_its_key() -> None:
    target = Settings.read(
        {
            **STORAGE,
            "POLYSYNC_OPENLINEAGE_URL": "https://l.example.com",
            "POLYSYNC_OPENLINEAGE_KEY": "vault://k/x",
        }
    ).lineage
    assert target is not None
    assert (target.url, target.key, target.namespace) == (
        "https://l.example.com",
        "vault://k/x",
        "polysync",
    )
