"""Caches open platform connections, and finds the connector and poll plan of a Job."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.runs.polls.plans import PollPlan
from polysync_core.domain.timed_cache import TimedCache
from polysync_core.platforms.connector import Connector, JobConnector
from polysync_core.platforms.plugin import Capability
from polysync_core.platforms.registry import job_type_plugin, platform_plugin

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+|[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class _Connection:
    platform: Platform
    connector: Connector


class Connections:
    """Caches connectors by the name of their Platform; safe for threads.

    An edit of a Platform by another process reaches running runs after at most `DEFINITION_TTL`
    seconds. An edit by this process reaches them at once.
    """

    def __init__(
        self,
        definitions: DefinitionReader,
        open_connector: Callable[[Platform], Connector],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_connector = open_connector
        self._platforms = TimedCache(definitions.platform, monotonic=monotonic)
        self._open: dict[str, _Connection] = {}
        self._lock = threading.Lock()

    def to(self, platform_name: str) -> Connector:
        """Return the connector of a Platform, or raise `NotFound`."""
        return self._connection(platform_name).connector

    def job(self, job: Job) -> JobConnector:
        """Return the connector that executes a Job; raises `NotFound` or `Invalid`."""
        return self.to(job.platform).job(job.job_type)

    def plan(self, job: Job) -> PollPlan:
        """Return the poll plan of a Job's type; raises as `job` does.

        The function reads no definition if the Platform has been connected before.
        """
        connection = self._open.get(job.platform) or self._connection(job.platform)
        return _poll_plan(connection.platform.type, job.job_type)

    def announces_sends(self, job: Job) -> bool:
        """Return whether the connector of a Job announces each request that may start a run."""
        return platform_plugin(self.platform(job.platform).type).announces_sends

    def can_repair(self, job: Job) -> bool:
        """Return whether the platform of a Job can repair failed runs."""
        plugin = job_type_plugin(self.platform(job.platform), job)
        return Capability.REPAIR in plugin.capabilities

    def title(self, job: Job) -> str:
        """Return the type of a Job's Platform in words, such as `Azure Databricks`."""
        return " ".join(_WORDS.findall(self.platform(job.platform).type))

    def platform(self, platform_name: str) -> Platform:
        """Return a Platform that was read at most `DEFINITION_TTL` seconds ago."""
        return self._connection(platform_name).platform

    def invalidate(self, changed: Iterable[Reference]) -> None:
        """Drop the cached definitions of the changed Platforms."""
        self._platforms.invalidate(
            reference.name for reference in changed if reference.kind is Kind.PLATFORM
        )

    def _connection(self, name: str) -> _Connection:
        platform = self._platforms.get(name)
        known = self._open.get(name)
        # An unchanged Platform keeps its connector, with open sockets and a valid token.
        if known is not None and known.platform == platform:
            return known
        connection = _Connection(platform, self._open_connector(platform))
        with self._lock:
            self._open[name] = connection
        return connection


@cache
def _poll_plan(platform_type: str, job_type: str) -> PollPlan:
    return platform_plugin(platform_type).job(job_type, path="jobType").plan
