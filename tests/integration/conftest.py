"""Azurite and the whole app, which the integration tests share."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from devhost.settings import storage_connection
from polysync_core.storage.azure.connection import StorageConnection
from polysync_core.storage.azure.tables import AzureTables
from tests.azurite import running_azurite
from tests.faults.local_system import LocalSystem
from tests.host_kinds import HostKind, require
from tests.integration.whole_app import whole_app
from tests.shared import Shared

_SHARED = Shared(Path(__file__).parent)


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageConnection]:
    """The emulator in memory and on free ports, until the end of the session."""
    with running_azurite(tmp_path_factory.mktemp("azurite")) as base:
        yield StorageConnection(connection_string=storage_connection(base))


@pytest.fixture(scope="module", params=HostKind)
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LocalSystem:
    """The whole app on each host. All tests share it, so each test uses its own names."""
    kind: HostKind = request.param
    require(kind)
    return _SHARED.get(kind, lambda: whole_app(tmp_path_factory.mktemp(kind), kind))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """End the shared systems after the last test of this folder."""
    _SHARED.close_before(nextitem)


@pytest.fixture
def storage(azurite: StorageConnection) -> Iterator[AzureTables]:
    """Tables of this test alone."""
    opened = AzureTables(azurite, prefix=f"t{uuid.uuid4().hex[:12]}")
    yield opened
    opened.close()
