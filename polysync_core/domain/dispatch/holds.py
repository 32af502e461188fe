"""Defines holds: stops of all starts of a Task, of a platform or of everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

ALL = "all"
"""The name of the hold on every run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold, or its release; the newest version of a name counts."""

    name: str
    """`all`, `task~NAME` or `platform~NAME`."""
    version: int
    reason: str
    by: str
    at: datetime
    is_active: bool = True
    """False once the hold is released."""

    @property
    def task(self) -> str | None:
        """The Task that is held."""
        return self._named("task~")

    @property
    def platform(self) -> str | None:
        """The platform that is held."""
        return self._named("platform~")

    def holds(self, task: str | None, platform: str) -> bool:
        """Return whether a run of a Task on a platform is held."""
        return self.is_active and self.concerns(task, platform)

    def concerns(self, task: str | None, platform: str) -> bool:
        """Return whether a run lies in the scope, also of a released hold."""
        return self.name == ALL or self.name in {hold_name(task), platform_hold_name(platform)}

    def _named(self, prefix: str) -> str | None:
        return self.name.removeprefix(prefix) if self.name.startswith(prefix) else None


def hold_name(task: str | None) -> str:
    """Return the name of the hold on a Task; no run without a Task has one."""
    return f"task~{task or ''}"


def platform_hold_name(platform: str) -> str:
    """Return the name of the hold on a platform."""
    return f"platform~{platform}"


def describe_hold(hold: Hold) -> str:
    """Return a sentence about the hold that keeps a run from its start."""
    scope = {
        hold.name: "All runs are",
        hold_name(hold.task): f"Task '{hold.task}' is",
        platform_hold_name(hold.platform or ""): f"Platform '{hold.platform}' is",
    }[hold.name]
    return f"{scope} held by {hold.by} since {hold.at:%Y-%m-%d %H:%M:%SZ}: {hold.reason}"
