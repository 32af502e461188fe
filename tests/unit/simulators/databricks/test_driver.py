"""Tests of the notebook driver: cancelled waiters, early ends and partial reports."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from simulators.databricks.notebooks.driver import Driver, DriverLost, Ended, NotebookProcess
from simulators.databricks.notebooks.notebook import Ending

pytestmark = pytest.mark.slow

NOTEBOOK = "# Databricks notebook source\ndbutils.notebook.exit('done')\n"
STARTS_AND_DIES_IN_THE_MIDDLE_OF_A_REPORT = """
import sys
sys.stdin.readline()
print('{"started": 1, "pid": 42}')
print('{"ended": 1, "outco', end="", flush=True)
"""
DIES_WHILE_ANOTHER_HOLDS_ITS_OUTPUT = """
import os, sys
sys.stdin.readline()
if os.fork() == 0:
    sys.stdin.read()
"""


def scripted(program: str) -> Driver:
    return Driver(server=[sys.executable, "-c", program])


@asynccontextmanager
async def opened(driver: Driver) -> AsyncIterator[Driver]:
    await driver.open()
    try:
        yield driver
    finally:
        await driver.close()


async def give_up(waiting: Awaitable[object]) -> None:
    """Start to wait and then cancel."""
    task = asyncio.ensure_future(waiting)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


async def start(driver: Driver, folder: Path, process_id: int = 1) -> NotebookProcess:
    file = folder / "notebook.py"
    file.write_text(NOTEBOOK, encoding="utf-8")
    for name in ("lakehouse", "logs"):
        (folder / name).mkdir(exist_ok=True)
    return await driver.start(process_id, file=file, parameters={}, data_folder=folder)


def run[T](story: Callable[[], Awaitable[T]]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(60):
            return await story()

    return asyncio.run(bounded())


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(NotebookProcess.started, id="waiting for its start"),
        pytest.param(NotebookProcess.ended, id="waiting for its end"),
    ],
)
def test_a_waiter_that_is_cancelled_does_not_stop_the_reading_of_reports(
    tmp_path: Path, what: Callable[[NotebookProcess], Awaitable[object]]
) -> None:
    """Regression: a report for a cancelled future ended the reader, and all other waiters hung."""

    async def story() -> tuple[int, Ended, Ended]:
        async with opened(Driver()) as driver:
            abandoned = await start(driver, tmp_path, 1)
            await give_up(what(abandoned))
            other = await start(driver, tmp_path, 2)
            return await abandoned.started(), await abandoned.ended(), await other.ended()

    pid, *both = run(story)

    assert pid > 0
    for ended in both:
        assert ended.outcome is not None
        assert ended.outcome.ending is Ending.SUCCESS


def test_a_close_before_the_first_report_is_quiet(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(Driver()) as driver:
            process = await start(driver, tmp_path)
            await give_up(process.started())

    run(story)


def test_a_partial_report_of_a_dying_server_loses_only_its_process(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with opened(scripted(STARTS_AND_DIES_IN_THE_MIDDLE_OF_A_REPORT)) as driver:
            process = await start(driver, tmp_path)
            assert await process.started() == 42
            with pytest.raises(DriverLost):
                await process.ended()

    run(story)


def test_a_waiter_cancelled_during_a_restart_does_not_stop_the_old_reader(
    tmp_path: Path,
) -> None:
    """Regression: the reader was cancelled too, and the old processes were never lost."""

    async def story() -> None:
        async with opened(scripted(DIES_WHILE_ANOTHER_HOLDS_ITS_OUTPUT)) as driver:
            process = await start(driver, tmp_path)
            while driver.is_serving:  # noqa: ASYNC110 - there is no event for it
                await asyncio.sleep(0.01)
            await give_up(start(driver, tmp_path, 2))
            await driver.close()
            with pytest.raises(DriverLost):
                await process.ended()

    run(story)
