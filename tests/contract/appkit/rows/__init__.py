"""The whole table of requests."""

from __future__ import annotations

from dataclasses import replace

from tests.contract.appkit.rows import (
    cancellations,
    failures,
    names,
    parameters,
    reads,
    short_timeout,
    starts,
    streams,
    web,
)

PARTS = (names, starts, parameters, reads, cancellations, failures, streams, web)
TABLE = (
    *(row for part in PARTS for row in part.ROWS),
    *(replace(row, short_timeout=True) for row in short_timeout.ROWS),
)
JOB_NAMES = {row.name: row.setup.name or f"r{number:03}" for number, row in enumerate(TABLE)}
"""The name of each row's job."""
