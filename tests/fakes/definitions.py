"""Implements the definition store in memory, and builds definitions with default values."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, cast

from polysync_core.application.definitions.documents import Documents
from polysync_core.application.definitions.editing import DefinitionEditing
from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.application.definitions.policies import Policies, PolicyUpdates
from polysync_core.application.definitions.writer import DefinitionWriter
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.changes.versions import Author
from polysync_core.domain.definitions.document import (
    Reference,
    encode_definition,
    kind_of,
    reference_to,
)
from polysync_core.domain.definitions.stored import (
    DefinitionPage,
    DefinitionStore,
    StoredDefinition,
)
from polysync_core.domain.definitions.task_links import TaskLinks, links_of
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.validation.checks import Rules
from polysync_core.domain.definitions.validation.references import references_of
from polysync_core.domain.errors import Conflict, Malformed, StaleETag

DEVELOPMENT = Rules(development=True)
_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


class FakeDefinitions:
    """Keeps definitions in a dictionary; counts what is read."""

    def __init__(self) -> None:
        self.stored: dict[Reference, StoredDefinition[Definition]] = {}
        self.reads = 0
        self._writes = 0

    def get(self, kind: Kind, name: str) -> StoredDefinition[Definition] | None:
        self.reads += 1
        return self.stored.get(Reference(kind, name))

    def index_references(self, definition: Definition) -> None:
        """Do nothing: `referrers` reads the definitions themselves."""

    def put(
        self,
        definition: Definition,
        *,
        replacing: StoredDefinition[Definition] | None,
        author: Author | None = None,
    ) -> StoredDefinition[Definition]:
        reference = reference_to(definition)
        self._check(reference, replacing)
        self._writes += 1
        stored = StoredDefinition(definition=definition, etag=f'"{self._writes}"', updated_at=_AT)
        self.stored[reference] = stored
        return stored

    def delete(self, stored: StoredDefinition[Definition]) -> None:
        reference = reference_to(stored.definition)
        self._check(reference, stored)
        if named := [str(reference_to(each.definition)) for each in self.referrers(reference)]:
            raise Conflict(f"{reference} is in use: {', '.join(named)}")
        del self.stored[reference]

    def referrers(
        self, reference: Reference, *, kind: Kind | None = None, after: str | None = None
    ) -> Iterator[StoredDefinition[Definition]]:
        found = [each for each in self.stored.values() if _refers(each.definition, reference)]
        if kind is None:
            yield from found
            return
        named = {each.definition.name: each for each in found if kind_of(each.definition) is kind}
        yield from (named[name] for name in sorted(named) if name > (after or ""))

    def listeners(self, source: str) -> Iterator[StoredDefinition[Definition]]:
        tasks = (each for each in self.all(Kind.TASK) if isinstance(each.definition, Task))
        return (each for each in tasks if cast("Task", each.definition).arrivals)

    def count_referrers(self, reference: Reference, kind: Kind, *, limit: int) -> int:
        return min(limit, len(list(self.referrers(reference, kind=kind))))

    def names(self, kind: Kind, *, limit: int) -> list[str]:
        return [each.definition.name for each in self.all(kind)][:limit]

    def page(self, kind: Kind, *, limit: int, token: str | None = None) -> DefinitionPage:
        if token is not None and not token.isdigit():
            raise Malformed.at("continuationToken", "use the token of an earlier answer unchanged")
        start = int(token or 0)
        everything = list(self.all(kind))
        more = start + limit < len(everything)
        return DefinitionPage(
            items=everything[start : start + limit], token=str(start + limit) if more else None
        )

    def task_links(self) -> Iterator[TaskLinks]:
        for each in self.all(Kind.TASK):
            yield links_of(each.definition.name, encode_definition(each.definition))

    def all(
        self, kind: Kind, *, after: str | None = None
    ) -> Iterator[StoredDefinition[Definition]]:
        found = [each for each in self.stored.values() if kind_of(each.definition) is kind]
        behind = [each for each in found if each.definition.name > (after or "")]
        return iter(sorted(behind, key=lambda each: each.definition.name))

    def _check(self, reference: Reference, expected: StoredDefinition[Definition] | None) -> None:
        present = self.stored.get(reference)
        if (present.etag if present else None) != (expected.etag if expected else None):
            raise StaleETag


LAKEHOUSE: dict[str, Any] = {
    "vaults": [{"name": "local", "provider": "Environment"}],
    "platforms": [
        {
            "name": "lakehouse",
            "type": "AzureDatabricks",
            "auth": {
                "method": "PersonalAccessToken",
                "personalAccessToken": "vault://local/DATABRICKS_TOKEN",
            },
            "attributes": {
                "workspaceUrl": "https://adb-1.2.azuredatabricks.net",
                "computeType": "Serverless",
            },
            "contentionProfiles": ["lakehouse-cap"],
        }
    ],
    "contentionProfiles": [
        {"name": "lakehouse-cap", "type": "Concurrency", "settings": {"maxConcurrentTasks": 8}},
        {
            "name": "submit-rate",
            "type": "RateLimit",
            "scope": "Global",
            "settings": {"algorithm": "TokenBucket", "limit": 30, "windowSeconds": 60},
        },
    ],
    "calendars": [{"name": "holidays", "dates": ["2026-12-25"]}],
    "jobs": [
        {
            "name": "landing",
            "platform": "lakehouse",
            "jobType": "DatabricksNotebook",
            "externalId": "/etl/landing",
            "settings": {"outputsFromExitValue": True},
        },
        {
            "name": "sales-load",
            "platform": "lakehouse",
            "jobType": "DatabricksNotebook",
            "externalId": "/etl/sales-load",
            "parameters": [
                {"name": "run_date", "default": "2026-01-01"},
                {"name": "expected_rows", "dataType": "Int"},
                {"name": "full", "dataType": "Bool"},
                {"name": "token", "dataType": "Secret"},
                {"name": "loaded", "dataType": "Int", "direction": "Output"},
            ],
        },
    ],
    "tasks": [
        {"name": "landing-check", "job": "landing"},
        {
            "name": "sales-load-daily",
            "job": "sales-load",
            "parameters": {"run_date": "${run.scheduledTime:%Y-%m-%d}"},
            "schedules": [
                {
                    "name": "daily",
                    "cron": "0 6 * * *",
                    "timeZone": "Australia/Sydney",
                    "calendars": ["holidays"],
                }
            ],
            "dependencies": [
                {
                    "task": "landing-check",
                    "mappings": [{"output": "row_count", "input": "expected_rows"}],
                }
            ],
            "retry": {"enabled": True, "maxRetryAttempts": 2, "backoff": "Exponential"},
            "contentionProfiles": ["submit-rate"],
        },
    ],
}


ON_CALL: dict[str, Any] = {
    "name": "on-call",
    "url": "https://hooks.example.com/polysync?team=data",
    "events": {"tasks": ["sales-load-daily"], "statuses": ["Failed"], "tags": {"tier": "1"}},
    "secret": "vault://local/WEBHOOK_KEY",
}
"""A webhook beside `LAKEHOUSE`."""


def lakehouse(**changes: Any) -> dict[str, Any]:
    """Return a document in which everything is right, but for these lists."""
    return deepcopy(LAKEHOUSE) | changes


def definition_reader(*definitions: Definition) -> DefinitionLookup:
    """Return a `DefinitionReader` of these definitions alone."""
    store = FakeDefinitions()
    for definition in definitions:
        store.put(definition, replacing=None)
    return DefinitionLookup(store)


def _refers(definition: Definition, reference: Reference) -> bool:
    return reference in {each for _, each in references_of(definition)}


class NoSchedules:
    """A `ScheduleFollower` for tests without schedules."""

    @contextmanager
    def following(self, *versions: Definition | None) -> Generator[None]:
        yield


def definition_writer(store: DefinitionStore) -> DefinitionWriter:
    """Return a writer whose caches no other object shares."""
    return DefinitionWriter(
        store,
        schedules=NoSchedules(),
        caches=[],
        policy_updates=PolicyUpdates(Policies(store.get), list),
    )


def editing_of(store: DefinitionStore, rules: Rules = DEVELOPMENT) -> DefinitionEditing:
    """Return the use cases of single definitions."""
    return DefinitionEditing(store, definition_writer(store), rules)


def documents_of(store: DefinitionStore, rules: Rules = DEVELOPMENT) -> Documents:
    """Return the use cases of whole documents."""
    return Documents(store, definition_writer(store), rules)
