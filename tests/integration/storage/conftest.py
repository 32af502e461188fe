"""Runs the storage tests with the emulator and with the fake of Table Storage."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from polysync_core.storage.azure.connection import StorageConnection
from polysync_core.storage.azure.tables import TableStorage
from tests.fakes.tables import TableService


@pytest.fixture(params=["emulator", "fake"])
def storage(request: pytest.FixtureRequest) -> Iterator[TableStorage]:
    """Tables of this test alone."""
    if request.param == "fake":
        yield TableService().storage()
        return
    azurite: StorageConnection = request.getfixturevalue("azurite")
    opened = TableStorage(azurite, prefix=f"t{uuid.uuid4().hex[:12]}")
    yield opened
    opened.close()
