"""The table, put together."""

from __future__ import annotations

from dataclasses import replace

from tests.contract.appkit.rows import (
    cancelling,
    failures,
    impatience,
    keys,
    parameters,
    reading,
    running,
    streaming,
    web,
)

PARTS = (keys, running, parameters, reading, cancelling, failures, streaming, web)
TABLE = (
    *(row for part in PARTS for row in part.ROWS),
    *(replace(row, impatient=True) for row in impatience.ROWS),
)
KEYS = {row.name: row.setup.key or f"r{number:03}" for number, row in enumerate(TABLE)}
"""The key of each row's job."""
