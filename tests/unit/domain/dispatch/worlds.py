"""A Dispatcher under test, with short functions for runs, limits and time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from polysync_core.domain.definitions.contention import ExceedAction
from polysync_core.domain.dispatch import decisions
from polysync_core.domain.dispatch.blocked_runs import QueueFailure
from polysync_core.domain.dispatch.decisions import Decision
from polysync_core.domain.dispatch.policies import (
    ConcurrencyRule,
    PlatformPolicy,
    PolicySet,
    ProfilePolicy,
    StartRateRule,
    TaskPolicy,
)
from polysync_core.domain.dispatch.state import DispatcherState, Lease, WaitingRun
from polysync_core.domain.runs.identity import RunId
from tests.fakes.builders import NOON


class World:
    """One Dispatcher, its clock and all its decisions so far."""

    def __init__(self, *policies: TaskPolicy | PlatformPolicy | ProfilePolicy) -> None:
        self.state = DispatcherState()
        self.now = NOON
        self.known = PolicySet()
        self.starts: list[Lease] = []
        self.failures: list[QueueFailure] = []
        self.timer: datetime | None = None
        self.version = 0
        self.update(*policies)

    def update(self, *policies: TaskPolicy | PlatformPolicy | ProfilePolicy) -> list[str]:
        """Change policies and send them to the Dispatcher."""
        self.known.add(*policies)
        return self.do(decisions.update_policies(self.state, self.known, now=self.now))

    def enqueue(self, *names: str, task: str = "t", platform: str = "p", **facts: Any) -> list[str]:
        """Enqueue runs one by one; return the runs that start."""
        for owner in (TaskPolicy(name=task), PlatformPolicy(name=platform)):
            self.known.add(*([] if self._knows(owner) else [owner]))
        started: list[str] = []
        for name in names:
            waiting = WaitingRun(
                run_id=RunId(name),
                task=task,
                platform=platform,
                **{"attempt": 1, "priority": 100, "queued_at": self.now} | facts,
            )
            done = decisions.enqueue(self.state, waiting, policies=self.known, now=self.now)
            started += self.do(done)
        return started

    def release(self, *names: str, attempt: int = 1) -> list[str]:
        """Release the leases of runs; return the runs that start."""
        return [
            started
            for name in names
            for started in self.do(
                decisions.release(self.state, RunId(name), attempt, now=self.now)
            )
        ]

    def after(self, seconds: float) -> list[str]:
        """Advance the clock without a message."""
        self.now += timedelta(seconds=seconds)
        return []

    def fire_timer(self) -> list[str]:
        """Advance the clock to the timer and fire it."""
        at = self.timer
        assert at is not None
        self.now, self.timer = max(self.now, at), None
        return self.do(decisions.on_timer(self.state, at, now=self.now))

    def tick(self, seconds: float = 0) -> list[str]:
        """Advance the clock and decide, as the reconciler does every minute."""
        self.now += timedelta(seconds=seconds)
        return self.do(decisions.decide(self.state, now=self.now))

    def do(self, decision: Decision) -> list[str]:
        """Record a decision; return the runs that start."""
        self.starts += decision.starts
        self.failures += decision.failures
        if decision.wake_at is not None:
            self.timer = decision.wake_at
        return names(decision.starts)

    def waiting(self) -> list[str]:
        """Return the waiting runs, best rank first."""
        return list(self.state.waiting)

    def causes(self) -> dict[str, str]:
        """Return the failure cause of each failed run."""
        return {failure.run_id: failure.cause.value for failure in self.failures}

    def _knows(self, owner: TaskPolicy | PlatformPolicy) -> bool:
        known = self.known.tasks if isinstance(owner, TaskPolicy) else self.known.platforms
        return owner.name in known


def names(leases: Iterable[Lease]) -> list[str]:
    return [lease.run_id for lease in leases]


def cap(slots: int, name: str = "cap", **facts: Any) -> ProfilePolicy:
    window = facts.pop("window", None)
    return ProfilePolicy(name=name, rule=ConcurrencyRule(slots=slots, window=window), **facts)


def rate(limit: int, window: int = 60_000, name: str = "rate", **facts: Any) -> ProfilePolicy:
    tuning = {key: facts.pop(key) for key in ("leaky", "burst", "refill") if key in facts}
    return ProfilePolicy(
        name=name, rule=StartRateRule(limit=limit, window=window, **tuning), **facts
    )


def platform(*profiles: str, name: str = "p", version: int = 0) -> PlatformPolicy:
    return PlatformPolicy(name=name, profiles=profiles, version=version)


def task(name: str = "t", **facts: Any) -> TaskPolicy:
    return TaskPolicy(name=name, **facts)


REJECT = ExceedAction.REJECT
DEFER = ExceedAction.DEFER_TO_NEXT_WINDOW
