"""Queues activity calls for threads, so that a slow platform does not block others.

A call to a platform that does not answer holds its thread until the call's time limit. Such calls
never use all threads: each platform has an upper limit, and the last free threads are reserved.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass

from polysync_embedded.engine.activity_calls import ActivityCall


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadShares:
    """The number of threads, and the share of each kind of call."""

    threads: int = 64
    per_platform: int = 16
    """The maximum number of calls that run for one platform."""
    for_idle_platforms: int = 12
    """Free threads for platforms for which no call runs."""
    for_storage: int = 4
    """Free threads for calls that wait for no platform."""

    def admit(self, *, running: int, of_platform: int | None) -> bool:
        """Return whether one more call may run.

        `of_platform` is the number of running calls of its platform; None for no platform.
        """
        free = self.threads - running
        if of_platform is None:
            return free > 0
        if of_platform == 0:
            return free > self.for_storage
        return of_platform < self.per_platform and (
            free > self.for_storage + self.for_idle_platforms
        )


class CallQueue:
    """The waiting calls of each platform; the platforms take turns. It is not safe for threads."""

    def __init__(self, shares: ThreadShares) -> None:
        self._shares = shares
        self._waiting: OrderedDict[str | None, deque[ActivityCall]] = OrderedDict()
        """The calls by platform; the platform that was served last is at the end."""
        self._running: Counter[str | None] = Counter()

    def put(self, call: ActivityCall) -> None:
        """Add a call; an urgent call comes before the other calls of its platform."""
        calls = self._waiting.setdefault(call.platform, deque())
        if call.is_urgent:
            calls.appendleft(call)
        else:
            calls.append(call)

    def hurry(self, call: ActivityCall) -> None:
        """Move a waiting call before the other calls of its platform."""
        calls = self._waiting.get(call.platform)
        if calls is not None and call in calls:
            calls.remove(call)
            calls.appendleft(call)

    def take(self) -> ActivityCall | None:
        """Begin the next call that may run, or return None."""
        running = self._running.total()
        for platform, calls in self._waiting.items():
            of_platform = None if platform is None else self._running[platform]
            if self._shares.admit(running=running, of_platform=of_platform):
                call = calls.popleft()
                self._running[platform] += 1
                self._waiting.move_to_end(platform)
                if not calls:
                    del self._waiting[platform]
                return call
        return None

    def end(self, call: ActivityCall) -> None:
        """End a call that was taken."""
        self._running[call.platform] -= 1
        if not self._running[call.platform]:
            del self._running[call.platform]

    def clear(self) -> None:
        """Drop the waiting calls."""
        self._waiting.clear()
