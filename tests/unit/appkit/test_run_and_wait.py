"""Tests that the generator of snapshots starts one run in all loops."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from polysync_core.appkit.errors import TriggerFailed
from polysync_core.appkit.jobs import AppKitJob
from tests.fakes.appkit import FakeWorkspace, jobs_in


@pytest.fixture
def workspace() -> FakeWorkspace:
    return FakeWorkspace()


@pytest.fixture
def etl(workspace: FakeWorkspace) -> AppKitJob:
    return jobs_in(workspace)("etl")


def test_a_stream_is_a_generator_of_one_run(etl: AppKitJob, workspace: FakeWorkspace) -> None:
    workspace.states = ["PENDING", "RUNNING", "TERMINATED"]
    stream = etl.run_and_wait()
    assert workspace.received == []
    assert iter(stream) is stream
    assert [next(stream).status, next(iter(stream)).status] == ["PENDING", "RUNNING"]
    assert [snapshot.status for snapshot in stream] == ["TERMINATED"]
    assert list(stream) == []
    with pytest.raises(StopIteration):
        next(stream)
    assert len(workspace.calls("run-now")) == 1


def test_a_loop_that_ended_early_continues_with_the_same_run(
    etl: AppKitJob, workspace: FakeWorkspace
) -> None:
    workspace.states = ["PENDING", "RUNNING", "TERMINATED"]
    stream = etl.run_and_wait()
    for snapshot in stream:
        if snapshot.status == "PENDING":
            break
    assert [snapshot.status for snapshot in stream] == ["RUNNING", "TERMINATED"]
    assert len(workspace.calls("run-now")) == 1


def test_for_and_async_for_share_one_run(etl: AppKitJob, workspace: FakeWorkspace) -> None:
    workspace.states = ["PENDING", "RUNNING", "TERMINATED"]
    stream = etl.run_and_wait()
    first = next(stream)

    async def others() -> list[str | None]:
        second = await anext(stream)
        return [second.status, *[snapshot.status async for snapshot in aiter(stream)]]

    assert [first.status, *asyncio.run(others())] == ["PENDING", "RUNNING", "TERMINATED"]
    assert list(stream) == []
    assert len(workspace.calls("run-now")) == 1


def test_a_start_that_failed_is_not_repeated(etl: AppKitJob, workspace: FakeWorkspace) -> None:
    workspace.fail("run-now", 403)
    stream = etl.run_and_wait()
    with pytest.raises(TriggerFailed) as caught:
        next(stream)
    assert "status 403" in str(caught.value.__cause__)
    assert list(stream) == []

    async def again() -> list[Any]:
        return [snapshot async for snapshot in stream]

    assert asyncio.run(again()) == []
    assert len(workspace.calls("run-now")) == 1


def test_a_closed_stream_ends_and_its_run_continues(
    etl: AppKitJob, workspace: FakeWorkspace
) -> None:
    workspace.states = ["RUNNING"] * 9
    stream = etl.run_and_wait()
    next(stream)
    stream.close()
    assert list(stream) == []
    assert workspace.calls("runs/cancel") == []
    assert len(etl.shared.polls) == 0
