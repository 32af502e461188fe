"""Tests that the examples of the page about the Python client work."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from polysync.aio import client as aio
from polysync.sync import client as sync
from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.domain.definitions.tasks import Task
from tests.fakes.app import settings_of, with_engine
from tests.fakes.appkit import FakeWorkspace, workspaces_of
from tests.fakes.builders import a_job
from tests.fakes.client_transport import AppTransport
from tests.unit.api.jobs.appkit_world import SETTINGS
from tests.unit.api.run_api import RunApi

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "python-client.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)


class EndingTransport(AppTransport):
    """Ends each accepted run with success."""

    def __init__(self, api: RunApi) -> None:
        super().__init__(api.app)
        self._api = api

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        if answer.status_code == 202:
            self._api.end(answer.json()["runId"])
        return answer


@pytest.fixture(scope="module")
def api() -> RunApi:
    job = a_job(name="sales-load", parameters=(Parameter(name="run_date", default="0"),))
    workspace = FakeWorkspace()
    return RunApi(
        job,
        Task(name="sales-load-daily", job="sales-load"),
        settings=settings_of(**SETTINGS),
        open_workspaces=lambda configuration, *_: workspaces_of(workspace, configuration),
    )


@pytest.mark.parametrize("code", EXAMPLES, ids=lambda code: str(EXAMPLES.index(code)))
def test_every_example_works(
    code: str, api: RunApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocking, ending = sync.Http, EndingTransport(api)
    asynchronous = aio.AsyncHttp

    class Ending(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            inner = httpx.ASGITransport(app=with_engine(api.app.api, api.engine))
            answer = await inner.handle_async_request(request)
            if answer.status_code == 202:
                await answer.aread()
                api.end(answer.json()["runId"])
            return answer

    def connected(wire: Any, **options: Any) -> Any:
        return blocking(wire, **{**options, "transport": ending})

    def connected_loop(wire: Any, **options: Any) -> Any:
        return asynchronous(wire, **{**options, "transport": Ending()})

    monkeypatch.setattr(sync, "Http", connected)
    monkeypatch.setattr(aio, "AsyncHttp", connected_loop)
    monkeypatch.setenv("POLYSYNC_URL", "http://localhost/api")

    exec(compile(code, str(PAGE), "exec"), {})  # noqa: S102 - the page is part of this repository

    assert capsys.readouterr().out or "runs(" in code
