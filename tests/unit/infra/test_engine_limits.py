"""The limits of the Durable extension in host.json suit what the app needs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from polysync_core.domain.dispatch.codec import encode_state
from polysync_core.domain.dispatch.state import (
    DispatcherState,
    Lease,
    WaitingRun,
    waiting_entry,
)
from polysync_core.domain.runs.identity import derived_run_id
from tests.unit.infra.templates import ROOT

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MOST_WAITING = 20_000
LONGEST_NAME = "n" * 64


def durable_task() -> dict[str, Any]:
    return json.loads((ROOT / "host.json").read_text())["extensions"]["durableTask"]


@pytest.mark.slow
def test_twenty_thousand_waiting_runs_need_a_quarter_of_the_largest_message() -> None:
    state = DispatcherState()
    for number in range(MOST_WAITING):
        run_id = derived_run_id("limits", str(number))
        waiting = WaitingRun(
            run_id=run_id,
            attempt=1,
            task=LONGEST_NAME,
            platform=LONGEST_NAME,
            priority=100,
            queued_at=NOW,
            not_before=NOW + timedelta(hours=1),
        )
        state.waiting[run_id] = waiting_entry(waiting)
        state.leases[run_id] = Lease(
            run_id=run_id, attempt=1, task=LONGEST_NAME, granted_at=NOW, platform=LONGEST_NAME
        )
    size = len(json.dumps(encode_state(state)))

    assert size * 4 < durable_task()["maxGrpcMessageSizeInBytes"]


@pytest.mark.parametrize("queue", ["controlQueue", "workItemQueue"])
def test_a_message_of_a_killed_instance_is_hidden_for_one_minute(queue: str) -> None:
    """One minute is the least that the extension accepts, and its default is five minutes."""
    assert durable_task()["storageProvider"][f"{queue}VisibilityTimeout"] == "00:01:00"
