"""Fixtures of the tests with boto3: the simulator of AWS, and moto's server."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from tests.fakes.simulators import SimulatorProcess


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    """A simulator of AWS whose lists have short pages."""
    process = SimulatorProcess("simulators.aws", tmp_path_factory.mktemp("aws"), "--page-size", "2")
    yield process
    assert process.stop() == 0


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of moto's server, an independent implementation of AWS.

    Its Batch finishes jobs at once and needs no Docker.
    """
    log = (tmp_path_factory.mktemp("moto") / "log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-c", _MOTO],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env={**os.environ, "MOTO_CALL_RESET_API": "false"},
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    _wait_until_ready(url)
    yield url
    process.kill()
    process.communicate()
    log.close()


_MOTO = """
from werkzeug.serving import make_server
from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
default_user_config["batch"] = {"use_docker": False}
app = DomainDispatcherApplication(create_backend_app)
server = make_server("127.0.0.1", 0, app, threaded=True)
print(f"http://127.0.0.1:{server.port}", flush=True)
server.serve_forever()
"""


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"{url}/moto-api/data.json", timeout=5)  # noqa: S310 - loopback
        except OSError:
            assert time.monotonic() < deadline, "moto's server did not start"
            time.sleep(0.1)
        else:
            return
