"""Tests the versions of definitions: who saved them, how many are kept, and undoing an edit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.changes.versions import KEPT, Author, ChangeSource
from polysync_core.domain.definitions.document import Reference, read_document
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import NotFound
from tests.fakes.app import FakeApp
from tests.fakes.tables import Call

LOCAL = Reference(Kind.VAULT, "local")
ANN = Author(name="ann", source=ChangeSource.EDIT)
BOT = Author(name="bot", source=ChangeSource.DOCUMENT)


def a_vault(description: str) -> Vault:
    return Vault(name="local", provider="Environment", description=description)


class Crash(Exception):
    """The end of the process between two writes."""


@pytest.fixture
def app() -> FakeApp:
    return FakeApp()


def save(app: FakeApp, description: str, author: Author | None = ANN) -> None:
    editing = app.services.definition_editing
    editing.put(a_vault(description), engine=None, author=author)
    app.clock.advance(seconds=60)


def delete(app: FakeApp) -> None:
    app.services.definition_editing.delete(LOCAL, engine=None)


def numbers(app: FakeApp) -> tuple[int | None, list[int]]:
    found = app.services.versions.page(LOCAL, limit=100)
    current = found.current and found.current.number
    return current, [each.number for each in found.former.items]


def content(app: FakeApp, number: int) -> str | None:
    return app.services.versions.get(LOCAL, number).definition.description


def test_each_save_is_a_version_with_its_author(app: FakeApp) -> None:
    save(app, "first", BOT)
    save(app, "second", ANN)
    save(app, "third", None)

    found = app.services.versions.page(LOCAL, limit=10)
    assert found.current is not None
    assert (found.current.number, found.current.author) == (3, None)
    assert [(each.number, each.author) for each in found.former.items] == [(2, ANN), (1, BOT)]
    assert [content(app, number) for number in (1, 2, 3)] == ["first", "second", "third"]


def test_an_equal_save_is_no_version(app: FakeApp) -> None:
    save(app, "first")
    save(app, "first", BOT)

    assert numbers(app) == (1, [])


def test_the_newest_versions_are_kept(app: FakeApp) -> None:
    for number in range(1, KEPT + 4):
        save(app, f"text {number}")

    assert numbers(app) == (KEPT + 3, [*range(KEPT + 2, 2, -1)])
    with pytest.raises(NotFound, match="There is no version 2 of vault 'local'"):
        content(app, 2)


@pytest.mark.parametrize("number", [0, -1, 3, 10**9, 10**30])
def test_an_unknown_version_is_not_found(app: FakeApp, number: int) -> None:
    save(app, "first")
    save(app, "second")

    with pytest.raises(NotFound):
        content(app, number)


def test_a_deleted_definition_keeps_its_versions_and_continues_their_numbers(app: FakeApp) -> None:
    save(app, "first")
    save(app, "second")
    delete(app)

    assert numbers(app) == (None, [2, 1])
    save(app, "third")
    assert numbers(app) == (3, [2, 1])
    assert content(app, 2) == "second"


def test_a_definition_that_never_existed_has_no_versions(app: FakeApp) -> None:
    with pytest.raises(NotFound, match="There is no vault 'local'"):
        numbers(app)


def test_a_document_is_remembered_through_later_edits(app: FakeApp) -> None:
    document = read_document({"vaults": [{"name": "local", "provider": "Environment"}]})
    app.services.documents.apply(document, engine=None, author=BOT)
    at = app.clock()
    save(app, "by hand", ANN)

    stored = app.services.definition_editing.get(Kind.VAULT, "local")
    assert stored.author == ANN
    assert stored.applied is not None
    assert (stored.applied.at, stored.applied.by) == (at, "bot")


def test_a_crash_between_the_two_writes_lists_nothing_twice(app: FakeApp) -> None:
    save(app, "first")

    def fail_replace(call: Call, do: Callable[[], Any]) -> Any:
        if call.table == "Definitions" and call.guarded is not None:
            raise Crash
        return do()

    app.tables.intercept = fail_replace
    with pytest.raises(Crash):
        save(app, "second")
    app.tables.intercept = lambda _, do: do()

    assert numbers(app) == (1, [])
    save(app, "second")
    assert numbers(app) == (2, [1])


def test_versions_of_deleted_definitions_expire_and_those_of_others_do_not(app: FakeApp) -> None:
    save(app, "first")
    delete(app)
    save(app, "again")
    app.clock.advance(seconds=60)
    purge = app.services.ports.purge_versions

    assert purge(app.clock(), lambda: True) == 1
    assert numbers(app) == (2, [])


def test_versions_expire_only_after_the_retention_period(app: FakeApp) -> None:
    save(app, "first")
    delete(app)
    purge = app.services.ports.purge_versions

    assert purge(app.clock() - timedelta(days=1), lambda: True) == 0
    assert numbers(app) == (None, [1])
    assert purge(app.clock() + timedelta(days=1), lambda: True) == 1
    with pytest.raises(NotFound):
        numbers(app)
