"""Tests that a changed default never changes a stored definition."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import kind_of, read_document, reference_to
from polysync_core.domain.definitions.tasks import Retry, Task
from polysync_core.storage.definitions import TableDefinitions
from tests.fakes.definitions import ON_CALL, lakehouse
from tests.fakes.tables import TableService

DEFINITIONS = read_document(lakehouse(webhooks=[ON_CALL])).items


def stored_content(tables: TableService, definition: Definition) -> dict[str, Any]:
    row = tables.tables["Definitions"][kind_of(definition).value, definition.name]
    return json.loads(next(str(row.values[key]) for key in row.values if key.startswith("content")))


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda each: str(reference_to(each)))
def test_the_row_of_a_definition_holds_every_field(definition: Definition) -> None:
    tables = TableService()
    TableDefinitions(tables.storage()).put(definition, replacing=None)
    content = stored_content(tables, definition)
    aliases = {field.alias or name for name, field in type(definition).model_fields.items()}
    assert content.keys() == aliases


def test_the_row_of_a_task_holds_its_whole_retry_policy() -> None:
    tables = TableService()
    task = Task(name="daily", job="load", retry=Retry(enabled=True))
    TableDefinitions(tables.storage()).put(task, replacing=None)
    retry = stored_content(tables, task)["retry"]
    assert retry.keys() == {field.alias or name for name, field in Retry.model_fields.items()}
    assert retry["maxRetryAttempts"] == Retry().max_retry_attempts
    assert retry["initialDelaySeconds"] == Retry().initial_delay_seconds


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda each: str(reference_to(each)))
def test_a_definition_is_read_back_as_it_was_written(definition: Definition) -> None:
    store = TableDefinitions(TableService().storage())
    store.put(definition, replacing=None)
    stored = store.get(kind_of(definition), definition.name)
    assert stored is not None
    assert stored.definition == definition


def test_a_definition_is_decoded_once_while_its_row_is_unchanged() -> None:
    tables = TableService()
    one, other = TableDefinitions(tables.storage()), TableDefinitions(tables.storage())
    first = other.put(Task(name="daily", job="load"), replacing=None)
    read = one.get(Kind.TASK, "daily")
    assert read is not None
    assert one.get(Kind.TASK, "daily") is read
    second = other.put(Task(name="daily", job="extract"), replacing=first)
    edited = one.get(Kind.TASK, "daily")
    assert edited == second
    other.delete(second)
    assert one.get(Kind.TASK, "daily") is None
    again = other.put(Task(name="daily", job="load"), replacing=None)
    assert one.get(Kind.TASK, "daily") == again
