"""Finds and caches the address of a Composer environment's Airflow web server.

https://cloud.google.com/composer/docs/reference/rest/v1/projects.locations.environments
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject, object_in, text_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.hosts import AddressScope, BaseAddress, base_from_service
from polysync_core.outbound.urls import own_address
from polysync_core.platforms.apache_airflow.attributes import ApiVersion
from polysync_core.platforms.apache_airflow.client import WebServer
from polysync_core.platforms.google.refusals import GoogleRefusals
from polysync_core.platforms.google_composer.attributes import SUFFIXES
from polysync_core.platforms.platform_client import PlatformClient

ADDRESS_TTL_SECONDS = 600.0
"""The lifetime of a cached address."""
REFUSALS = GoogleRefusals(
    service="Google Cloud Composer",
    permission="grant it the role roles/composer.user in the project",
    missing=(
        "the environment does not exist: it was deleted, or projectId, region or environmentName is"
        " wrong"
    ),
)
_RELEASE = re.compile(r"\bairflow-(?P<major>[0-9]{1,3})\.")
_VERSIONS = {"2": ApiVersion.V1, "3": ApiVersion.V2}


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a web server, with the version of its API if known."""

    base: BaseAddress
    prefix: tuple[str, ...] = ()
    version: ApiVersion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Finds the web server of one environment; thread-safe."""

    client: PlatformClient
    path: tuple[str, ...]
    connect: Callable[[Address], WebServer]
    """Makes the connection to a web server."""
    now: Clock
    _known: list[tuple[float, WebServer]] = field(default_factory=list[tuple[float, WebServer]])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def web_server(self) -> WebServer:
        """Return the web server, whose address is read every ten minutes."""
        now = self.now().timestamp()
        with self._lock:
            if self._known and 0 <= now - self._known[0][0] < ADDRESS_TTL_SECONDS:
                return self._known[0][1]
            address = self.client.get(*self.path, read=self._address, refused=REFUSALS.for_artefact)
            self._known[:] = [(now, self.connect(address))]
            return self._known[0][1]

    def _address(self, environment: JsonObject) -> Address:
        config = object_in(environment, "config")
        uri = text_in(config, "airflowUri")
        found = _RELEASE.search(text_in(object_in(config, "softwareConfig"), "imageVersion"))
        version = _VERSIONS.get(found["major"]) if found else None
        if self.client.base.scope is AddressScope.LOOPBACK:
            own = own_address(uri, self.client.base.url)
            address = None if own is None else Address(self.client.base, own.segments, version)
        else:
            base = base_from_service(uri, SUFFIXES)
            address = None if base is None else Address(base, (), version)
        if address is None:
            state = text_in(environment, "state")[:32] or "unknown"
            raise PlatformRefused(
                f"the environment (state {state}) has no web server on a host of Composer: wait"
                " until it runs, or set airflowUrl",
                cause=FailureCause.PLATFORM_UNREACHABLE,
            )
        return address
