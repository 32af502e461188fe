"""The programs beside the app, with a simulator written for the test."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from devhost import programs
from devhost.settings import Options
from polysync_embedded import child_programs as children
from polysync_embedded.child_programs import Child, Program
from polysync_embedded.options import StartRefused
from tests.integration.devhost.host_process import TIMEOUT, eventually, free_ports, is_alive

SIMULATOR = """
import sys, time
assert sys.argv[1] == "--port" and sys.argv[3] == "--data"
print("ready at", sys.argv[2], flush=True)
time.sleep(60)
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one simulator that says when it is ready."""
    package = tmp_path / "simulators" / "databricks"
    package.mkdir(parents=True)
    (package / "__main__.py").write_text(SIMULATOR)
    (tmp_path / "simulators" / "no_simulator").mkdir()
    for module in (programs, children):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    return tmp_path


def options(repository: Path) -> Options:
    return Options(app=repository, data=repository / "data", port=7072)


def start(program: Program, on_exit: Callable[[Child], None] = lambda _: None) -> Child:
    child = Child(program)
    child.watch(on_exit)
    return child


def end(child: Child) -> None:
    child.terminate()
    child.wait(time.monotonic() + TIMEOUT)


def script(text: str) -> Program:
    command = [sys.executable, "-uc", textwrap.dedent(text)]
    return Program(name="script", command=command, ports=(1,), option="--port")


def test_each_simulator_is_started_on_its_port_with_its_data(repository: Path) -> None:
    (program,) = programs.simulators(options(repository))

    data = str(repository / "data" / "simulators" / "databricks")
    assert program.command[-4:] == ["--port", "8788", "--data", data]
    assert (program.ports, program.option) == ((8788,), "--databricks-port")


def test_a_simulator_is_up_when_it_says_so_and_its_lines_are_in_the_log(
    repository: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (program,) = programs.simulators(options(repository))
    child = start(program)
    try:
        assert eventually(child.is_up)
        assert ("simulators.databricks", "ready at 8788") in [
            (record.name, record.getMessage()) for record in caplog.records
        ]
    finally:
        end(child)


def test_the_end_of_a_program_is_reported_with_its_exit_code() -> None:
    ended: list[int | None] = []
    start(script("raise SystemExit(3)"), lambda child: ended.append(child.exit_code))

    eventually(lambda: ended)
    assert ended == [3]


def test_a_program_that_does_not_end_is_killed() -> None:
    program = script(
        "import signal, time; signal.signal(15, lambda *_: None); print('ready ');\n"
        "while True: time.sleep(1)"
    )
    child = start(program)
    eventually(lambda: child.ready)
    child.terminate()
    child.wait(0)

    assert child.exit_code == -signal.SIGKILL


def test_a_program_receives_the_hosts_end_and_can_still_write(tmp_path: Path) -> None:
    """Output after the end of the host once broke the pipe too early."""
    saved = tmp_path / "saved"
    program = f"""
        import signal, sys, time
        def save(*_):
            print("saving", flush=True)
            open({str(saved)!r}, "w").close()
            sys.exit()
        signal.signal(signal.SIGTERM, save)
        print("ready ", flush=True)
        time.sleep(60)
    """
    host = f"""
        import time
        from polysync_embedded.child_programs import Child, Program
        program = Program(
            name="script", command={[sys.executable, "-uc", textwrap.dedent(program)]!r},
            ports=(1,), option="--port",
        )
        child = Child(program)
        child.watch(lambda _: None)
        while not child.ready:
            time.sleep(0.01)
        print(child._process.pid, flush=True)
        time.sleep(60)
    """
    with subprocess.Popen(
        [sys.executable, "-uc", textwrap.dedent(host)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as process:
        assert process.stdout is not None
        child = psutil.Process(int(process.stdout.readline()))
        os.kill(process.pid, signal.SIGKILL)

    eventually(saved.exists)
    eventually(lambda: not is_alive(child))


def test_a_missing_azurite_is_one_clear_line(repository: Path) -> None:
    with pytest.raises(StartRefused, match=r"node_modules/\.bin/azurite"):
        programs.azurite(options(repository))


def test_a_port_that_stays_in_use_is_named_with_its_option() -> None:
    port = free_ports(1)
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(StartRefused, match=f"Port {port} is in use.*--storage-port-base"),
    ):
        children.require_free(port, "--storage-port-base", timeout=0.1)
    children.require_free(port, "--storage-port-base", timeout=0)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(StartRefused, match="is not a port"):
        children.require_free(port, "--databricks-port", timeout=0)
