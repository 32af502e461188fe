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
