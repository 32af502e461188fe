"""Calls the REST API of one Airflow web server, and detects the API version."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject, text_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.urls import Query, url
from polysync_core.platforms.apache_airflow.attributes import ApiVersion
from polysync_core.platforms.apache_airflow.refusals import refused
from polysync_core.platforms.calls import Call, Method, RefusalMapping, UnexpectedAnswer
from polysync_core.platforms.paging import objects_in, paged_by_offset
from polysync_core.platforms.platform_client import PlatformClient

PAGE_SIZE = 100
"""The default maximum of Airflow (`maximum_page_limit`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDetector:
    """Finds the version of the API once for each connection; thread-safe."""

    client: PlatformClient
    """A client that may read the version, which needs no sign-in on most servers."""
    prefix: tuple[str, ...]
    known: ApiVersion | None = None
    """The version in the definition; None asks the server."""
    _found: list[ApiVersion] = field(default_factory=list[ApiVersion])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def version(self) -> ApiVersion:
        """Return the version; raises `PlatformRefused` if the server does not tell it."""
        if self.known is not None:
            return self.known
        with self._lock:
            if not self._found:
                self._found.append(self._ask())
            return self._found[0]

    def _ask(self) -> ApiVersion:
        for version in (ApiVersion.V2, ApiVersion.V1):
            call = Call(
                method="GET",
                segments=(*self.prefix, "api", version.value, "version"),
                repeatable=True,
                accepts=lambda answer: answer.status == 404,
                refused=refused,
            )
            if self.client.exchange(call, _has_version):
                return version
        raise PlatformRefused(
            f"{self.client.base.host} has no REST API of Airflow: check airflowUrl, and switch the"
            " API on",
            cause=FailureCause.PLATFORM_UNREACHABLE,
        )


def _has_version(answer: Answer) -> bool:
    if answer.status == 404:
        return False
    content = answer.json()
    if content is None or not text_in(content, "version"):
        raise UnexpectedAnswer
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class WebServer:
    """A web server of Airflow: its signed client, and the version of its API."""

    client: PlatformClient
    detector: VersionDetector


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowClient:
    """Calls the API below the path of one web server."""

    server: Callable[[], WebServer]
    """Returns the web server, whose address may have to be read first."""
    now: Clock

    @property
    def client(self) -> PlatformClient:
        """The client of the web server."""
        return self.server().client

    @property
    def prefix(self) -> tuple[str, ...]:
        """The path of the web server."""
        return self.server().detector.prefix

    @property
    def version(self) -> ApiVersion:
        """The version of the API."""
        return self.server().detector.version()

    def get[T](
        self,
        *segments: str,
        read: Callable[[JsonObject], T],
        refused: RefusalMapping,
        query: Query | None = None,
    ) -> T:
        """Read one resource."""
        call = self.call("GET", *segments, refused=refused)
        return self.client.execute(replace(call, query=query, repeatable=True), read)

    def call(
        self,
        method: Method,
        *segments: str,
        refused: RefusalMapping,
        body: JsonObject | None = None,
    ) -> Call:
        """Return a call of the API."""
        path = (*self.prefix, "api", self.version.value, *segments)
        return Call(method=method, segments=path, body=body, refused=refused)

    def listed(
        self,
        *segments: str,
        key: str,
        query: Mapping[str, str],
        refused: RefusalMapping = refused,
    ) -> Iterator[JsonObject]:
        """Yield the entries of a list, page by page."""

        def fetch(offset: int) -> tuple[list[JsonObject], int]:
            asked = {**query, "limit": PAGE_SIZE, "offset": offset}
            return self.get(
                *segments, query=asked, read=lambda page: _page(page, key), refused=refused
            )

        return paged_by_offset(fetch)

    def run_page(self, dag_id: str, run_id: str) -> str:
        """Return the address of a run's page."""
        above = (*self.prefix, "dags", dag_id)
        base = self.client.base.url
        if self.version is ApiVersion.V1:
            return url(base, *above, "grid", query={"dag_run_id": run_id})
        return url(base, *above, "runs", run_id)


def _page(answer: JsonObject, key: str) -> tuple[list[JsonObject], int]:
    total = answer.get("total_entries")
    if not isinstance(total, int):
        raise UnexpectedAnswer
    return objects_in(answer, key), total
