"""The fake of Table Storage goes through the tests of the emulator, so that it may be trusted."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from polysync_core.storage.azure.connection import StorageConnection
from polysync_core.storage.azure.tables import TableStorage
from tests.fakes.tables import TableService


@pytest.fixture(params=["emulator", "fake"])
def storage(request: pytest.FixtureRequest) -> Iterator[TableStorage]:
    """Tables that no other test sees."""
    if request.param == "fake":
        yield TableService().storage()
        return
    azurite: StorageConnection = request.getfixturevalue("azurite")
    opened = TableStorage(azurite, prefix=f"t{uuid.uuid4().hex[:12]}")
    yield opened
    opened.close()
