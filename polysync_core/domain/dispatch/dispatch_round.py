"""Grants leases (rights to run) to queued runs, and finds the limits that block others.

All runs of one Task, Platform and backfill have the same limits. The round examines each such
group once, so the work per waiting run is little more than a dictionary look-up.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from polysync_core.domain.definitions.contention import ExceedAction
from polysync_core.domain.dispatch.holds import Hold
from polysync_core.domain.dispatch.limits import (
    ConcurrencyLimit,
    Limit,
    RunGroup,
    StartRateLimit,
    longest_deferral,
)
from polysync_core.domain.dispatch.policies import ConcurrencyRule, ProfilePolicy
from polysync_core.domain.dispatch.rates import StartLog
from polysync_core.domain.dispatch.state import (
    DispatcherState,
    Lease,
    WaitingEntry,
    lease_of,
    millis,
)
from polysync_core.domain.runs.identity import BackfillId

RESERVATION_DELAY = timedelta(minutes=1)
"""After this wait, free slots are reserved for a run that needs several slots."""
_RESERVATION_DELAY_MILLIS = RESERVATION_DELAY // timedelta(milliseconds=1)
_HOLD = "~hold"
_BACKFILL = "~backfill"
"""Used as a profile name in a key; a real profile name contains no `~`."""

type GroupKey = tuple[str | None, str, BackfillId | None]
"""A Task, a Platform and a backfill."""


class DispatchRound:
    """One dispatch round over a Dispatcher's state, at one moment."""

    def __init__(self, state: DispatcherState, now: int) -> None:
        self.state = state
        self.now = now
        self.limits: dict[tuple[str, str], Limit] = {}
        self._groups: dict[GroupKey, RunGroup] = {}
        self._exceeded: dict[int, list[Limit]] = {}
        for lease in state.leases.values():
            for limit, _ in self.group_of(lease).demands:
                if isinstance(limit, ConcurrencyLimit):
                    limit.take(limit.demand(lease.weight))

    def group_of(self, run: WaitingEntry | Lease) -> RunGroup:
        """Return the group of a run."""
        key = (run.task, run.platform, run.backfill_id)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = self._new_group(run)
        return group

    @property
    def group_keys(self) -> Iterable[GroupKey]:
        """Return the Task, Platform and backfill of every group."""
        return self._groups.keys()

    @property
    def reserves_slots(self) -> bool:
        """Return whether slots are reserved for a multi-slot run."""
        return any(group.reserves_slots for group in self._groups.values())

    def grant_leases(self) -> list[Lease]:
        """Grant leases to all runs that may start, best rank first."""
        leases: list[Lease] = []
        groups, now = self._groups, self.now
        for entry in list(self.state.waiting.values()):
            group = groups.get((entry.task, entry.platform, entry.backfill_id))
            if group is None:
                group = self.group_of(entry)
            elif group.blocked and (group.reserves_slots or not group.multi_slot):
                continue
            if entry.not_before > now:
                continue
            without_room = group.limits_without_room()
            if without_room or group.missing or group.blocked or self.deferring_limit(entry, group):
                self._skip(entry, group, without_room)
            else:
                leases.append(self._grant(entry, group))
        return leases

    def deferring_limit(self, entry: WaitingEntry, group: RunGroup) -> Limit | None:
        """Return the limit that defers a run to the next window, if it still does."""
        if entry.deferred_until <= self.now:
            return None
        for limit, _ in group.demands:
            profile = limit.profile
            if (
                profile is not None
                and profile.name == entry.deferred_by
                and profile.exceed_action is ExceedAction.DEFER_TO_NEXT_WINDOW
                and entry.deferred_until - self.now <= longest_deferral(profile)
            ):
                return limit
        return None

    def limits_blocking(self, entry: WaitingEntry, group: RunGroup) -> list[Limit]:
        """Return the limits that block a run after all leases of the round are granted."""
        exceeded = self._exceeded.get(id(group))
        if exceeded is None:
            exceeded = self._exceeded[id(group)] = group.exceeded_limits()
        deferring = self.deferring_limit(entry, group)
        if deferring is None or deferring in exceeded:
            return exceeded
        return [*exceeded, deferring]

    def unused_limit(self, profile: str, platform: str) -> Limit | None:
        """Return the limit of a profile under which no run waits or runs."""
        policy = self.state.policies.profiles.get(profile)
        return None if policy is None else self._profile_limit(policy, platform)

    def _grant(self, entry: WaitingEntry, group: RunGroup) -> Lease:
        for limit, demand in group.demands:
            limit.take(demand)
        lease = lease_of(entry, weight=group.weight, now=self.now)
        del self.state.waiting[entry.run_id]
        self.state.leases[entry.run_id] = lease
        return lease

    def _skip(self, entry: WaitingEntry, group: RunGroup, without_room: list[Limit]) -> None:
        """Block the group, and reserve slots for a multi-slot run that has waited too long."""
        if without_room and not group.blocked:
            # No slot becomes free during a round. A deferral, by contrast, concerns one run only.
            group.blocked, group.blocking_limits = True, without_room
        waited_long = self.now - entry.waiting_since >= _RESERVATION_DELAY_MILLIS
        if not waited_long or not group.multi_slot or group.missing or group.reserves_slots:
            return
        if any(limit.profile is None for limit in without_room):
            return
        group.reserves_slots = True
        for limit, demand in group.demands:
            if isinstance(limit, ConcurrencyLimit):
                limit.reserve(demand, entry.run_id)

    def _new_group(self, run: WaitingEntry | Lease) -> RunGroup:
        task, platform = run.task, run.platform
        profiles, missing = self.state.policies.profiles_of(task, platform)
        policy = None if task is None else self.state.policies.tasks.get(task)
        weight = 1 if policy is None else policy.weight
        holds = self.state.policies.holds_on(task, platform)
        released_at = self.state.policies.released_at(task, platform)
        # The first limit is the first reason in an explanation.
        limits: list[Limit] = [self._hold_limit(hold) for hold in holds]
        limits += [self._profile_limit(profile, platform) for profile in profiles]
        if policy is not None and policy.max_concurrent_runs is not None:
            limits.append(self._task_limit(policy.name, policy.max_concurrent_runs))
        if run.backfill_id is not None and run.backfill_limit is not None:
            limits.append(self._backfill_limit(run.backfill_id, run.backfill_limit))
        demands = [(limit, limit.demand(weight)) for limit in limits]
        multi_slot = any(demand > 1 for _, demand in demands)
        return RunGroup(
            weight=weight,
            demands=demands,
            missing=missing,
            multi_slot=multi_slot,
            is_held=bool(holds),
            released_at=0 if released_at is None else millis(released_at),
        )

    def _task_limit(self, task: str, size: int) -> Limit:
        return self.limits.setdefault(("", task), ConcurrencyLimit(size=size, scope=task))

    def _hold_limit(self, hold: Hold) -> Limit:
        limit = ConcurrencyLimit(size=0, scope=hold.name, hold=hold)
        return self.limits.setdefault((_HOLD, hold.name), limit)

    def _backfill_limit(self, backfill_id: BackfillId, size: int) -> Limit:
        limit = ConcurrencyLimit(size=size, scope=backfill_id, of_backfill=True)
        return self.limits.setdefault((_BACKFILL, backfill_id), limit)

    def _profile_limit(self, profile: ProfilePolicy, platform: str) -> Limit:
        key = (profile.name, "" if profile.is_global else platform)
        limit = self.limits.get(key)
        if limit is not None:
            return limit
        rule, scope = profile.rule, key[1]
        if isinstance(rule, ConcurrencyRule):
            limit = ConcurrencyLimit(size=rule.slots, profile=profile, scope=scope)
        else:
            log = self.state.start_logs.setdefault(key, StartLog())
            limit = StartRateLimit(rule=rule, profile=profile, scope=scope, log=log, now=self.now)
        self.limits[key] = limit
        return limit
