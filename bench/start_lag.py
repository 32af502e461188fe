"""Measures the delay between the scheduled and the actual start of runs."""

from __future__ import annotations

import argparse
import random
import time
from datetime import UTC, datetime
from typing import Any

import httpx

from bench.host import measured_host
from bench.load import TASK
from bench.report import row, title

_TASKS, _SCHEDULES = 10, 20
_MINUTES = 2


def start_lag(_: argparse.Namespace) -> None:
    """Measure 200 schedules with random seconds and jitter on an idle host."""
    with measured_host() as host, httpx.Client(base_url=host.url, timeout=60) as client:
        _define(client)
        begin = _next_minute()
        time.sleep(begin + _MINUTES * 60 + 55 - time.time())
        since = datetime.fromtimestamp(begin, UTC)
        runs = [run for run in _runs(client) if _planned(run) >= since]
    lags = sorted(run["startLagSeconds"] for run in runs if run["startLagSeconds"] is not None)
    title(f"{_TASKS * _SCHEDULES} schedules with seconds and jitter, {_MINUTES} minutes")
    row("runs", f"{len(lags)} started, {len(runs) - len(lags)} not")
    row("planned start → start", f"p50 {_at(lags, 0.5):.0f} ms, p99 {_at(lags, 0.99):.0f} ms")
    row("latest", f"{lags[-1] * 1000:.0f} ms")


def _define(client: httpx.Client) -> None:
    """Define Tasks whose schedules fire each minute; their jitter ends within 50 seconds."""
    task = client.get(f"/tasks/{TASK}").raise_for_status().json()
    draw = random.Random(7)
    for number in range(_TASKS):
        schedules = [
            {
                "name": f"s{index}",
                "cron": f"{draw.randrange(60)} * * * * *",
                "jitterSeconds": draw.choice([0, 10, 50]),
            }
            for index in range(_SCHEDULES)
        ]
        body = {"job": task["job"], "parameters": {"seconds": "0.1"}, "schedules": schedules}
        client.put(f"/tasks/lag-{number}", json=body).raise_for_status()


def _runs(client: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number in range(_TASKS):
        token: str | None = None
        while True:
            query = {"task": f"lag-{number}", "limit": 100}
            if token is not None:
                query["continuationToken"] = token
            page = client.get("/task-runs", params=query).raise_for_status().json()
            found += page["items"]
            if (token := page["continuationToken"]) is None:
                break
    return found


def _planned(run: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(run["startsAt"])


def _next_minute() -> float:
    return (time.time() // 60 + 1) * 60


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, round(len(ordered) * share))] * 1000
