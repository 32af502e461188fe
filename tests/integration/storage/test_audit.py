"""Tests of the audit log in Table Storage."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from polysync_core.domain.security.audit import AuditEntry
from polysync_core.storage.operations.audit import TableAudit
from polysync_core.storage.tables import Tables
from tests.fakes.builders import NOON

pytestmark = pytest.mark.azurite


def an_entry(number: int) -> AuditEntry:
    return AuditEntry(
        id=f"{number:032}",
        at=NOON + timedelta(minutes=number),
        actor="ann@example.com",
        object_id="77" if number else None,
        method="PUT",
        path="/tasks/t\u00e4glich",
        status=None,
    )


def test_entries_of_a_day_are_listed_newest_first_page_by_page(storage: Tables) -> None:
    store = TableAudit(storage)
    entries = [an_entry(number) for number in range(4)]
    for entry in [*entries, replace(an_entry(9), at=NOON + timedelta(days=1))]:
        store.put(entry)

    first = store.page(NOON.date(), limit=3)
    rest = store.page(NOON.date(), limit=3, token=first.continuation_token)

    assert [*first.items, *rest.items] == entries[::-1]
    assert rest.continuation_token is None


def test_an_entry_with_a_status_replaces_the_entry_without(storage: Tables) -> None:
    store = TableAudit(storage)
    store.put(an_entry(1))
    store.put(replace(an_entry(1), status=201))

    assert [entry.status for entry in store.page(NOON.date(), limit=9).items] == [201]
