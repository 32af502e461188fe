"""Tests of the start and the end of the local Functions host."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
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


def test_an_app_that_cannot_be_loaded_ends_the_host_with_the_reason(
    start_host: StartHost, tmp_path: Path
) -> None:
    host = start_host(app=_app(tmp_path, "import nothing_of_that_name\n"))

    assert host.process.wait(timeout=TIMEOUT) == 1
    assert "nothing_of_that_name" in host.log_text()
    assert "The host has ended. exit_code=1" in host.log_text()
    assert host.rest_of_stdout() == ""


LOADS = """
import asyncio, json, os, sys
from pathlib import Path
from devhost.app.worker import AppFailed, FunctionApp
for folder, variables in json.load(sys.stdin):
    if (child := os.fork()) == 0:
        os.environ.update(variables)
        os.chdir(folder)
        try:
            asyncio.run(FunctionApp().load(Path(folder)))
        except AppFailed as failure:
            print(json.dumps(failure.report), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_the_report_names_the_reason_why_an_app_cannot_be_loaded(tmp_path: Path) -> None:
    storage = "UseDevelopmentStorage=true"
    wrong = {"POLYSYNC_STORAGE": storage, "POLYSYNC_ENVIRONMENT": "test"}
    apps = {"without-an-app": "answer = 42\n", "without-a-file": None}
    loads = [[str(_app(tmp_path / name, source)), {}] for name, source in apps.items()]
    ended = subprocess.run(
        [sys.executable, "-c", LOADS],
        cwd=ROOT,
        input=json.dumps([*loads, [str(ROOT), wrong]]),
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT,
    )

    no_app, no_file, setting = map(json.loads, ended.stdout.splitlines())
    assert "Could not find top level function app" in no_app
    assert "There is no function_app.py" in no_file
    assert setting.startswith("A setting of the app is wrong: POLYSYNC_ENVIRONMENT is 'test'")
    assert "Traceback" not in setting


def _app(folder: Path, source: str | None) -> Path:
    """Return the folder of an app with this source, or without its file."""
    app = folder / "app"
    app.mkdir(parents=True)
    shutil.copy(ROOT / "host.json", app)
    if source is not None:
        (app / "function_app.py").write_text(source)
    return app


def test_an_app_without_streaming_is_served_until_an_interrupt(start_host: StartHost) -> None:
    host = start_host(app=HERE / "plain_app").ready()

    answer = host.http.post("/plain/7?x=y", content=b"body")
    assert (answer.status_code, answer.headers["x-plain"]) == (201, "yes")
    assert answer.json() == {"id": "7", "x": "y", "body": "body"}
    assert host.http.cookies["seen"] == "yes"
    assert host.http.get("/broken").status_code == 500
    host.require_clean_end(signal.SIGINT)
