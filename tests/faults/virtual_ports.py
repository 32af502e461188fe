"""Ports of the app in virtual time: definitions, queues and a pool without threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from azure.core.exceptions import ServiceRequestError, ServiceResponseError

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.definitions.tasks import Dependency, Retry, Task
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.errors import Unavailable, Uncertain
from tests.fakes.builders import a_job
from tests.fakes.definitions import FakeDefinitions
from tests.fakes.virtual_loop import START
from tests.faults.faults import Service

PLATFORM = Platform(
    name="lakehouse",
    type=PlatformType.AZURE_DATABRICKS,
    auth=Auth(method=AuthMethod.DEFAULT_CREDENTIAL),
)


class VirtualDefinitions(FakeDefinitions):
    """A definition store in which every name is a Task and a Job."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: dict[str, int] = {}
        """Max Concurrent Runs by Task."""
        self.dependencies: dict[str, tuple[Dependency, ...]] = {}
        """The dependencies by dependent Task."""
        self.webhooks: list[Webhook] = []
        self.retry = Retry()
        """The retry policy of every Task."""

    def get(self, kind: Kind, name: str) -> StoredDefinition[Definition] | None:
        match kind:
            case Kind.TASK:
                return self._task(name)
            case Kind.JOB:
                return _job(name)
            case Kind.PLATFORM:
                return _stored(PLATFORM)
            case _:
                return None

    def all(
        self, kind: Kind, *, after: str | None = None
    ) -> Iterator[StoredDefinition[Definition]]:
        if kind is Kind.WEBHOOK:
            yield from map(_stored, self.webhooks)

    def referrers(
        self, reference: Reference, *, kind: Kind | None = None, after: str | None = None
    ) -> Iterator[StoredDefinition[Definition]]:
        for name, dependencies in self.dependencies.items():
            if reference.name in {each.task for each in dependencies}:
                yield self._task(name)

    def _task(self, name: str) -> StoredDefinition[Definition]:
        return _task(name, self.limits.get(name), self.dependencies.get(name, ()), self.retry)


@cache
def _task(
    name: str, limit: int | None, dependencies: tuple[Dependency, ...], retry: Retry
) -> StoredDefinition[Definition]:
    task = Task(
        name=name,
        job="nap",
        max_concurrent_runs=limit,
        dependencies=dependencies,
        retry=retry,
    )
    return _stored(task)


@cache
def _job(name: str) -> StoredDefinition[Definition]:
    return _stored(a_job(name=name))


def _stored(definition: Definition) -> StoredDefinition[Definition]:
    return StoredDefinition(definition=definition, etag="1", updated_at=START)


class VirtualQueue:
    """A queue that survives the process. Each send is a step that a fault may hit."""

    def __init__(self, name: str, messages: list[str], step: Callable[..., Any]) -> None:
        self._name = name
        self._messages = messages
        self._step = step

    def send(self, text: str, *, delay_seconds: int = 0) -> None:
        def put() -> None:
            self._messages.append(text)

        try:
            self._step(Service.STORAGE, f"send to {self._name}", put)
        except ServiceRequestError as error:
            raise Unavailable from error
        except ServiceResponseError as error:
            raise Uncertain from error
