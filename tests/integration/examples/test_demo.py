"""The demo, with a stand-in for the local host: a process that serves the API from a script."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from examples import demo, local_host
from tests.integration.devhost.host_process import PATIENCE

REPOSITORY = Path(__file__).parents[3]
HOST = """
import json, signal, sys, threading
from pathlib import Path
from urllib.parse import urlsplit
from tests.unit.cli.conftest import build_run
from tests.unit.cli.fake_api import Answer, FakeApi

told = dict(zip(sys.argv[1::2], sys.argv[2::2]))
behaviour = {behaviour!r}
data = Path(told["--data"])

class Api(FakeApi):
    def react(self, request):
        (data / "requests.jsonl").open("a").write(json.dumps([request.path, request.body]) + "\\n")
        parts = request.path.split("/")
        if parts[1] == "definitions":
            return Answer({{"create": [{{"kind": "task", "name": "t"}}]}})
        if parts[1] == "graph":
            return Answer({{"nodes": [{{"task": "land"}}, {{"task": "join"}}],
                           "edges": [{{"from": "land", "to": "join", "condition": "OnFailure"}}]}})
        if parts[1] == "tasks":
            return Answer({{"runId": parts[2]}}, status=202)
        return Answer({{"items": self.runs(), "continuationToken": None}})

    looks = 0

    def runs(self):
        # At each look one more task of the graph has ended, and the next runs.
        order = ["land", "load", "join", "publish"]
        self.looks += 1
        runs = [build_run(self.status(task), task=task) for task in order[: self.looks]]
        if self.looks > len(order) and behaviour != "no report":
            report = data / "simulators/databricks/lakehouse/reports/revenue.txt"
            report.parent.mkdir(parents=True, exist_ok=True)
            report.write_text("Revenue [bold]1,234[/bold]")
        return runs[::-1]

    def status(self, task):
        place = ["land", "load", "join", "publish"].index(task)
        if behaviour == "load" and place > 1:
            return "Skipped"
        if place == self.looks - 1:
            return "Running"
        if behaviour == task:
            return "Failed"
        return "Succeeded"

ended = threading.Event()
signal.signal(signal.SIGINT, lambda *_: ended.set())
print("line 1 of the log", flush=True)
if behaviour == "dies":
    sys.exit(3)
with Api(port=int(told["--port"])) as api:
    if behaviour != "hangs":
        print("ready", api.url, flush=True)
    ended.wait()
(data / "ended").touch()
"""
DEFINITIONS = """
platforms:
  - {name: lakehouse, attributes: {workspaceUrl: "http://127.0.0.1:8787"}}
tasks:
  - {name: publish, dependencies: [{task: join}]}
  - {name: land}
  - {name: join, dependencies: [{task: land}, {task: load}]}
  - {name: load, dependencies: [{task: land}]}
"""


class Stage:
    """A folder with the stand-in, and a way to run the demo in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.script = folder / "run_demo.py"
        (folder / "definitions.yaml").write_text(DEFINITIONS)
        (folder / "devhost").mkdir()
        (folder / "devhost" / "__init__.py").touch()  # or the real package would come before it
        self.script.write_text(
            "import sys\n"
            "from pathlib import Path\n"
            "from examples import demo, local_host\n"
            f"local_host.ROOT = Path({str(folder)!r})\n"
            "demo.DEFINITIONS = local_host.ROOT / 'definitions.yaml'\n"
            "sys.exit(demo.main())\n"
        )

    def start(self, behaviour: str) -> subprocess.Popen[str]:
        (self.folder / "devhost" / "__main__.py").write_text(HOST.format(behaviour=behaviour))
        ports = ["--port", str(a_free_port()), "--databricks-port", "18787"]
        return subprocess.Popen(
            [sys.executable, str(self.script), *ports, "--data", str(self.data)],
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, behaviour: str) -> tuple[int, str]:
        process = self.start(behaviour)
        output, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, output

    def requests(self) -> str:
        return (self.data / "requests.jsonl").read_text()


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_runs_everything_in_order_shows_the_report_and_stops(stage: Stage):
    exit_code, output = stage.run("works")

    assert exit_code == 0
    ended = [line for line in output.splitlines() if line.endswith(": Succeeded")]
    assert ended == [f"{task}: Succeeded" for task in ("land", "load", "join", "publish")]
    assert stage.requests().count('"/tasks/') == 1
    assert "Monitor URL" in output
    assert "[OnFailure] join" in output
    assert "Revenue [bold]1,234[/bold]" in output
    assert '"workspaceUrl": "http://127.0.0.1:18787"' in stage.requests()
    assert (stage.data / "ended").exists()


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        pytest.param("load", "load ended as Failed: ZeroDivisionError", id="a run that fails"),
        pytest.param("no report", "The pipeline left no report", id="a product that is missing"),
        pytest.param("dies", "The local host ended with exit code 3", id="a host that dies"),
    ],
)
def test_a_failure_ends_with_1_and_the_log(stage: Stage, behaviour: str, reason: str):
    exit_code, output = stage.run(behaviour)

    assert exit_code == 1
    assert f"The demo failed: {reason}" in output
    assert "line 1 of the log" in output
    assert "join: Running" not in output or behaviour == "no report"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_stops_the_host_too(stage: Stage, number: signal.Signals):
    process = stage.start("hangs")
    log, until = stage.data / "devhost.log", time.monotonic() + PATIENCE
    while not (log.exists() and "line 1" in log.read_text()) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(number)
    output, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 130
    assert "all is stopped" in output
    assert (stage.data / "ended").exists()


def test_tasks_without_dependencies_keep_the_order_of_the_file():
    tasks: list[Any] = [{"name": name} for name in ("c", "a", "b")]

    assert demo.in_order({"tasks": tasks}) == ["c", "a", "b"]


def test_takes_the_next_ports_where_the_usual_ones_are_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])

        assert local_host.free_ports(port, 3) > port


def test_never_empties_a_folder_that_it_was_given(tmp_path: Path):
    (tmp_path / "mine").touch()

    with pytest.raises(local_host.DemoFailed, match="is not empty"):
        local_host.fresh_folder(tmp_path)
    assert (tmp_path / "mine").exists()
