"""Somebody who listens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.telemetry import Listener, listening


@pytest.fixture
def told() -> Iterator[Listener]:
    with listening() as listener:
        yield listener
