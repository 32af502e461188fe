"""Measures whether the cost of a run grows while a host executes thousands."""

from __future__ import annotations

import argparse
import asyncio

from bench.host import EmbeddedHost, measured_host
from bench.load import WARM_UP, run_unread
from bench.report import row, title

_STEPS = (200, 1_800, 2_000, 2_000, 2_000, 2_000)
_SECONDS = 0.1


def growth(_: argparse.Namespace) -> None:
    """Measure the cost of a run from the first to the ten-thousandth one."""
    title(f"Runs of {_SECONDS:g} s on one host")
    with measured_host() as host:
        asyncio.run(run_unread(host.url, WARM_UP, seconds=_SECONDS))
        done, size = 0, _stored_bytes(host)
        for step in _STEPS:
            before = host.program.cpu_seconds()
            asyncio.run(run_unread(host.url, step, seconds=_SECONDS))
            cpu = host.program.cpu_seconds() - before
            done += step
            memory, grown = host.program.memory_megabytes(), _stored_bytes(host) - size
            row(
                f"{done} runs",
                f"{cpu / step * 1000:.1f} ms of CPU per run, {memory:.0f} MB (PSS), "
                f"{grown / done:.0f} bytes of the file per run",
            )


def _stored_bytes(host: EmbeddedHost) -> int:
    """Return the size of the file, without its log of bounded size."""
    return host.database.stat().st_size
