"""A Dispatcher under test: short words for runs, limits and time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from polysync_core.domain.definitions.contention import ExceedAction
from polysync_core.domain.dispatch import decisions
from polysync_core.domain.dispatch.blocked_runs import Failure
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
    """One Dispatcher, the time, and all that it has decided so far."""

    def __init__(self, *policies: TaskPolicy | PlatformPolicy | ProfilePolicy) -> None:
        self.state = DispatcherState()
        self.now = NOON
        self.known = PolicySet()
        self.starts: list[Lease] = []
        self.failures: list[Failure] = []
        self.alarm: datetime | None = None
        self.version = 0
        self.tell(*policies)

    def tell(self, *policies: TaskPolicy | PlatformPolicy | ProfilePolicy) -> list[str]:
        """Change policies and tell the Dispatcher."""
        self.known.add(*policies)
        return self.do(decisions.renew(self.state, self.known, now=self.now))

    def ask(self, *names: str, task: str = "t", platform: str = "p", **facts: Any) -> list[str]:
        """Let runs wait, one after the other; return those that start."""
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

    def end(self, *names: str, attempt: int = 1) -> list[str]:
        """End runs; return those that start in their places."""
        return [
            started
            for name in names
            for started in self.do(
                decisions.release(self.state, RunId(name), attempt, now=self.now)
            )
        ]

    def after(self, seconds: float) -> list[str]:
        """Let time pass without any message."""
        self.now += timedelta(seconds=seconds)
        return []

    def ring(self) -> list[str]:
        """Go to the time of the alarm and deliver it."""
        at = self.alarm
        assert at is not None
        self.now, self.alarm = max(self.now, at), None
        return self.do(decisions.ring(self.state, at, now=self.now))

    def tick(self, seconds: float = 0) -> list[str]:
        """Let time pass and the minute's tick come."""
        self.now += timedelta(seconds=seconds)
        return self.do(decisions.decide(self.state, now=self.now))

    def do(self, decision: Decision) -> list[str]:
        """Note a decision; return the runs that start."""
        self.starts += decision.starts
        self.failures += decision.failures
        if decision.wake_at is not None:
            self.alarm = decision.wake_at
        return names(decision.starts)

    def waiting(self) -> list[str]:
        """Return the runs that wait, best first."""
        return list(self.state.waiting)

    def causes(self) -> dict[str, str]:
        """Return the runs that failed, each with its cause."""
        return {failure.run_id: failure.cause.value for failure in self.failures}

    def _knows(self, owner: TaskPolicy | PlatformPolicy) -> bool:
        known = self.known.tasks if isinstance(owner, TaskPolicy) else self.known.platforms
        return owner.name in known


def names(leases: Iterable[Lease]) -> list[str]:
    return [lease.run_id for lease in leases]


def cap(slots: int, name: str = "cap", **facts: Any) -> ProfilePolicy:
    window = facts.pop("window", None)
    return ProfilePolicy(name=name, gate=ConcurrencyRule(slots=slots, window=window), **facts)


def rate(limit: int, window: int = 60_000, name: str = "rate", **facts: Any) -> ProfilePolicy:
    tuning = {key: facts.pop(key) for key in ("leaky", "burst", "refill") if key in facts}
    return ProfilePolicy(name=name, gate=StartRateRule(limit=limit, window=window, **tuning), **facts)


def platform(*profiles: str, name: str = "p", version: int = 0) -> PlatformPolicy:
    return PlatformPolicy(name=name, profiles=profiles, version=version)


def task(name: str = "t", **facts: Any) -> TaskPolicy:
    return TaskPolicy(name=name, **facts)


REJECT = ExceedAction.REJECT
DEFER = ExceedAction.DEFER_TO_NEXT_WINDOW
