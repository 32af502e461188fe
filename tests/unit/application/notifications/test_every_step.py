"""Fails each call of storage and queue once: nothing is lost, and a repetition keeps its id."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from polysync_core.domain.errors import Unavailable
from tests.unit.application.notifications.rig import Rig

_MOST_CALLS = 60


class Faults:
    """Fails the n-th call of the wrapped ports, before or after its effect."""

    def __init__(self, number: int, *, after: bool) -> None:
        self.left = number
        self._after = after

    def wrapped(self, port: Any) -> Any:
        faults = self

        class Faulty:
            def __getattr__(self, name: str) -> Any:
                return lambda *given, **named: faults.call(getattr(port, name), given, named)

        return Faulty()

    def call(self, function: Any, given: Any, named: Any) -> Any:
        self.left -= 1
        if self.left == 0 and not self._after:
            raise Unavailable
        result = function(*given, **named)
        if self.left == 0:
            raise Unavailable
        return result


class FaultyRig(Rig):
    """A rig whose host repeats a message after a failure."""

    def __init__(self, faults: Faults, grouping: dict[str, Any]) -> None:
        super().__init__(
            {
                "name": "team",
                "type": "Webhook",
                "url": "https://x.example.com/in",
                "secret": "vault://local/KEY",
                "grouping": grouping,
            }
        )
        built = self.app.services.notifications
        store = faults.wrapped(built.store)
        queue = faults.wrapped(built.queues.delivery_queue)
        self.delivery = replace(
            built,
            store=store,
            collector=replace(built.collector, store=store, queue=queue),
            queues=replace(built.queues, delivery_queue=queue),
        )

    def process(self, text: str) -> None:
        try:
            self.delivery.process(text)
        except Unavailable:
            self.delivery.process(text)
        self._take()


def runs_of(rig: Rig) -> set[str]:
    return {each["runId"] for body in rig.bodies() for each in body["runs"]}


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_failure_at_any_call_loses_no_notification(after: bool) -> None:
    for number in range(1, _MOST_CALLS):
        faults = Faults(number, after=after)
        rig = FaultyRig(faults, {"windowSeconds": 10, "maxPerHour": 2})
        runs = [rig.ended("Failed", task=f"t{each}") for each in range(3)]
        rig.pass_time(minutes=1)
        runs.append(rig.ended("Succeeded", task="t0"))
        rig.pass_time(minutes=1)
        # The hour is full: this one comes in a summary.
        runs.append(rig.ended("Failed", task="t1"))
        rig.pass_time(hours=3)
        assert {each.run_id for each in runs} <= runs_of(rig), number
        assert not rig.waiting(), number
        by_id: dict[str, set[str]] = {}
        for body in rig.bodies():
            by_id.setdefault(body["messageId"], set()).add(body["title"])
        assert all(len(titles) == 1 for titles in by_id.values()), number
        if faults.left > 0:
            return
    raise AssertionError("more calls than expected: raise _MOST_CALLS")
