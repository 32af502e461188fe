"""Starts hosts that end after the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.embedded.dev_process import Dev, StartDev


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[StartDev]:
    started: list[Dev] = []

    def start(*options: str, data: str = "data", port: int | None = None, **env: str) -> Dev:
        started.append(Dev(tmp_path / data, *options, port=port, **env))
        return started[-1]

    yield start
    for each in started:
        each.close()
