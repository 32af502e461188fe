"""Tests of the list of Tasks: its cost and its continuation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from polysync_core.application.definitions.task_list import (
    MAX_SCANNED,
    TaskFilter,
    TaskLists,
    TaskState,
)
from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Dependency, Task
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform

NIGHT = Schedule(name="night", cron="30 2 * * *")


def a_task(name: str, **fields: Any) -> Task:
    return Task(name=name, job="sales-load", **fields)


def lists_of(*tasks: Task) -> TaskLists:
    return FakeApp(a_platform(), a_job(), *tasks).services.task_lists


def pages(lists: TaskLists, wanted: TaskFilter, limit: int) -> Iterator[list[str]]:
    token: str | None = None
    while True:
        page = lists.page(wanted, limit=limit, token=token)
        yield [row.task.name for row in page.items]
        token = page.continuation_token
        if token is None:
            return


def test_every_task_is_on_one_page():
    names = [f"task-{number:02}" for number in range(25)]
    lists = lists_of(*map(a_task, names))

    found = list(pages(lists, TaskFilter(), 10))

    assert [len(each) for each in found] == [10, 10, 5]
    assert [name for each in found for name in each] == names


@pytest.mark.slow
def test_a_page_of_a_filter_that_seldom_matches_is_bounded():
    lists = lists_of(
        *(a_task(f"task-{number:04}") for number in range(MAX_SCANNED + 200)), a_task("zebra")
    )

    first, second = pages(lists, TaskFilter(text="zebra"), 50)

    assert (first, second) == ([], ["zebra"])


def test_the_filter_of_paused_tasks_reads_their_schedules():
    app = FakeApp(a_platform(), a_job(), a_task("a", schedules=(NIGHT,)), a_task("b"))
    app.services.schedules.pause("a", schedule=None, reason="Moving", by="ann")

    page = app.services.task_lists.page(TaskFilter(state=TaskState.PAUSED), limit=10)

    assert [row.task.name for row in page.items] == ["a"]
    assert page.items[0].next_fire_time is None


def test_a_task_of_a_missing_job_is_listed():
    app = FakeApp(a_task("orphan"))

    (row,) = app.services.task_lists.page(TaskFilter(), limit=10).items

    assert (row.task.name, row.job, row.newest) == ("orphan", None, None)


def test_descendants_are_counted_up_to_a_limit():
    tasks = [a_task("root")]
    tasks += [a_task(f"t{n}", dependencies=(Dependency(task="root"),)) for n in range(5)]
    tasks.append(a_task("last", dependencies=(Dependency(task="t0"), Dependency(task="t1"))))
    graph = FakeApp(a_platform(), a_job(), *tasks).services.task_graph

    assert graph.descendant_count("root", most=100) == 6
    assert graph.descendant_count("root", most=3) == 4
    assert graph.descendant_count("last", most=3) == 0
