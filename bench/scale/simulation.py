"""Simulates the start and polling of runs under constant load in virtual time.

The shard has its share of the resources that all shards use. A resource serves requests in order,
at its rate. So a load beyond the smallest rate makes a queue grow, as in the service.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from bench.scale.model import (
    DISPATCHER,
    MAX_BATCH,
    TRIP_SECONDS,
    Deployment,
    Work,
    batch_seconds,
    resources,
)
from polysync_core.domain.dispatch import decisions
from polysync_core.domain.dispatch.decisions import Decision
from polysync_core.domain.dispatch.policies import PlatformPolicy, PolicySet, TaskPolicy
from polysync_core.domain.dispatch.state import DispatcherState, WaitingRun
from polysync_core.domain.runs.identity import RunId, derived_run_id

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_MINUTE = 60.0
_PLATFORM = PlatformPolicy(name="platform")


@dataclass(slots=True)
class Server:
    """A resource that serves requests in order, at a rate."""

    name: str
    rate: float
    start: float
    poll: float
    """The units of the start of a run, and of a poll."""
    free_at: float = 0.0
    busy: float = 0.0

    def take(self, now: float, units: float) -> float:
        """Serve a request, and return the time of its end."""
        seconds = units / self.rate
        self.busy += seconds
        self.free_at = max(now, self.free_at) + seconds
        return self.free_at


@dataclass(slots=True)
class SimulatedRun:
    """A run with its times in seconds."""

    run_id: RunId
    task: str
    seconds: float
    requested: float
    submitted: float = 0.0


@dataclass(slots=True, kw_only=True)
class Outcome:
    """The figures of a simulation, after its warm-up."""

    offered: float
    """Requested runs per second, of all shards; the requests are random."""
    achieved: float
    """Started runs per second, of all shards."""
    start_p50: float
    start_p99: float
    """Seconds from the request to the submit."""
    end_p99: float
    """Seconds from the end of a run to the poll that finds it."""
    most_live: int
    most_waiting: int
    largest_batch: float
    """The longest batch of the Dispatcher in seconds."""
    busiest: str
    """The resource with the highest use."""
    use: float
    """The use of the busiest resource; 1 is all of it."""


@dataclass(slots=True)
class Simulation:
    """One shard under a constant load."""

    deployment: Deployment
    work: Work
    runs_per_second: float
    """The load of the whole deployment."""
    tasks: int = 1_000_000
    policies: tuple[TaskPolicy | PlatformPolicy, ...] = ()
    """Limits besides those of the Tasks, which have none."""
    seed: int = 1
    now: float = 0.0
    state: DispatcherState = field(default_factory=DispatcherState)
    starts: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """The time of each submit, with the seconds since its request."""
    requests: list[float] = field(default_factory=list[float])
    """The time of each request."""
    ends: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """The time of each found end, with the seconds since the end."""
    most_live: int = 0
    most_waiting: int = 0
    largest_batch: float = 0.0
    servers: list[Server] = field(default_factory=list[Server])
    _events: list[tuple[float, int, Callable[[], None]]] = field(
        default_factory=list[tuple[float, int, Callable[[], None]]]
    )
    _numbers: Iterator[int] = field(default_factory=count)
    _inbox: deque[Callable[[datetime], Decision]] = field(
        default_factory=deque[Callable[[datetime], Decision]]
    )
    _is_busy: bool = False
    _runs: dict[str, SimulatedRun] = field(default_factory=dict[str, SimulatedRun])
    _draw: random.Random = field(init=False)
    _share: float = field(init=False)
    """The share of the load that the shard has."""
    _entity_rate: float | None = None

    def __post_init__(self) -> None:
        """Give the shard its share of each resource."""
        self._draw = random.Random(self.seed)
        self._share = 1 / (self.deployment.apps * self.deployment.shards)
        for each in resources(self.deployment):
            rate = each.rate / self.deployment.shards
            if each.name == DISPATCHER:
                self._entity_rate = rate
            else:
                server = Server(each.name, rate, each.demand.start, each.demand.poll)
                self.servers.append(server)

    def run(self, *, warm_up: float, seconds: float) -> Outcome:
        """Simulate a warm-up and a measured time."""
        self._after(0, self._request)
        self._after(_MINUTE, self._reconcile)
        end, used = warm_up + seconds, [0.0] * len(self.servers)
        while self._events and self._events[0][0] <= end:
            at, _, step = heappop(self._events)
            if self.now < warm_up <= at:
                used = [each.busy for each in self.servers]
            self.now = at
            step()
        return self._outcome(warm_up, seconds, used)

    def _outcome(self, warm_up: float, seconds: float, used: list[float]) -> Outcome:
        lags = sorted(lag for at, lag in self.starts if at >= warm_up)
        end_lags = sorted(lag for at, lag in self.ends if at >= warm_up)
        uses = [
            ((each.busy - before) / seconds, each.name)
            for each, before in zip(self.servers, used, strict=True)
        ]
        if self._entity_rate is not None:
            share = 2 * len(lags) / seconds / self._entity_rate
            uses.append((share, DISPATCHER))
        use, busiest = max(uses)
        return Outcome(
            offered=sum(at >= warm_up for at in self.requests) / seconds / self._share,
            achieved=len(lags) / seconds / self._share,
            start_p50=_at(lags, 0.5),
            start_p99=_at(lags, 0.99),
            end_p99=_at(end_lags, 0.99),
            most_live=round(self.most_live / self._share),
            most_waiting=round(self.most_waiting / self._share),
            largest_batch=self.largest_batch,
            busiest=busiest,
            use=use,
        )

    def _after(self, seconds: float, step: Callable[[], None]) -> None:
        heappush(self._events, (self.now + seconds, next(self._numbers), step))

    def _until(self, at: float, step: Callable[[], None]) -> None:
        self._after(max(0.0, at - self.now) + TRIP_SECONDS, step)

    # A run

    def _request(self) -> None:
        """Accept a run, and plan the next request."""
        number = len(self.requests)
        self.requests.append(self.now)
        run = SimulatedRun(
            run_id=derived_run_id("scale", str(number)),
            task=f"task-{self._draw.randrange(self.tasks)}",
            seconds=self.work.seconds * self._draw.uniform(0.9, 1.1),
            requested=self.now,
        )
        self._runs[run.run_id] = run
        self._after(TRIP_SECONDS, lambda: self._send(lambda at: self._enqueue(run, at)))
        rate = self.runs_per_second * self._share
        self._after(self._draw.expovariate(rate), self._request)

    def _enqueue(self, run: SimulatedRun, at: datetime) -> Decision:
        policies = PolicySet()
        policies.add(TaskPolicy(name=run.task), _PLATFORM, *self.policies)
        waiting = WaitingRun(
            run_id=run.run_id,
            attempt=1,
            task=run.task,
            priority=100,
            queued_at=_EPOCH + timedelta(seconds=run.requested),
            platform=_PLATFORM.name,
        )
        return decisions.enqueue(self.state, waiting, policies=policies, now=at)

    def _start(self, run: SimulatedRun) -> None:
        done = max(each.take(self.now, each.start) for each in self.servers)
        self._until(done, lambda: self._submitted(run))

    def _submitted(self, run: SimulatedRun) -> None:
        run.submitted = self.now
        self.starts.append((self.now, self.now - run.requested))
        self._after(self.work.plan.first, lambda: self._poll(run))

    def _poll(self, run: SimulatedRun) -> None:
        done = max(each.take(self.now, each.poll) for each in self.servers)
        self._until(done, lambda: self._polled(run))

    def _polled(self, run: SimulatedRun) -> None:
        age = self.now - run.submitted
        if age < run.seconds:
            self._after(self.work.plan.delay(age), lambda: self._poll(run))
            return
        self.ends.append((self.now, age - run.seconds))
        del self._runs[run.run_id]
        self._send(lambda at: decisions.release(self.state, run.run_id, 1, now=at))

    # The Dispatcher

    def _send(self, message: Callable[[datetime], Decision]) -> None:
        self._inbox.append(message)
        if not self._is_busy:
            self._begin_batch()

    def _reconcile(self) -> None:
        """Renew the policies, as the minute timer does; this forgets those that no run needs."""
        self._send(lambda at: decisions.decide(self.state, now=at))
        self._after(_MINUTE, self._reconcile)

    def _begin_batch(self) -> None:
        self._is_busy = True
        batch = [self._inbox.popleft() for _ in range(min(MAX_BATCH, len(self._inbox)))]
        state, policies = self.state, self.state.policies
        entries = len(state.waiting) + len(state.leases) + len(policies.tasks)
        rounds = len(batch) if state.waiting else 0
        seconds = batch_seconds(entries, len(batch), rounds=rounds)
        self.largest_batch = max(self.largest_batch, seconds)
        if self._entity_rate is not None:
            seconds = max(seconds, len(batch) / self._entity_rate)
        self._after(seconds, lambda: self._end_batch(batch))

    def _end_batch(self, batch: list[Callable[[datetime], Decision]]) -> None:
        at = _EPOCH + timedelta(seconds=self.now)
        for message in batch:
            self._carry_out(message(at))
        self.most_live = max(self.most_live, len(self.state.leases))
        self.most_waiting = max(self.most_waiting, len(self.state.waiting) + len(self._inbox))
        self._is_busy = False
        if self._inbox:
            self._begin_batch()

    def _carry_out(self, decision: Decision) -> None:
        for lease in decision.starts:
            self._start(self._runs[lease.run_id])
        if decision.wake_at is not None:
            self._plan(decision.wake_at)

    def _plan(self, wake_at: datetime) -> None:
        def wake(at: datetime) -> Decision:
            return decisions.on_timer(self.state, wake_at, now=at)

        delay = (wake_at - _EPOCH).total_seconds() - self.now
        self._after(max(0.0, delay), lambda: self._send(wake))


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, round(len(ordered) * share))] if ordered else float("inf")
