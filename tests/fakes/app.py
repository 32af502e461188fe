"""Defines a fake app for tests, with all real use cases on in-memory storage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from polysync_core.adapters import Ports, table_ports
from polysync_core.api.engine import SCOPE_KEY
from polysync_core.api.security.callers import Identify
from polysync_core.composition import build, build_api, build_console, identify_by
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.document import reference_to
from polysync_core.domain.definitions.platforms import (
    Platform,
)
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.references import Secrets
from polysync_core.services import Services
from polysync_core.settings import Settings
from polysync_core.storage.definitions import TableDefinitions
from polysync_core.storage.schedules import TableSchedules
from tests.fakes.builders import FakeClock
from tests.fakes.client import DirectClient
from tests.fakes.contract import CheckedClient
from tests.fakes.engine import FakeEngine
from tests.fakes.events import FakeQueue
from tests.fakes.platform import FakePlatform
from tests.fakes.tables import TableService

SETTINGS = {"POLYSYNC_STORAGE": "UseDevelopmentStorage=true"}


def settings_of(**variables: str) -> Settings:
    """Return development settings with some environment variables."""
    development = {"POLYSYNC_ENVIRONMENT": "development"}
    return Settings.read(SETTINGS | development | variables)


@dataclass(slots=True)
class FakeVaults:
    """Vaults that read their secrets from a dictionary with keys `<vault>/<secret>`."""

    values: dict[str, str] = field(default_factory=dict[str, str])

    def open(self, vault: Vault, *, development: bool, secrets: Secrets | None = None) -> FakeVault:
        return FakeVault(vault.name, self.values)


@dataclass(frozen=True, slots=True)
class FakeVault:
    """An open connection to one vault."""

    name: str
    values: Mapping[str, str]

    def read(self, secret: str) -> Secret:
        value = self.values.get(f"{self.name}/{secret}")
        if value is None:
            raise PlatformRefused(f"there is no {secret}", cause=FailureCause.SECRET)
        return Secret(value)

    def test(self) -> str:
        return "reached"


@dataclass(slots=True)
class FakeReceiver:
    """Receives deliveries of webhooks, or raises `failure` while it is set."""

    posts: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list[Any])
    failure: Exception | None = None

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        if self.failure is not None:
            raise self.failure
        self.posts.append((url, headers, body))


class FakeApp:
    """An app in memory: real use cases and API; fake storage, engine, platform and vaults.

    `ports` replaces some ports. The default stores use in-memory tables.
    """

    def __init__(
        self,
        *definitions: Definition,
        settings: Settings | None = None,
        clock: Clock | None = None,
        identify: Identify | None = None,
        **ports: Any,
    ) -> None:
        self.settings = settings or settings_of()
        self.clock: Any = clock or FakeClock()
        self.tables = TableService()
        self.queues: dict[str, FakeQueue] = {}
        self.platform = FakePlatform()
        self.vaults = FakeVaults()
        self.receiver = FakeReceiver()
        self.engine = FakeEngine()
        self.engine.clock = self.clock
        self._identify = identify or identify_by(self.settings)
        self._ports = ports
        self._ids = map(str, count())
        self.services = self.started()
        self.define(*definitions)

    def ports(self) -> Ports:
        """Return the ports of a new process."""
        tables = self.tables.storage()
        in_memory = table_ports(
            tables,
            queue=self.queue,
            open_vault=self.vaults.open,
            open_connector=self._connect,
            post=self.receiver.post,
        )
        return replace(
            in_memory,
            **{
                "definitions": TableDefinitions(tables, clock=self.clock),
                "schedules": TableSchedules(tables, clock=self.clock),
                "clock": self.clock,
                "monotonic": lambda: self.clock().timestamp(),
                "new_id": lambda: next(self._ids),
            }
            | self._ports,
        )

    def started(self) -> Services:
        """Return the use cases of a new process, without the memory of an earlier one."""
        return build(self.ports(), self.settings)

    def restart(self) -> None:
        """End the process and start a new one on the same tables and queues."""
        self.services = self.started()
        self.__dict__.pop("api", None)
        self.__dict__.pop("http", None)
        self.__dict__.pop("console", None)
        self.__dict__.pop("browser", None)

    def queue(self, name: str) -> FakeQueue:
        """Return the queue of a name."""
        return self.queues.setdefault(name, FakeQueue())

    def define(self, *definitions: Definition) -> None:
        """Store definitions without validation, and replace existing ones."""
        store = self.services.ports.definitions
        with self.services.definition_writer.edit(self.engine) as edit:
            for definition in definitions:
                reference = reference_to(definition)
                store.index_references(definition)
                edit._put(definition, store.get(reference.kind, reference.name))

    @cached_property
    def api(self) -> FastAPI:
        """The API, which identifies callers according to the settings."""
        return build_api(self.services, self._identify)

    @cached_property
    def console(self) -> FastAPI:
        """The web console, which identifies people according to the settings."""
        return build_console(self.services, self._identify)

    @cached_property
    def browser(self) -> TestClient:
        """A client of the web console that follows no redirect."""
        return DirectClient(
            with_engine(self.console, self.engine),
            base_url="http://localhost/console",
            headers={"Sec-Fetch-Site": "same-origin"},
            follow_redirects=False,
        )

    @cached_property
    def http(self) -> TestClient:
        """A client of the API whose requests reach the fake engine; it checks every answer."""
        return CheckedClient(with_engine(self.api, self.engine), base_url="http://localhost")

    def _connect(self, platform: Platform, *, secrets: Secrets) -> Any:
        return self.platform


def with_engine(api: FastAPI, engine: Any) -> Callable[..., Any]:
    """Return the API with an engine in its scope, as the Functions host calls it."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await api(scope | {SCOPE_KEY: engine}, receive, send)

    return app
