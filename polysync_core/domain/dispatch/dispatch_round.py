"""One look at everything that waits: what may start, and what holds back the rest.

Runs of one Task on one Platform, and of one backfill, share their limits, so each such group is
examined once; what is done for every waiting run is little more than a look into a dictionary.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from polysync_core.domain.definitions.contention import ExceedAction
from polysync_core.domain.dispatch.limits import (
    ConcurrencyLimit,
    Group,
    Limit,
    StartRateLimit,
    next_window,
)
from polysync_core.domain.dispatch.policies import Cap, ProfilePolicy
from polysync_core.domain.dispatch.rates import GrantLog
from polysync_core.domain.dispatch.state import DispatcherState, Lease, WaitingEntry, moment
from polysync_core.domain.runs.identity import BackfillId

KEEPING = timedelta(minutes=1)
"""After so long, slots that become free are kept for a run that needs several at once."""
_KEEPING_MILLIS = KEEPING // timedelta(milliseconds=1)
_BACKFILL = "~backfill"
"""In the place of a profile's name, which has no `~`."""

type GroupKey = tuple[str, str, BackfillId | None]
"""A Task, a Platform and the backfill of a run that belongs to one."""


class DispatchRound:
    """The state of a Dispatcher with its limits worked out, at one moment."""

    def __init__(self, state: DispatcherState, now: int) -> None:
        self.state = state
        self.now = now
        self.limits: dict[tuple[str, str], Limit] = {}
        self._groups: dict[GroupKey, Group] = {}
        self._full: dict[int, list[Limit]] = {}
        for lease in state.leases.values():
            group = self.group(lease)
            for limit, _ in group.demands:
                if isinstance(limit, ConcurrencyLimit):
                    limit.take(limit.need(lease.weight))

    def group(self, run: WaitingEntry | Lease) -> Group:
        """Return the group that a run is of."""
        key = (run.task, run.platform, run.backfill_id)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = self._new_group(run)
        return group

    @property
    def groups(self) -> Iterable[GroupKey]:
        """The Tasks, each with its Platform and backfill, that wait or run."""
        return self._groups.keys()

    @property
    def keeps_slots(self) -> bool:
        """Whether slots are kept for a heavy run."""
        return any(group.keeps for group in self._groups.values())

    def start_what_may(self) -> list[Lease]:
        """Grant leases to all that may start, best first."""
        leases: list[Lease] = []
        groups, now = self._groups, self.now
        for ticket in list(self.state.waiting.values()):
            group = groups.get((ticket.task, ticket.platform, ticket.backfill_id))
            if group is None:
                group = self.group(ticket)
            elif group.shut and (group.keeps or not group.heavy):
                continue
            if ticket.not_before > now:
                continue
            blocking = group.blocking()
            if blocking or group.missing or group.shut or self.deferral(ticket, group):
                self._pass_over(ticket, group, blocking)
            else:
                leases.append(self._grant(ticket, group))
        return leases

    def deferral(self, ticket: WaitingEntry, group: Group) -> Limit | None:
        """Return the limit that keeps a run until the next window, as long as it still would."""
        if ticket.deferred_until <= self.now:
            return None
        for limit, _ in group.demands:
            profile = limit.profile
            if (
                profile is not None
                and profile.name == ticket.deferred_by
                and profile.action is ExceedAction.DEFER_TO_NEXT_WINDOW
                and ticket.deferred_until - self.now <= _longest_deferral(profile)
            ):
                return limit
        return None

    def holding(self, ticket: WaitingEntry, group: Group) -> list[Limit]:
        """Return the limits that hold a run back, once everything that may start has started."""
        full = self._full.get(id(group))
        if full is None:
            full = self._full[id(group)] = group.full()
        deferring = self.deferral(ticket, group)
        return full if deferring is None or deferring in full else [*full, deferring]

    def idle_limit(self, profile: str, platform: str) -> Limit | None:
        """Return the limit that a profile sets where nothing waits or runs."""
        policy = self.state.policies.profiles.get(profile)
        return None if policy is None else self._limit(policy, platform)

    def _grant(self, ticket: WaitingEntry, group: Group) -> Lease:
        for limit, need in group.demands:
            limit.take(need)
        lease = Lease(
            run_id=ticket.run_id,
            attempt=ticket.attempt,
            task=ticket.task,
            granted_at=moment(self.now),
            platform=ticket.platform,
            weight=group.weight,
            backfill_id=ticket.backfill_id,
            backfill_limit=ticket.backfill_limit,
        )
        del self.state.waiting[ticket.run_id]
        self.state.leases[ticket.run_id] = lease
        return lease

    def _pass_over(self, ticket: WaitingEntry, group: Group, blocking: list[Limit]) -> None:
        if blocking and not group.shut:
            # Nothing becomes free during a decision. A deferral is about one run only.
            group.shut, group.barred = True, blocking
        waited_long = self.now - ticket.since >= _KEEPING_MILLIS
        if not waited_long or not group.heavy or group.missing or group.keeps:
            return
        if any(limit.profile is None for limit in blocking):
            return
        group.keeps = True
        for limit, need in group.demands:
            if isinstance(limit, ConcurrencyLimit):
                limit.keep(need, ticket.run_id)

    def _new_group(self, run: WaitingEntry | Lease) -> Group:
        task, platform = run.task, run.platform
        profiles, missing = self.state.policies.linked(task, platform)
        policy = self.state.policies.tasks.get(task)
        weight = 1 if policy is None else policy.weight
        limits: list[Limit] = [self._limit(profile, platform) for profile in profiles]
        if policy is not None and policy.max_concurrent_runs is not None:
            limits.append(self._own_limit(task, policy.max_concurrent_runs))
        if run.backfill_id is not None and run.backfill_limit is not None:
            limits.append(self._backfill_limit(run.backfill_id, run.backfill_limit))
        demands = [(limit, limit.need(weight)) for limit in limits]
        heavy = any(need > 1 for _, need in demands)
        return Group(weight=weight, demands=demands, missing=missing, heavy=heavy)

    def _own_limit(self, task: str, size: int) -> Limit:
        return self.limits.setdefault(("", task), ConcurrencyLimit(size=size, scope=task))

    def _backfill_limit(self, backfill_id: BackfillId, size: int) -> Limit:
        limit = ConcurrencyLimit(size=size, scope=backfill_id, of_backfill=True)
        return self.limits.setdefault((_BACKFILL, backfill_id), limit)

    def _limit(self, profile: ProfilePolicy, platform: str) -> Limit:
        key = (profile.name, "" if profile.shared else platform)
        limit = self.limits.get(key)
        if limit is not None:
            return limit
        gate = profile.gate
        if isinstance(gate, Cap):
            limit = ConcurrencyLimit(size=gate.slots, profile=profile, scope=key[1])
        else:
            log = self.state.logs.setdefault(key, GrantLog())
            limit = StartRateLimit(rate=gate, profile=profile, scope=key[1], log=log, now=self.now)
        self.limits[key] = limit
        return limit


def deferred(ticket: WaitingEntry, limit: Limit, now: int) -> WaitingEntry:
    """Return a run as it waits for the next window of a limit."""
    name = "" if limit.profile is None else limit.profile.name
    return ticket._replace(deferred_until=next_window(limit, now), deferred_by=name)


def _longest_deferral(profile: ProfilePolicy) -> int:
    """A deferral longer than a window is of a clock that was set back or of former settings."""
    return profile.gate.window or 60_000
