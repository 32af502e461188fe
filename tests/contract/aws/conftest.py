"""Fixtures of the tests with AWS's official client: the simulator, and moto's server."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from tests.fakes.simulators import SimulatorProcess


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    """A simulator of AWS."""
    process = SimulatorProcess("simulators.aws", tmp_path_factory.mktemp("aws"), "--page-size", "2")
    yield process
    assert process.stop() == 0


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """The address of moto's server, which runs neither containers nor state machines."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        configure(url)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def configure(url: str) -> None:
    """Choose the modes without containers, as soon as the server answers."""
    modes = {
        "lambda": {"use_docker": False},
        "batch": {"use_docker": False},
    }
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{url}/moto-api/config",
        data=json.dumps(modes).encode(),
        headers={"Content-Type": "application/json"},
    )
    deadline = time.monotonic() + 60
    while not answers(request):
        assert time.monotonic() < deadline, "moto did not start"
        time.sleep(0.2)


def answers(request: urllib.request.Request) -> bool:
    """Return whether a server accepts a request."""
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
            return bool(answer.status < 300)
    except OSError:
        return False


@pytest.fixture(autouse=True)
def no_faults(simulator: SimulatorProcess) -> None:
    simulator.clear_faults()
    simulator.control("PUT", "quirks", {"quirks": []})
