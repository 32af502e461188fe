"""Defines the Dispatcher's copies of Task, platform and contention profile limits.

The version of a policy is the version number of its definition, which no clock decides. Messages
may arrive in any order; the newest policy of a name wins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from polysync_core.domain.definitions.contention import ExceedAction
from polysync_core.domain.dispatch.holds import ALL, Hold, hold_name, platform_hold_name


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPolicy:
    """The limits of a Task."""

    name: str
    version: int = 0
    max_concurrent_runs: int | None = None
    weight: int = 1
    profiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformPolicy:
    """The contention profiles of a Platform."""

    name: str
    version: int = 0
    profiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrencyRule:
    """The number of slots that may be used at the same time."""

    slots: int
    window: int | None = None
    """The length of a window of `DeferToNextWindow` in ms, counted from 1970-01-01T00:00Z."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRateRule:
    """The number of starts in any rolling window of `window` milliseconds."""

    limit: int
    window: int
    leaky: bool = False
    burst: int | None = None
    refill: int | None = None
    """The interval in ms at which the bucket is refilled; None refills it continuously."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilePolicy:
    """A contention profile."""

    name: str
    rule: ConcurrencyRule | StartRateRule
    version: int = 0
    enabled: bool = True
    is_global: bool = False
    """True if all Platforms share the limit (`Global`)."""
    exceed_action: ExceedAction = ExceedAction.QUEUE
    queue_size: int | None = None
    queue_timeout: int | None = None
    """In milliseconds."""


class _Versioned(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...


@dataclass(slots=True)
class PolicySet:
    """Policies by name."""

    tasks: dict[str, TaskPolicy] = field(default_factory=dict[str, TaskPolicy])
    platforms: dict[str, PlatformPolicy] = field(default_factory=dict[str, PlatformPolicy])
    profiles: dict[str, ProfilePolicy] = field(default_factory=dict[str, ProfilePolicy])
    holds: dict[str, Hold] = field(default_factory=dict[str, Hold])
    """Active and released holds; without the released ones, a late message would hold again."""

    def copy(self) -> PolicySet:
        """Return a set of the same policies."""
        return PolicySet(
            tasks=dict(self.tasks),
            platforms=dict(self.platforms),
            profiles=dict(self.profiles),
            holds=dict(self.holds),
        )

    def add(self, *policies: TaskPolicy | PlatformPolicy | ProfilePolicy | Hold) -> None:
        """Add policies; the newest policy of each name is kept."""
        for policy in policies:
            match policy:
                case TaskPolicy():
                    _keep_newest(self.tasks, policy)
                case PlatformPolicy():
                    _keep_newest(self.platforms, policy)
                case ProfilePolicy():
                    _keep_newest(self.profiles, policy)
                case Hold():
                    _keep_newest(self.holds, policy)

    def merge(self, other: PolicySet) -> None:
        """Add the policies of another set; the newest policy of each name is kept."""
        self.add(*other.tasks.values(), *other.platforms.values(), *other.profiles.values())
        self.add(*other.holds.values())

    def retain(self, tasks: Iterable[str], platforms: Iterable[str]) -> None:
        """Remove policies that these Tasks and Platforms do not refer to.

        Active holds stay, because a later message may come from a process that does not know them.
        """
        tasks, platforms = set(tasks), set(platforms)
        self.tasks = _only(self.tasks, tasks)
        self.platforms = _only(self.platforms, platforms)
        linked = [*self.tasks.values(), *self.platforms.values()]
        self.profiles = _only(self.profiles, {name for each in linked for name in each.profiles})
        scopes = {ALL, *map(hold_name, tasks), *map(platform_hold_name, platforms)}
        self.holds = {
            name: hold for name, hold in self.holds.items() if hold.is_active or name in scopes
        }

    def holds_on(self, task: str | None, platform: str) -> list[Hold]:
        """Return the active holds on a run."""
        return [hold for hold in self.holds.values() if hold.holds(task, platform)]

    @property
    def has_holds(self) -> bool:
        """True if a hold is active."""
        return any(hold.is_active for hold in self.holds.values())

    def released_at(self, task: str | None, platform: str) -> datetime | None:
        """Return the time of the newest release of a run's scopes; None if there was none."""
        releases = (
            hold.at
            for hold in self.holds.values()
            if not hold.is_active and hold.concerns(task, platform)
        )
        return max(releases, default=None)

    def profiles_of(self, task: str | None, platform: str) -> tuple[list[ProfilePolicy], list[str]]:
        """Return the enabled profiles of a run, and the names of unknown policies."""
        names: dict[str, None] = {}
        missing: list[str] = []
        known_task = None if task is None else self.tasks.get(task)
        known_platform = self.platforms.get(platform)
        if task is not None and known_task is None:
            missing.append(f"task '{task}'")
        if platform and known_platform is None:
            missing.append(f"platform '{platform}'")
        for owner in (known_platform, known_task):
            names.update(dict.fromkeys(owner.profiles if owner is not None else ()))
        missing += [f"contention profile '{name}'" for name in names if name not in self.profiles]
        found = [self.profiles[name] for name in names if name in self.profiles]
        return [profile for profile in found if profile.enabled], missing


def _keep_newest[P: _Versioned](known: dict[str, P], policy: P) -> None:
    present = known.get(policy.name)
    if present is None or present.version <= policy.version:
        known[policy.name] = policy


def _only[P](known: dict[str, P], names: set[str]) -> dict[str, P]:
    return {name: policy for name, policy in known.items() if name in names}
