"""The start and the end of `polysync dev`."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.integration.devhost.host_process import eventually, is_alive
from tests.integration.embedded.dev_process import Dev, StartDev

pytestmark = [pytest.mark.devhost, pytest.mark.slow]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """A host with simulators. The first tests look at it, and the last of them ends it."""
    host = Dev(tmp_path_factory.mktemp("running") / "data", "--simulators")
    yield host.ready()
    host.close()


def test_it_listens_on_loopback_only(running: Dev) -> None:
    connections = psutil.Process(running.process.pid).net_connections("tcp")
    listening = [each.laddr for each in connections if each.status == psutil.CONN_LISTEN]
    assert [tuple(each) for each in listening] == [("127.0.0.1", running.port)]


def test_a_data_folder_in_use_is_one_clear_line(
    dev: StartDev, running: Dev, tmp_path: Path
) -> None:
    (tmp_path / "data").symlink_to(running.data)

    refusal = dev().refusal()
    assert "polysync.db is in use by another process: stop that process" in refusal


def test_sigterm_ends_it_cleanly_with_its_simulators(running: Dev) -> None:
    children = psutil.Process(running.process.pid).children(recursive=True)
    assert len(children) >= 3
    _check_clean_end(running, signal.SIGTERM)

    eventually(lambda: not any(map(is_alive, children)))


def test_sigint_ends_it_cleanly_and_its_log_can_be_json(dev: StartDev) -> None:
    host = dev("--log-format", "json").ready()
    _check_clean_end(host, signal.SIGINT)

    entries = [json.loads(line) for line in host.log_text().splitlines()]
    assert {"time", "level", "logger", "message"} <= entries[0].keys()
    assert "The host has ended." in [each["message"] for each in entries]


def _check_clean_end(host: Dev, number: signal.Signals) -> None:
    url = f"http://127.0.0.1:{host.port}/api/health"
    with httpx.Client() as idle:
        assert idle.get(url).json() == {"status": "ok"}
        assert host.end(number) == 0

    assert "The host has ended." in host.log_text()
    assert "Traceback" not in host.log_text()


def test_a_signal_before_it_is_ready_ends_it_as_well(dev: StartDev) -> None:
    host = dev()
    eventually(lambda: _listens(host.port))

    assert host.end() == 0


def test_a_second_signal_ends_it_at_once(dev: StartDev) -> None:
    host = dev().ready()
    # A request whose body never arrives keeps the first signal from ending the host.
    with socket.create_connection(("127.0.0.1", host.port)) as wire:
        head = "POST /api/tasks/x/run HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n"
        wire.sendall(head.encode())
        host.process.send_signal(signal.SIGTERM)
        eventually(lambda: "a second signal ends it at once" in host.log_text())

        assert host.end(signal.SIGINT) == 128 + signal.SIGINT


def test_a_taken_port_is_one_clear_line(dev: StartDev) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refusal = dev(port=port).refusal()

    assert refusal == f"Error: Port {port} is in use: choose another with --port."


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        pytest.param(
            {"POLYSYNC_ENVIRONMENT": "test"}, "POLYSYNC_ENVIRONMENT is 'test'", id="a wrong value"
        ),
        pytest.param(
            {"POLYSYNC_STORAGE__accountName": "x"},
            "this host stores in the folder of --data: unset POLYSYNC_STORAGE__accountName.",
            id="another storage",
        ),
    ],
)
def test_a_wrong_setting_is_one_clear_line(
    dev: StartDev, variables: dict[str, str], reason: str
) -> None:
    assert reason in dev(**variables).refusal()


def test_a_damaged_file_is_one_clear_line(dev: StartDev, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "polysync.db").write_bytes(b"no database" * 1000)

    assert "is damaged or is not a database of Polysync: restore a backup" in dev().refusal()


def test_a_folder_that_cannot_be_created_is_one_clear_line(dev: StartDev, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    refusal = dev(data="file/data").refusal()
    assert refusal.endswith("choose another folder with --data.")


def test_the_simulators_end_if_the_host_is_killed(dev: StartDev) -> None:
    host = dev("--simulators").ready()
    children = psutil.Process(host.process.pid).children(recursive=True)

    host.end(signal.SIGKILL)
    eventually(lambda: not any(map(is_alive, children)))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
