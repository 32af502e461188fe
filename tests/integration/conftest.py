"""Azurite and the whole app, which the integration tests share."""

from __future__ import annotations

import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from polysync_core.storage.azure.connection import StorageConnection
from polysync_core.storage.azure.tables import AzureTables
from tests.faults.local_system import LocalSystem
from tests.host_kinds import HostKind, require
from tests.integration.devhost.host_process import TIMEOUT, free_ports
from tests.integration.whole_app import whole_app
from tests.shared import Shared

_SHARED = Shared(Path(__file__).parent)
_ROOT = Path(__file__).parents[2]
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageConnection]:
    """The emulator in memory and on free ports, until the end of the session."""
    # Not ports of the system's ephemeral range: another program might get one before Azurite.
    blob = free_ports(3)
    queue, table = blob + 1, blob + 2
    process = subprocess.Popen(
        [
            *(str(_ROOT / "node_modules/.bin/azurite"), "--inMemoryPersistence", "--silent"),
            *("--skipApiVersionCheck", "--disableTelemetry"),
            *("--blobPort", str(blob), "--queuePort", str(queue), "--tablePort", str(table)),
        ],
        cwd=tmp_path_factory.mktemp("azurite"),
        stdout=subprocess.DEVNULL,
    )
    try:
        for port in (blob, queue, table):
            _wait_for(port, process)
        yield StorageConnection(connection_string=_connection_string(blob, queue, table))
    finally:
        process.terminate()
        process.wait(timeout=TIMEOUT)


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


def _connection_string(blob: int, queue: int, table: int) -> str:
    account = "devstoreaccount1"
    return ";".join(
        [
            f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={_KEY}",
            f"BlobEndpoint=http://127.0.0.1:{blob}/{account}",
            f"QueueEndpoint=http://127.0.0.1:{queue}/{account}",
            f"TableEndpoint=http://127.0.0.1:{table}/{account}",
        ]
    )


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"Azurite does not listen on port {port}")
