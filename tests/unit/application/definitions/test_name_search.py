"""Finding definitions by a part of their names."""

from __future__ import annotations

import pytest

from polysync_core.application.definitions.name_search import NameSearch
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.tasks import Task
from tests.fakes.app import FakeApp


class Seconds:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def found(search: NameSearch, text: str, limit: int = 20) -> list[str]:
    return [reference.name for reference in search.find(text, limit=limit)]


@pytest.fixture
def app() -> FakeApp:
    names = ("load-orders", "orders", "orders-daily", "reorders", "customers")
    return FakeApp(*(Task(name=name, job="load") for name in names))


def test_the_best_match_comes_first(app: FakeApp) -> None:
    names = found(NameSearch(app.services.ports.definitions), "orders")
    assert names == ["orders", "orders-daily", "load-orders", "reorders"]


@pytest.mark.parametrize("text", ["ORDERS", " orders ", "Orders"])
def test_case_and_blanks_around_the_text_do_not_count(app: FakeApp, text: str) -> None:
    assert found(NameSearch(app.services.ports.definitions), text)[0] == "orders"


def test_the_number_of_results_is_bounded(app: FakeApp) -> None:
    assert len(found(NameSearch(app.services.ports.definitions), "o", limit=2)) == 2


def test_only_the_asked_kinds_are_searched(app: FakeApp) -> None:
    search = NameSearch(app.services.ports.definitions)
    assert search.find("orders", limit=5, kinds=[Kind.JOB]) == []


def test_a_new_definition_is_found_after_some_seconds_and_names_are_read_once(
    app: FakeApp,
) -> None:
    seconds = Seconds()
    search = NameSearch(app.services.ports.definitions, monotonic=seconds)
    assert found(search, "late") == []
    app.define(Task(name="late", job="load"))
    assert found(search, "late") == []
    seconds.now += 16
    assert found(search, "late") == ["late"]
