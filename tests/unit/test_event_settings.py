"""Settings of events: their defaults, and what is refused by its name."""

from __future__ import annotations

import pytest

from polysync_core.settings import SettingError, Settings

STORAGE = {"POLYSYNC_STORAGE": "UseDevelopmentStorage=true"}


def test_events_need_no_setting() -> None:
    settings = Settings.read(STORAGE)
    assert settings.run_events_queue == "run-events"
    assert (settings.webhook_attempts, settings.webhook_first_delay) == (8, 10)


def test_a_setting_that_is_empty_counts_as_left_out() -> None:
    settings = Settings.read({**STORAGE, "POLYSYNC_RUN_EVENTS_QUEUE": ""})
    assert settings.run_events_queue == "run-events"


@pytest.mark.parametrize("name", ["ab", "Events", "-events", "a--b", "events_", "a" * 64, "a\n"])
def test_a_name_that_no_queue_can_have_is_refused(name: str) -> None:
    with pytest.raises(SettingError, match="POLYSYNC_RUN_EVENTS_QUEUE"):
        Settings.read({**STORAGE, "POLYSYNC_RUN_EVENTS_QUEUE": name})


@pytest.mark.parametrize("name", ["run-requests", "webhook-deliveries", "run-requests-poison"])
def test_events_do_not_go_where_the_app_itself_listens(name: str) -> None:
    with pytest.raises(SettingError, match=r"POLYSYNC_RUN_EVENTS_QUEUE is .* itself reads"):
        Settings.read({**STORAGE, "POLYSYNC_RUN_EVENTS_QUEUE": name})


@pytest.mark.parametrize("text", ["0", "51", "-1", "eight", "1.5", "1e1", "\u0661"])
def test_attempts_are_a_number_within_reason(text: str) -> None:
    with pytest.raises(SettingError, match="POLYSYNC_WEBHOOK_ATTEMPTS"):
        Settings.read({**STORAGE, "POLYSYNC_WEBHOOK_ATTEMPTS": text})
