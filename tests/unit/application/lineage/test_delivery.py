"""Tests that lineage follows a run, is repeated within bounds, and stops no run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from polysync_core.domain.errors import Unavailable
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.run import TaskRun
from polysync_core.outbound.lineage.sending import LineageTarget
from polysync_core.settings import DELIVERIES
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform
from tests.unit.application.notifications.rig import Rig


class Service:
    """Records the events that reach it, or refuses them."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.seen: list[str] = []
        self.tries = 0

    def open(self, target: LineageTarget, secrets: Any) -> Callable[[JsonObject, TaskRun], None]:
        assert target.namespace == "prod"
        return self.emit

    def emit(self, event: JsonObject, run: TaskRun) -> None:
        self.tries += 1
        if self.failure is not None:
            raise self.failure
        assert event["runId"] == run.run_id
        self.seen.append(str(event["to"]))


class LineageRig(Rig):
    """An app that sends lineage to a service."""

    def __init__(self) -> None:
        super().__init__(
            {"name": "off", "type": "Slack", "url": "vault://local/SLACK", "enabled": False},
            POLYSYNC_OPENLINEAGE_URL="https://lineage.example.com",
            POLYSYNC_OPENLINEAGE_NAMESPACE="prod",
        )
        self.service = Service()
        self.app._ports = {"open_lineage": self.service.open}
        self.app.restart()

    def process(self, text: str) -> None:
        self.app.services.lineage.process(text)
        self._take()


def test_the_start_and_the_end_of_a_run_reach_the_service() -> None:
    rig = LineageRig()
    rig.ended("Succeeded")
    rig.ended("Failed")
    rig.ended("Skipped")
    rig.queued()
    rig.pass_time(minutes=1)
    assert rig.service.seen == ["Running", "Succeeded", "Running", "Failed"]


def test_a_failed_delivery_is_repeated_and_then_dropped_with_a_log_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rig = LineageRig()
    rig.service.failure = Unavailable("it is away")
    rig.ended("Cancelled")
    rig.pass_time(days=1)
    assert rig.service.tries == 6
    assert not rig.waiting()
    assert not rig.poison()
    dropped = [each for each in caplog.records if getattr(each, "action", "") == "lineage_dropped"]
    assert [(each.reason, each.attempt) for each in dropped] == [("it is away", 3)] * 2  # type: ignore[attr-defined]


def test_lineage_costs_no_message_if_it_is_off() -> None:
    app = FakeApp(a_platform(), a_job())
    rig = Rig({"name": "off", "type": "Slack", "url": "vault://local/SLACK", "enabled": False})
    rig.ended("Succeeded")
    assert not rig.waiting()
    assert app.services.lineage.emit is None


def test_a_message_from_before_it_was_switched_off_is_dropped() -> None:
    rig = LineageRig()
    rig.ended("Succeeded")
    (text, *_) = rig.waiting()
    lineage = replace(rig.app.services.lineage, emit=None)
    lineage.process(text)
    assert not rig.app.queue(DELIVERIES).sent
    assert not rig.poison()


def test_a_malformed_message_goes_to_the_poison_queue() -> None:
    rig = LineageRig()
    for message in ({"lineage": {}, "attempt": 1}, {"lineage": 3}):
        rig.process(json.dumps(message, separators=(",", ":")))
    assert len(rig.poison()) == 2


def test_a_message_holds_no_tags_and_no_values() -> None:
    rig = LineageRig()
    rig.ended("Succeeded", tags={"team": "canary"}, parameters={"day": "canary"})
    assert rig.waiting()
    assert all("canary" not in each for each in rig.waiting())
