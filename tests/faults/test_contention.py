"""Contention profiles, through the whole stack and with the engine of the local host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest

from tests.faults.local_system import LocalSystem, has_ended, is_submitted
from tests.host_kinds import on_both_with_soak
from tests.integration.devhost.host_process import eventually

pytestmark = [pytest.mark.devhost, on_both_with_soak()]


@contextmanager
def limited(system: LocalSystem, kind: str, **settings: Any) -> Iterator[str]:
    """Give the platform a profile, and remove it afterwards."""
    name = f"limit-{kind.lower()}"
    profile = {"type": kind, "settings": settings}
    system.host.http.put(f"/contention-profiles/{name}", json=profile).raise_for_status()
    links = "/platforms/lakehouse"
    system.host.http.patch(links, json={"contentionProfiles": [name]}).raise_for_status()
    try:
        yield name
    finally:
        system.host.http.patch(links, json={"contentionProfiles": []}).raise_for_status()


def test_the_end_of_a_rate_window_starts_waiting_runs_without_any_message(
    system: LocalSystem,
) -> None:
    with limited(system, "RateLimit", limit=1, windowSeconds=3):
        runs = system.wait_for([system.run(0.1) for _ in range(3)], has_ended)
    starts = sorted(datetime.fromisoformat(run["startedAt"]) for run in runs)
    # Six seconds, minus the time by which the first run may have reached the platform late.
    assert (starts[2] - starts[0]).total_seconds() > 3, "three starts need two windows"
    assert {run["status"] for run in runs} == {"Succeeded"}


def test_a_raised_limit_starts_the_run_whose_wait_explain_and_usage_described(
    system: LocalSystem,
) -> None:
    with limited(system, "Concurrency", maxConcurrentTasks=1) as name:
        first, second = system.run(600), system.run(0.1)
        explained = eventually(
            lambda: (
                found := system.host.get(f"/task-runs/{second}/explain"),
                found if found["waitingFor"] else None,
            )[1]
        )
        (hold,) = explained["waitingFor"]
        assert (hold["profile"], hold["used"], hold["limit"]) == (name, 1, 1)
        assert [holder["runId"] for holder in hold["heldBy"]] == [first]
        (counter,) = system.host.get(f"/contention-profiles/{name}/usage")["counters"]
        assert [waiting["runId"] for waiting in counter["queue"]] == [second]
        wider = {"settings": {"maxConcurrentTasks": 2}}
        system.host.http.patch(f"/contention-profiles/{name}", json=wider).raise_for_status()
        system.wait_for([second], has_ended)
        assert system.cancel(first)["status"] == "Cancelled"


@pytest.mark.parametrize(
    ("settings", "cause"),
    [
        pytest.param({"exceedAction": "Reject"}, "ContentionRejected", id="rejected at once"),
        pytest.param({"queueTimeoutSeconds": 1}, "QueueTimeout", id="after waiting too long"),
    ],
)
def test_a_run_that_must_not_wait_fails_with_its_cause_and_is_never_submitted(
    system: LocalSystem, settings: dict[str, Any], cause: str
) -> None:
    with limited(system, "Concurrency", maxConcurrentTasks=1, **settings):
        first = system.run(600)
        system.wait_for([first], is_submitted)
        before = system.databricks.started()
        (run,) = system.wait_for([system.run(0.1)], has_ended)
        assert (run["status"], run["attempts"][0]["cause"]) == ("Failed", cause)
        assert run["attempts"][0]["externalRunId"] is None
        assert system.databricks.started() == before
        assert system.cancel(first)["status"] == "Cancelled"
