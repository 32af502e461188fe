"""Runs the storage tests on the emulator, the fake and SQLite."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from polysync_core.storage.azure.connection import StorageConnection
from polysync_core.storage.azure.tables import AzureTables
from polysync_core.storage.sqlite.database import Database
from polysync_core.storage.sqlite.tables import SqliteTables
from polysync_core.storage.tables import Tables
from tests.fakes.tables import TableService


@pytest.fixture(params=["emulator", "fake", "sqlite"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tables]:
    """Tables of this test alone."""
    if request.param == "sqlite":
        opened: Tables = SqliteTables(Database(tmp_path / "polysync.db"))
    else:
        opened = _azure(request, request.param)
    yield opened
    opened.close()


@pytest.fixture(params=["emulator", "fake"])
def azure_storage(request: pytest.FixtureRequest) -> Iterator[AzureTables]:
    """Tables of this test alone, below which calls to Azure can fail."""
    opened = _azure(request, request.param)
    yield opened
    opened.close()


def _azure(request: pytest.FixtureRequest, kind: str) -> AzureTables:
    if kind == "fake":
        return TableService().storage()
    azurite: StorageConnection = request.getfixturevalue("azurite")
    return AzureTables(azurite, prefix=f"t{uuid.uuid4().hex[:12]}")
