"""Fixtures of the telemetry tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.telemetry import Listener, listening


@pytest.fixture
def exported() -> Iterator[Listener]:
    with listening() as listener:
        yield listener
