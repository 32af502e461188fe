"""Defines the tests that every implementation of the definition store must pass."""

from __future__ import annotations

import pytest

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import Reference, read_definition, read_document
from polysync_core.domain.definitions.stored import DefinitionStore, StoredDefinition
from polysync_core.domain.errors import Conflict, Malformed, StaleETag
from tests.fakes.definitions import lakehouse


def a_calendar(name: str = "holidays", date: str = "2026-12-25") -> Definition:
    return read_definition(Kind.CALENDAR, {"name": name, "dates": [date]})


def save(
    store: DefinitionStore,
    definition: Definition,
    replacing: StoredDefinition[Definition] | None = None,
) -> StoredDefinition[Definition]:
    store.index_references(definition)
    return store.put(definition, replacing=replacing)


def save_lakehouse(store: DefinitionStore) -> None:
    for definition in read_document(lakehouse()).items:
        save(store, definition)


class StoreContract:
    def test_a_written_definition_is_read_back(self, store: DefinitionStore) -> None:
        for definition in read_document(lakehouse()).items:
            save(store, definition)

        for kind in Kind:
            for stored in store.all(kind):
                assert store.get(kind, stored.definition.name) == stored
        task = store.get(Kind.TASK, "sales-load-daily")
        assert task is not None
        assert task.definition in read_document(lakehouse()).items

    def test_an_absent_definition_is_none(self, store: DefinitionStore) -> None:
        assert store.get(Kind.TASK, "nothing") is None
        assert list(store.all(Kind.TASK)) == []

    @pytest.mark.parametrize("name", ["", "A", "a/b", "a#b", "a\n", "../a", "a" * 64, "\u00e9"])
    def test_an_invalid_name_has_no_definition(self, store: DefinitionStore, name: str) -> None:
        assert store.get(Kind.TASK, name) is None

    def test_creating_an_existing_definition_is_stale(self, store: DefinitionStore) -> None:
        save(store, a_calendar())

        with pytest.raises(StaleETag):
            save(store, a_calendar(date="2027-01-01"))

    def test_one_of_two_concurrent_writers_fails(self, store: DefinitionStore) -> None:
        first = save(store, a_calendar())
        second = save(store, a_calendar(date="2027-01-01"), first)

        with pytest.raises(StaleETag):
            save(store, a_calendar(date="2028-01-01"), first)
        with pytest.raises(StaleETag):
            store.delete(first)
        assert store.get(Kind.CALENDAR, "holidays") == second

    def test_replacing_a_deleted_definition_is_stale(self, store: DefinitionStore) -> None:
        first = save(store, a_calendar())
        store.delete(first)

        assert store.get(Kind.CALENDAR, "holidays") is None
        with pytest.raises(StaleETag):
            save(store, a_calendar(), first)
        assert save(store, a_calendar()).etag != first.etag

    def test_a_definition_with_referrers_cannot_be_deleted(self, store: DefinitionStore) -> None:
        save_lakehouse(store)

        for reference, user in [
            (Reference(Kind.VAULT, "local"), "platforms/lakehouse"),
            (Reference(Kind.CALENDAR, "holidays"), "tasks/sales-load-daily"),
            (Reference(Kind.TASK, "landing-check"), "tasks/sales-load-daily"),
            (Reference(Kind.JOB, "landing"), "tasks/landing-check"),
        ]:
            stored = store.get(reference.kind, reference.name)
            assert stored is not None
            with pytest.raises(Conflict, match="is in use"):
                store.delete(stored)
            again = store.get(reference.kind, reference.name)
            assert again is not None
            assert again.definition == stored.definition
            assert user.partition("/")[2] in [
                each.definition.name for each in store.referrers(reference)
            ]

    def test_referrers_of_one_kind_come_by_name_after_a_name(self, store: DefinitionStore) -> None:
        save_lakehouse(store)
        for name in ("landing-2", "landing-check-2", "landing-check2"):
            save(store, read_definition(Kind.TASK, {"name": name, "job": "landing"}))
        job = Reference(Kind.JOB, "landing")
        names = ["landing-2", "landing-check", "landing-check-2", "landing-check2"]

        def after(name: str | None) -> list[str]:
            found = store.referrers(job, kind=Kind.TASK, after=name)
            return [each.definition.name for each in found]

        assert after(None) == names
        assert after("landing-check") == names[2:]
        assert after("landing-c") == names[1:]
        assert after("z") == []
        assert list(store.referrers(job, kind=Kind.JOB)) == []
        assert store.count_referrers(job, Kind.TASK, limit=3) == 3
        assert store.count_referrers(job, Kind.TASK, limit=100) == 4
        assert store.count_referrers(job, Kind.JOB, limit=100) == 0

    def test_all_definitions_come_by_name_after_a_name(self, store: DefinitionStore) -> None:
        for name in ("b-1", "a", "b", "b1"):
            save(store, a_calendar(name))

        def after(name: str | None) -> list[str]:
            return [each.definition.name for each in store.all(Kind.CALENDAR, after=name)]

        assert after(None) == ["a", "b", "b-1", "b1"]
        assert after("b") == ["b-1", "b1"]
        assert after("aa") == ["b", "b-1", "b1"]
        assert after("c") == []

    def test_a_removed_reference_frees_its_target(self, store: DefinitionStore) -> None:
        save_lakehouse(store)
        task = store.get(Kind.TASK, "sales-load-daily")
        assert task is not None
        plain = {"name": "sales-load-daily", "job": "sales-load"}

        save(store, read_definition(Kind.TASK, plain), task)

        for kind, name in ((Kind.CALENDAR, "holidays"), (Kind.TASK, "landing-check")):
            freed = store.get(kind, name)
            assert freed is not None
            assert list(store.referrers(Reference(kind, name))) == []
            store.delete(freed)
            assert store.get(kind, name) is None

    def test_pages_are_sorted_by_name_without_gap_or_overlap(self, store: DefinitionStore) -> None:
        names = [f"c{number:02}" for number in range(7)]
        for name in reversed(names):
            save(store, a_calendar(name))
        seen: list[str] = []
        token: str | None = None
        while True:
            page = store.page(Kind.CALENDAR, limit=3, token=token)
            seen += [each.definition.name for each in page.items]
            if (token := page.token) is None:
                break

        assert seen == names == [each.definition.name for each in store.all(Kind.CALENDAR)]

    @pytest.mark.parametrize("token", ["x!", "", "AAAA", "eyJhIjoxfQ"])
    def test_a_foreign_continuation_token_is_malformed(
        self, store: DefinitionStore, token: str
    ) -> None:
        with pytest.raises(Malformed):
            store.page(Kind.CALENDAR, limit=3, token=token)

    def test_a_definition_of_many_chunks_is_stored_unchanged(self, store: DefinitionStore) -> None:
        days = [
            f"20{number:02}-{month:02}-{day:02}"
            for number in range(15)
            for month in range(1, 13)
            for day in range(1, 28)
        ]
        big = read_definition(Kind.CALENDAR, {"name": "big", "dates": days})
        save(store, big)

        stored = store.get(Kind.CALENDAR, "big")
        assert stored is not None
        assert stored.definition == big
