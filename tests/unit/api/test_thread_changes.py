"""Tests how often a request changes to another thread, which is costly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from inspect import iscoroutinefunction
from typing import Any

import anyio.to_thread
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from polysync_core.api.security.callers import accept_all
from polysync_core.composition import build_api
from polysync_core.domain.definitions.tasks import Task
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform

READS_A_BODY = {"_json_first", "_yaml_first", "changes_nothing"}
"""Dependencies that parse up to a megabyte, or that only rare requests have."""


@pytest.fixture
def app() -> FakeApp:
    return FakeApp(a_platform(), a_job(), Task(name="nap", job=a_job().name))


def changes(monkeypatch: pytest.MonkeyPatch, request: Callable[[], Any]) -> list[str]:
    """Return the functions that a request executes in another thread."""
    called: list[str] = []
    run_sync = anyio.to_thread.run_sync

    async def counted(function: Any, *arguments: Any, **named: Any) -> Any:
        called.append(_name(function))
        return await run_sync(function, *arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(anyio.to_thread, "run_sync", counted)
        assert request().is_success
    return called


def test_a_request_for_a_run(app: FakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    used = changes(monkeypatch, lambda: app.http.post("/tasks/nap/run", json={}))
    assert used == ["begin", "endpoint", "validate"]


def test_a_read_of_a_run(app: FakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = app.http.post("/tasks/nap/run", json={}).json()["runId"]
    used = changes(monkeypatch, lambda: app.http.get(f"/task-runs/{run_id}"))
    assert used == ["endpoint", "validate"]


def test_a_failed_request_also_writes_its_status(
    app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.http.post("/tasks/none/run", json={})
    (entry,) = app.http.get("/audit").json()["items"]
    assert entry["status"] == 404


def test_no_dependency_of_a_route_needs_a_thread(app: FakeApp) -> None:
    api = build_api(app.services, accept_all)
    needs_thread = {
        getattr(each.call, "__name__", "")
        for route in _routes(api.routes)
        for each in _dependencies(route.dependant)
        if not iscoroutinefunction(each.call)
    }
    assert needs_thread == READS_A_BODY


def _name(function: Any) -> str:
    name: str = getattr(getattr(function, "func", function), "__name__", "")
    return "endpoint" if "endpoint" in name else name


def _routes(routes: Iterable[Any]) -> Iterator[APIRoute]:
    for each in routes:
        if isinstance(each, APIRoute):
            yield each
        else:
            yield from _routes(getattr(each, "original_router", each).routes)


def _dependencies(dependant: Dependant) -> Iterator[Dependant]:
    for each in dependant.dependencies:
        yield each
        yield from _dependencies(each)
