"""Tests of the start and the end of the local Functions host."""

from __future__ import annotations

import shutil
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from tests.host_kinds import HostKind, require
from tests.integration.devhost.host_process import (
    HERE,
    ROOT,
    TIMEOUT,
    HostProcess,
    StartHost,
    eventually,
    is_alive,
)

pytestmark = [pytest.mark.devhost, pytest.mark.azurite]


class Killed(NamedTuple):
    """The children of a killed host, and the next host on its data."""

    children: Sequence[psutil.Process]
    following: HostProcess


def test_a_signal_ends_it_cleanly_with_its_children(start_host: StartHost) -> None:
    host = start_host().ready()
    host.post("/table?row=before")
    with host.http.stream("GET", "/events?count=1000"):
        _check_clean_end(host, signal.SIGTERM)


def _check_clean_end(host: HostProcess, number: signal.Signals) -> None:
    children = host.children()
    assert host.end(number) == 0

    assert "did not end in time" not in host.log_text()
    eventually(lambda: not any(map(is_alive, children)))
    assert host.rest_of_stdout() == ""


@pytest.mark.parametrize(
    "sign",
    [
        pytest.param("Azurite Blob service is starting", id="while Azurite starts"),
        pytest.param("Azurite Table service is successfully", id="while the app is loaded"),
    ],
)
def test_a_signal_before_it_is_ready_ends_it_as_well(start_host: StartHost, sign: str) -> None:
    host = start_host()
    eventually(lambda: sign in host.log_text())

    assert host.end() == 0
    assert "did not end in time" not in host.log_text()


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    """Kill a host, and start another one at once on the same data and ports."""
    require(HostKind.FUNCTIONS)
    data = tmp_path_factory.mktemp("killed") / "data"
    with ExitStack() as opened:
        earlier = HostProcess(data)
        opened.callback(earlier.close)
        earlier.ready()
        earlier.post("/table?row=kept")
        earlier.queue("other").send_message("kept")
        children = earlier.children()
        earlier.end(signal.SIGKILL)
        # The earlier Azurite is still stopping.
        following = HostProcess(data, base=earlier.base)
        opened.callback(following.close)
        yield Killed(children, following.ready())


def test_after_sigkill_no_child_is_left_and_the_data_is_there(killed: Killed) -> None:
    eventually(lambda: not any(map(is_alive, killed.children)))
    assert killed.following.get("/table") == ["kept"]
    assert len(killed.following.queue("other").peek_messages()) == 1


# It ends the host, so it follows the other test of this host.
def test_the_host_ends_with_a_message_when_azurite_dies(killed: Killed) -> None:
    host = killed.following
    for child in host.children():
        if child.name() != "durable-host":
            child.kill()

    assert host.process.wait(timeout=TIMEOUT) == 1
    assert "program=azurite exit_code=-9" in host.log_text()


def test_the_host_ends_with_a_message_when_its_engine_dies(start_host: StartHost) -> None:
    host = start_host().ready()
    for child in host.children():
        if child.name() == "durable-host":
            child.kill()

    assert host.process.wait(timeout=TIMEOUT) == 1
    assert "program=durable-host exit_code=-9" in host.log_text()


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        pytest.param("", "POLYSYNC_DURABLE_HOST is not set: build", id="without the variable"),
        pytest.param("/absent", "POLYSYNC_DURABLE_HOST names no file", id="without the program"),
        pytest.param("/bin/false", "exit code 1 before it was ready", id="a program that ends"),
    ],
)
def test_a_missing_engine_is_one_clear_line(
    start_host: StartHost, program: str, reason: str
) -> None:
    host = start_host(variables={"POLYSYNC_DURABLE_HOST": program})

    assert host.process.wait(timeout=TIMEOUT) == 1
    assert reason in host.log_text()
    assert "Traceback" not in host.log_text()


def test_a_taken_port_is_one_clear_line(start_host: StartHost) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        base = taken.getsockname()[1] - 3
        refused = start_host("other", base=base)
        assert refused.process.wait(timeout=TIMEOUT) == 1

    assert f"Port {base + 3} is in use: choose another with --port." in refused.log_text()
    assert "Traceback" not in refused.log_text()


def test_a_wrong_setting_of_the_app_is_one_clear_line(tmp_path: Path) -> None:
    host = HostProcess(tmp_path / "data", app=ROOT, variables={"POLYSYNC_ENVIRONMENT": "test"})
    try:
        assert host.process.wait(timeout=TIMEOUT) == 1
    finally:
        host.close()

    assert "A setting of the app is wrong: POLYSYNC_ENVIRONMENT is 'test'" in host.log_text()
    assert "Traceback" not in host.log_text()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        pytest.param("import nothing_of_that_name\n", "nothing_of_that_name", id="a failed import"),
        pytest.param("answer = 42\n", "Could not find top level function app", id="no app in it"),
        pytest.param(None, "There is no function_app.py", id="no function_app.py"),
    ],
)
def test_an_app_that_cannot_be_loaded_is_exit_code_1_with_the_reason(
    start_host: StartHost, tmp_path: Path, source: str | None, reason: str
) -> None:
    app = tmp_path / "app"
    app.mkdir()
    shutil.copy(ROOT / "host.json", app)
    if source is not None:
        (app / "function_app.py").write_text(source)
    host = start_host(app=app)

    assert host.process.wait(timeout=TIMEOUT) == 1
    assert reason in host.log_text()
    assert "The host has ended. exit_code=1" in host.log_text()
    assert host.rest_of_stdout() == ""


def test_an_app_without_streaming_is_served_until_an_interrupt(start_host: StartHost) -> None:
    host = start_host(app=HERE / "plain_app").ready()

    answer = host.http.post("/plain/7?x=y", content=b"body")
    assert (answer.status_code, answer.headers["x-plain"]) == (201, "yes")
    assert answer.json() == {"id": "7", "x": "y", "body": "body"}
    assert host.http.cookies["seen"] == "yes"
    assert host.http.get("/broken").status_code == 500
    _check_clean_end(host, signal.SIGINT)
