"""Tests of the Python client against the whole app in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from polysync import (
    AsyncPolysync,
    Conflict,
    Invalid,
    NotFound,
    Polysync,
    PreconditionFailed,
    RunFailed,
    WaitTimeout,
)
from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.run import RunStatus
from tests.fakes.builders import a_job
from tests.fakes.client_transport import URL, AppTransport, async_transport
from tests.unit.api.run_api import RunApi


@pytest.fixture(scope="module")
def shared() -> RunApi:
    job = a_job(name="j", parameters=(Parameter(name="a", default="0"),))
    return RunApi(job, Task(name="t", job="j"), Task(name="other", job="j"))


@pytest.fixture
def api(shared: RunApi) -> RunApi:
    shared.reset()
    return shared


@pytest.fixture
def transport(api: RunApi) -> AppTransport:
    return AppTransport(api.app)


@pytest.fixture
def client(transport: AppTransport) -> Iterator[Polysync]:
    with Polysync(URL, transport=transport) as opened:
        yield opened


def test_a_task_is_run_and_waited_for(client: Polysync, api: RunApi) -> None:
    run = client.tasks["t"].run({"a": "1"}, priority=7)
    assert (run.status, run.succeeded) == ("Queued", False)
    api.end(run.run_id)

    ended = run.wait(timeout=60)

    assert ended is run
    assert (run.status, run.is_over) == ("Succeeded", True)
    assert run.state is not None
    assert (run.state.priority, run.state.task) == (7, "t")
    assert run.raise_for_status() is run


def test_a_failed_run_is_an_error_only_if_it_is_asked_for(client: Polysync, api: RunApi) -> None:
    run = client.tasks["t"].run()
    api.end(run.run_id, RunStatus.FAILED)
    assert run.wait().status == "Failed"
    with pytest.raises(RunFailed, match=f"Run {run.run_id} is Failed"):
        run.raise_for_status()


def test_a_wait_ends_in_time_and_the_run_continues(client: Polysync) -> None:
    run = client.tasks["t"].run()
    with pytest.raises(WaitTimeout, match="has not ended in time; it continues"):
        run.wait(timeout=0)
    assert run.refresh().status == "Queued"


def test_one_idempotency_key_starts_one_run(client: Polysync, transport: AppTransport) -> None:
    first = client.tasks["t"].run(idempotency_key="k")
    second = client.tasks["t"].run(idempotency_key="k")
    other = client.tasks["t"].run()

    assert first.run_id == second.run_id != other.run_id
    keys = [each.headers["idempotency-key"] for each in transport.requests]
    assert keys[:2] == ["k", "k"]
    assert len(keys[2]) == 36


def test_runs_are_read_page_by_page(
    client: Polysync, transport: AppTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("polysync.sync.collections.MAX_PAGE_SIZE", 2)
    started = [client.tasks[name].run().run_id for name in ("t", "other", "t", "t", "t")]
    transport.requests.clear()

    newest = next(client.runs())
    assert len(transport.requests) == 1
    assert newest.run_id in started
    assert {run.run_id for run in client.runs()} == set(started)
    assert [run.run_id for run in client.tasks["other"].runs()] == [started[1]]
    assert [*client.runs(status=["Running", "Failed"], task="t")] == []


def test_every_active_run_that_matches_is_cancelled(client: Polysync) -> None:
    started = {client.tasks["t"].run().run_id for _ in range(3)}
    other = client.tasks["other"].run()

    assert {run.run_id for run in client.cancel_runs(task="t", since="1d")} == started
    assert all(client.run(run_id).refresh().is_over for run_id in started)
    assert not other.refresh().is_over


def test_a_run_is_cancelled_repeated_and_explained(client: Polysync, api: RunApi) -> None:
    run = client.tasks["t"].run({"a": "1"})
    assert run.explain().run_id == run.run_id
    assert run.cancel().state is not None
    if not run.is_over:
        api.end(run.run_id, RunStatus.CANCELLED)
    again = run.rerun({"a": "2"})
    assert again.run_id != run.run_id
    assert again.refresh().state is not None
    history = run.history()
    assert (history[0].from_, history[0].to) == (None, "Queued")
    assert client.run(run.run_id).refresh().is_over


def test_a_definition_is_read_written_and_deleted(client: Polysync) -> None:
    stored = client.tasks["t"].get()
    assert (stored.name, stored.job) == ("t", "j")
    created = client.tasks["new"].put({"job": "j", "priority": 5})
    assert created.priority == 5
    assert client.tasks["new"].patch({"enabled": False}).enabled is False
    with pytest.raises(PreconditionFailed):
        client.tasks["new"].put({"job": "j"}, if_match='"old"')
    assert "new" in {each.name for each in client.tasks}
    client.tasks["new"].delete()
    with pytest.raises(NotFound) as missing:
        client.tasks["new"].get()
    assert missing.value.status == 404
    with pytest.raises(Conflict):
        client.jobs["j"].delete()


def test_an_error_has_its_code_field_and_remedy(client: Polysync) -> None:
    with pytest.raises(Invalid) as caught:
        client.tasks["wrong"].put({"job": "j", "priority": "high"})
    assert caught.value.code == "unprocessable-content"
    assert caught.value.field == "priority"
    assert caught.value.remedy == "must be a whole number"
    with pytest.raises(Exception, match="never empty"):
        client.tasks[".."].get()


def test_a_document_is_planned_applied_and_exported(client: Polysync) -> None:
    document = {"tasks": [{"name": "new", "job": "j"}]}
    plan = client.apply(document, dry_run=True)
    assert [each.name for each in plan.create] == ["new"]
    assert plan.plan_token
    assert client.apply(document, plan_token=plan.plan_token).dry_run is False
    assert {"name": "new", "job": "j"} in client.export()["tasks"]
    client.tasks["new"].delete()


def test_other_routes_are_reachable(client: Polysync) -> None:
    assert client.health().status == "ok"
    assert client.tasks["t"].fire_times(3).items == []
    assert client.request("GET", "graph", query={"task": "t"})["nodes"]
    client.tasks["t"].hold("Maintenance.")
    client.tasks["t"].release()
    assert client.jobs["j"].run({"a": "1"}).refresh().state is not None


async def _story(api: RunApi) -> list[Any]:
    transport: httpx.AsyncBaseTransport = async_transport(api.app)
    async with AsyncPolysync(URL, transport=transport) as client:
        run = await client.tasks["t"].run()
        api.end(run.run_id)
        states = [state.status async for state in run.events(timeout=60)]
        listed = [each.run_id async for each in client.runs(task="t")]
        names = [each.name async for each in client.tasks]
        return [(await run.wait()).status, states[-1], listed == [run.run_id], sorted(names)]


def test_the_asynchronous_client_does_the_same(api: RunApi) -> None:
    assert asyncio.run(_story(api)) == ["Succeeded", "Succeeded", True, ["other", "t"]]
