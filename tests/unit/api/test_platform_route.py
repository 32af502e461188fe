"""Requests that wait for a platform leave threads for other requests."""

from __future__ import annotations

import asyncio
import threading

import httpx
import pytest

from polysync_core.api.platform_route import PLATFORM_REQUESTS
from tests.fakes.app import FakeApp, with_engine
from tests.fakes.builders import a_platform
from tests.fakes.platform import FakePlatform

_WITHIN = 20.0


class SilentPlatform(FakePlatform):
    """A platform that answers no test until `may_answer` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may_answer = threading.Semaphore(0), threading.Event()

    def test(self) -> str:
        self.begun.release()
        assert self.may_answer.wait(_WITHIN)
        return "reached"


@pytest.mark.slow
def test_other_requests_are_answered_while_many_wait_for_a_platform() -> None:
    app, platform = FakeApp(a_platform(name="lake")), SilentPlatform()
    app.platform = platform

    async def main() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=with_engine(app.api, app.engine))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            waiting = [asyncio.create_task(client.post("/platforms/lake/test")) for _ in range(60)]
            for _ in range(PLATFORM_REQUESTS):
                assert await asyncio.to_thread(platform.begun.acquire, timeout=_WITHIN)
            other = await asyncio.wait_for(client.get("/task-runs"), _WITHIN)
            assert other.status_code == 200
            assert not platform.begun.acquire(blocking=False)
            platform.may_answer.set()
            return await asyncio.gather(*waiting)

    answers = asyncio.run(main())
    assert [answer.json()["message"] for answer in answers] == ["reached"] * 60
