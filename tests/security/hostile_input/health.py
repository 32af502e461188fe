"""Measures the health of the app while it answers a hostile request."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import httpx
from httpx import ASGITransport, AsyncClient

from tests.fakes.app import FakeApp, with_engine
from tests.fakes.contract import check

LONGEST_WAIT = 1.0
"""Seconds of processor time within which `/health` must answer."""


@dataclass(frozen=True)
class Watched:
    """The answer to a request, and the longest wait of another caller meanwhile."""

    answer: httpx.Response
    longest_wait: float
    """Processor time of the process, which other load of the machine does not change."""


def send_watched(
    app: FakeApp, method: str, path: str, *, content: bytes, kind: str = "application/json"
) -> Watched:
    """Send a request while another caller asks for the health, one request after the other.

    As on Azure, one event loop serves both callers.
    """
    return asyncio.run(_send_watched(app, method, path, content, kind))


async def _send_watched(app: FakeApp, method: str, path: str, content: bytes, kind: str) -> Watched:
    transport = ASGITransport(app=with_engine(app.api, app.engine))
    async with AsyncClient(transport=transport, base_url="http://localhost") as client:
        headers = {"content-type": kind}
        sent = asyncio.create_task(client.request(method, path, content=content, headers=headers))
        longest = 0.0
        while not sent.done():
            start = time.process_time()
            health = await client.get("/api/health")
            longest = max(longest, time.process_time() - start)
            assert health.status_code == 200
        answer = await sent
    check(method, answer)
    return Watched(answer, longest)
