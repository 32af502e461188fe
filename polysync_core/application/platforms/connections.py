"""Live connections to platforms, kept for as long as their definitions may be trusted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.runs.polling import Plan
from polysync_core.platforms.connector import Connector, JobConnector
from polysync_core.platforms.registry import platform_plugin

TRUSTED_SECONDS = 15.0
"""How long an edit of a Platform may take to reach runs that are under way."""


@dataclass(frozen=True, slots=True)
class _Connection:
    platform: Platform
    connector: Connector
    checked_at: float


class Connections:
    """Connectors by the name of their Platform, shared by all threads of the process."""

    def __init__(
        self,
        platform_named: Callable[[str], Platform],
        open_connector: Callable[[Platform], Connector],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._platform_named = platform_named
        self._open_connector = open_connector
        self._monotonic = monotonic
        self._known: dict[str, _Connection] = {}
        self._lock = threading.Lock()

    def to(self, platform_name: str) -> Connector:
        """Return a connector; raises `NotFound` where there is no such Platform."""
        return self._connection(platform_name).connector

    def job(self, job: Job) -> JobConnector:
        """Return what carries out a Job on its Platform; raises as `to` does, or `Invalid`."""
        return self.to(job.platform).job(job.job_type)

    def plan(self, job: Job) -> Plan:
        """Return when runs of a Job are looked at, going by its job type; raises as `job` does.

        Nothing is read for a Platform that there was a connection to before.
        """
        known = self._known.get(job.platform) or self._connection(job.platform)
        return _plan(known.platform.type, job.job_type)

    def platform(self, platform_name: str) -> Platform:
        """Return a Platform as it was at most `TRUSTED_SECONDS` ago."""
        return self._connection(platform_name).platform

    def _connection(self, name: str) -> _Connection:
        now = self._monotonic()
        known = self._known.get(name)
        if known is not None and now - known.checked_at < TRUSTED_SECONDS:
            return known
        platform = self._platform_named(name)
        # An unchanged Platform keeps its connector, and with it open sockets and a valid token.
        if known is not None and known.platform == platform:
            connection = _Connection(platform, known.connector, now)
        else:
            connection = _Connection(platform, self._open_connector(platform), now)
        with self._lock:
            self._known[name] = connection
        return connection


@cache
def _plan(platform_type: str, job_type: str) -> Plan:
    return platform_plugin(platform_type).job(job_type, path="jobType").plan
