"""Scenarios of the Dispatcher: sequences of messages in their current form.

A recorded state is never recorded again, so this module may change with the Dispatcher.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from orchestrations.names import DISPATCHER
from polysync_core.domain.definitions.contention import ExceedAction
from polysync_core.domain.dispatch.codec import encode_lease, encode_policies, encode_waiting
from polysync_core.domain.dispatch.policies import (
    ConcurrencyRule,
    PlatformPolicy,
    PolicySet,
    ProfilePolicy,
    StartRateRule,
    TaskPolicy,
)
from polysync_core.domain.dispatch.state import Lease, WaitingRun
from polysync_core.domain.runs.identity import BackfillId, RunId, derived_run_id
from tests.fakes.virtual_loop import START

type Policy = TaskPolicy | PlatformPolicy | ProfilePolicy

PLATFORM = PlatformPolicy(name="lakehouse", version=1, profiles=("cap",))
TASK = TaskPolicy(name="load", version=1)


@dataclass(frozen=True, slots=True)
class Message:
    """A message to the entity, `after` seconds from the start of the scenario."""

    after: float
    operation: str
    input: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DispatcherScenario:
    """A sequence of messages to one Dispatcher. Its own timer messages are added to them."""

    name: str
    messages: Sequence[Message]

    @property
    def file(self) -> str:
        """The file name of the recording."""
        return f"{DISPATCHER}.{self.name}.json"


def _run(name: str) -> RunId:
    return derived_run_id("replay", name)


def _enqueue(after: float, name: str, *policies: Policy, **fields: Any) -> Message:
    usual = WaitingRun(
        run_id=_run(name),
        attempt=1,
        task="load",
        priority=100,
        queued_at=START + timedelta(seconds=after),
        platform="lakehouse",
    )
    message = {"waiting": encode_waiting(replace(usual, **fields))}
    return Message(
        after, "enqueue", message | {"policies": _policies(policies)} if policies else message
    )


def _policies(policies: Sequence[Policy]) -> Any:
    known = PolicySet()
    known.add(*policies)
    return encode_policies(known)


def _release(after: float, name: str, attempt: int = 1) -> Message:
    return Message(after, "release", {"run": _run(name), "attempt": attempt})


def _update_policies(after: float, *policies: Policy) -> Message:
    return Message(after, "update_policies", {"policies": _policies(policies)})


def _restore_lease(after: float, name: str, **fields: Any) -> Message:
    usual = Lease(run_id=_run(name), attempt=1, task="load", granted_at=START, platform="lakehouse")
    return Message(after, "restore_lease", dict(encode_lease(replace(usual, **fields))))


def _limited_by(*profiles: ProfilePolicy) -> list[Policy]:
    names = tuple(each.name for each in profiles)
    return [replace(PLATFORM, profiles=names), TASK, *profiles]


def _concurrency(slots: int, name: str = "cap", **fields: Any) -> ProfilePolicy:
    return ProfilePolicy(name=name, version=1, rule=ConcurrencyRule(slots=slots), **fields)


def _start_rate(name: str, rate: StartRateRule) -> ProfilePolicy:
    return ProfilePolicy(name=name, version=1, rule=rate)


_ONE_AT_A_TIME = replace(TASK, max_concurrent_runs=1)
_UNLIMITED = [PLATFORM, _concurrency(9)]
_HEAVY = TaskPolicy(name="merge", version=1, weight=2, profiles=("everywhere",))
_EVERYWHERE = _concurrency(3, "everywhere", is_global=True)
_OFF = _concurrency(1, "off", enabled=False)
_SHORT_QUEUE = _concurrency(1, queue_size=2, queue_timeout=30_000)
_NEXT_MINUTE = replace(
    _concurrency(1, exceed_action=ExceedAction.DEFER_TO_NEXT_WINDOW),
    rule=ConcurrencyRule(slots=1, window=60_000),
)
_BACKFILL: dict[str, Any] = {"backfill_id": BackfillId("2026-02"), "backfill_limit": 2}

DISPATCHER_SCENARIOS = (
    DispatcherScenario(
        "max_concurrent_runs",
        [
            _enqueue(0, "a", _ONE_AT_A_TIME, *_UNLIMITED),
            _enqueue(1, "b", _ONE_AT_A_TIME, *_UNLIMITED),
            _enqueue(2, "c", priority=200),
            _enqueue(3, "a"),
            _update_policies(4, replace(_ONE_AT_A_TIME, version=2, max_concurrent_runs=2)),
            _release(5, "a"),
            _release(6, "b"),
            _release(7, "c"),
        ],
    ),
    DispatcherScenario(
        "concurrency",
        [
            _enqueue(0, "a", *_limited_by(_concurrency(2), _OFF)),
            *[_enqueue(n, f"h{n}", _HEAVY, _EVERYWHERE, task="merge") for n in (1, 2)],
            _enqueue(3, "b"),
            _enqueue(90, "c"),
            *[_release(91 + n, name) for n, name in enumerate(("a", "h1", "b", "h2", "c"))],
        ],
    ),
    DispatcherScenario(
        "start_rates",
        [
            _enqueue(
                0,
                "a0",
                *_limited_by(
                    _start_rate(
                        "bursts", StartRateRule(limit=3, window=10_000, burst=2, refill=1_000)
                    ),
                    _start_rate("evenly", StartRateRule(limit=10, window=20_000, leaky=True)),
                ),
            ),
            *[_enqueue(n / 10, f"a{n}") for n in range(1, 6)],
            *[_release(60, f"a{n}") for n in range(6)],
        ],
    ),
    DispatcherScenario(
        "rejected",
        [
            _enqueue(0, "a", *_limited_by(_concurrency(1, exceed_action=ExceedAction.REJECT))),
            _enqueue(1, "b"),
            _release(2, "a"),
        ],
    ),
    DispatcherScenario(
        "queue_timeout",
        [
            _enqueue(0, "a", *_limited_by(_SHORT_QUEUE)),
            *[_enqueue(n, f"b{n}") for n in (1, 2, 3)],
            _release(60, "a"),
        ],
    ),
    DispatcherScenario(
        "deferred",
        [
            _enqueue(0, "a", *_limited_by(_NEXT_MINUTE)),
            _enqueue(10, "b"),
            _release(20, "a"),
            _enqueue(30, "c"),
            _release(100, "c"),
            _release(130, "b"),
        ],
    ),
    DispatcherScenario(
        "back_off",
        [
            _enqueue(0, "a", TASK, *_UNLIMITED),
            _release(5, "a"),
            _enqueue(
                5, "a", TASK, *_UNLIMITED, attempt=2, not_before=START + timedelta(seconds=35)
            ),
            _release(40, "a"),
            _release(50, "a", 2),
        ],
    ),
    DispatcherScenario(
        "backfill",
        [
            _enqueue(0, "b0", TASK, *_UNLIMITED, **_BACKFILL),
            *[_enqueue(n, f"b{n}", priority=90, **_BACKFILL) for n in (1, 2, 3)],
            *[_release(10 + n, f"b{n}") for n in range(4)],
        ],
    ),
    DispatcherScenario(
        "restored",
        [
            _update_policies(0, _ONE_AT_A_TIME, *_UNLIMITED),
            _restore_lease(1, "a", attempt=2, weight=2, **_BACKFILL),
            _enqueue(2, "a"),
            _enqueue(3, "b", _ONE_AT_A_TIME, *_UNLIMITED),
            _restore_lease(4, "b"),
            _release(5, "a", 2),
            _release(6, "b"),
        ],
    ),
    DispatcherScenario(
        "late_policies",
        [
            _enqueue(0, "a"),
            _update_policies(60, TASK, *_UNLIMITED),
            _release(70, "a"),
        ],
    ),
)
