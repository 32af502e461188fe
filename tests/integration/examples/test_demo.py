"""Tests the demo with a fake local host that serves the API from a script."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from polysync_core.storage.sqlite.database import FILE_NAME, Database
from polysync_embedded.demo import system, walkthrough
from tests.integration.devhost.host_process import TIMEOUT, free_ports

REPOSITORY = Path(__file__).parents[3]
HOST = """
import json, signal, sys, threading
from contextlib import ExitStack
from pathlib import Path
from tests.unit.cli.conftest import build_run
from tests.unit.cli.fake_api import Answer, FakeApi

options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
behaviour = {behaviour!r}
data = Path(options["--data"])
order = ["land", "load", "forecast-revenue", "publish-figures", "send-figures"]
page = "http://127.0.0.1:" + options["--google_functions"] + "/published/1"
outputs = {{
    "load": {{"rows": 500}},
    "publish-figures": {{"url": page, "[b]fields[/b]": 3}},
    "send-figures": {{"revenue_cents": 1200, "forecast_cents": 1300}},
}}
lake = data / "simulators/databricks/lakehouse"
JOB = {{
    "status": "Completed",
    "inputs": {{"revenue_cents": {{"value": "1200"}}}},
    "outputs": {{"forecast_cents": {{"value": "1300"}}}},
}}

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

    polls = 0

    def runs(self):
        # At each poll one more task of the graph has ended, and the next one runs.
        self.polls += 1
        runs = [self.run(task) for task in order[: self.polls]]
        if self.polls > len(order) and behaviour != "no report":
            for path, text in [("reports/revenue.txt", "Revenue [bold]1,234[/bold]"),
                               ("gold/revenue_by_month.csv", "revenue_cents\\n500\\n700\\n")]:
                (lake / path).parent.mkdir(parents=True, exist_ok=True)
                (lake / path).write_text(text)
        return runs[::-1]

    def run(self, task):
        return build_run(self.status(task), task=task, outputs=outputs.get(task, {{}}))

    def status(self, task):
        index = order.index(task)
        if behaviour == "load" and index > 1:
            return "Skipped"
        if index == self.polls - 1:
            return "Running"
        if behaviour == task:
            return "Failed"
        return "Succeeded"

class Foundry(FakeApi):
    def react(self, request):
        known = request.path.endswith("/workspaces/analytics/jobs/4711")
        return Answer({{"properties": JOB}}, status=200 if known else 404)

class Functions(FakeApi):
    def react(self, request):
        forecast = 1299 if behaviour == "another figure" else 1300
        rows = {{"title": "Q4", "revenue_cents": 1200, "forecast_cents": forecast}}
        return Answer("".join(f"<tr><th>{{a}}</th><td>{{b}}</td></tr>" for a, b in rows.items()))

ended = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ended.set())
print("line 1 of the log", flush=True)
if behaviour == "dies":
    sys.exit(3)
with ExitStack() as stack:
    stack.enter_context(Foundry(port=int(options["--ai_foundry"])))
    stack.enter_context(Functions(port=int(options["--google_functions"])))
    api = stack.enter_context(Api(port=int(options["--port"])))
    if behaviour != "hangs":
        print("ready", api.url, flush=True)
    # The system may give the signal to a thread of a server; only this thread calls the handler.
    while not ended.wait(0.1):
        pass
(data / "ended").touch()
"""
DEFINITIONS = """
platforms:
  - {name: lakehouse, attributes: {workspaceUrl: "http://127.0.0.1:8787"}}
  - {name: foundry, attributes: {endpoint: "http://127.0.0.1:9787", workspaceName: analytics}}
  - {name: cloud, attributes: {endpoint: "http://127.0.0.1:9788"}}
jobs:
  - {name: notebook, platform: lakehouse}
  - {name: forecast, platform: foundry}
  - {name: publish, platform: cloud}
  - {name: send, platform: cloud}
tasks:
  - {name: send-figures, job: send, dependencies: [{task: publish-figures}]}
  - {name: publish-figures, job: publish, dependencies: [{task: forecast-revenue}]}
  - {name: land, job: notebook}
  - name: forecast-revenue
    job: forecast
    dependencies: [{task: land}, {task: load, mappings: [{output: rows, input: revenue_cents}]}]
  - {name: load, job: notebook, dependencies: [{task: land}]}
"""


class DemoFolder:
    """A folder with the fake host, in which the demo runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.script = folder / "run_demo.py"
        (folder / "definitions.yaml").write_text(DEFINITIONS)
        # One program replaces the host and the simulators.
        self.script.write_text(
            "import sys\n"
            "from pathlib import Path\n"
            "from polysync_embedded.child_programs import Program\n"
            "from polysync_embedded.demo import walkthrough, system\n"
            f"folder = Path({str(folder)!r})\n"
            "def programs(config):\n"
            "    ports = {'--port': config.port}\n"
            "    for name, port in config.simulators.items():\n"
            "        ports[f'--{name}'] = port\n"
            "    options = [text for pair in ports.items() for text in map(str, pair)]\n"
            "    command = [sys.executable, str(folder / 'host.py'), *options]\n"
            "    command += ['--data', str(config.data)]\n"
            "    return [Program(name='host', command=command, ports=(), option='')]\n"
            "system.programs = programs\n"
            "is_free = system.is_free\n"
            f"system.is_free = lambda port: port >= {free_ports(7)} and is_free(port)\n"
            "walkthrough.DEFINITIONS = folder / 'definitions.yaml'\n"
            "walkthrough.POLL_SECONDS = 0.02\n"
            "sys.exit(walkthrough.run_demo(None, folder / 'data'))\n"
        )

    def start(self, behaviour: str) -> subprocess.Popen[str]:
        (self.folder / "host.py").write_text(HOST.format(behaviour=behaviour))
        return subprocess.Popen(
            [sys.executable, str(self.script)],
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, behaviour: str) -> tuple[int, str]:
        process = self.start(behaviour)
        output, _ = process.communicate(timeout=TIMEOUT)
        return process.returncode, output

    def requests(self) -> str:
        return (self.data / "requests.jsonl").read_text()


@pytest.fixture
def demo_folder(tmp_path: Path) -> DemoFolder:
    return DemoFolder(tmp_path)


def test_the_demo_runs_all_tasks_in_order_shows_the_report_and_stops(demo_folder: DemoFolder):
    exit_code, output = demo_folder.run("works")

    assert exit_code == 0
    ended = [line for line in output.splitlines() if line.endswith(": Succeeded")]
    order = ("land", "load", "forecast-revenue", "publish-figures", "send-figures")
    assert ended == [f"{task}: Succeeded" for task in order]
    assert demo_folder.requests().count('"/tasks/') == 1
    assert "Monitor URL" in output
    assert "[OnFailure] join" in output
    assert "Revenue [bold]1,234[/bold]" in output
    assert "[b]fields[/b]" in output
    assert '"workspaceUrl": "http://127.0.0.1:' in demo_folder.requests()
    assert not re.search("http://127.0.0.1:(8787|9787|9788)", demo_folder.requests())
    assert '"workspaceName": "analytics"' in demo_folder.requests()
    assert (demo_folder.data / "ended").exists()
    cells = [line.split() for line in output.splitlines()]
    assert ["load", "rows", "500", "forecast-revenue", "revenue_cents"] in cells
    assert ["publish-figures", "cloud", "Succeeded", "1"] in [line[:4] for line in cells]
    assert ["Google", "Cloud,", "the", "published", "page", "1200", "1300"] in cells


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        pytest.param("load", "load ended as Failed: ZeroDivisionError", id="a failed run"),
        pytest.param("no report", "The lake has no figures", id="no report"),
        pytest.param(
            "another figure",
            "forecast_cents differs: 1300 in AI Foundry",
            id="a different figure on the page",
        ),
        pytest.param("dies", "host ended with exit code 3", id="a host that dies"),
    ],
)
def test_a_failure_ends_with_exit_code_1_and_the_log(
    demo_folder: DemoFolder, behaviour: str, reason: str
):
    exit_code, output = demo_folder.run(behaviour)

    assert exit_code == 1
    assert f"The demo failed: {reason}" in output
    assert "line 1 of the log" in output
    assert behaviour != "load" or "forecast-revenue: Running" not in output


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_also_stops_the_host(demo_folder: DemoFolder, number: signal.Signals):
    process = demo_folder.start("hangs")
    log, until = demo_folder.data / "host.log", time.monotonic() + TIMEOUT
    while not (log.exists() and "line 1" in log.read_text()) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(number)
    output, _ = process.communicate(timeout=TIMEOUT)

    assert process.returncode == 130
    assert "Everything is stopped" in output
    assert (demo_folder.data / "ended").exists()


def test_tasks_without_dependencies_keep_the_order_of_the_document():
    tasks: list[Any] = [{"name": name} for name in ("c", "a", "b")]

    assert walkthrough.ordered_tasks({"tasks": tasks}) == ["c", "a", "b"]


def test_the_next_ports_are_used_if_the_default_ports_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(system, "is_free", lambda port: port not in (7071, 8787, 9788))
    config = system.choose_ports(None, tmp_path)

    assert config.port == 7072
    assert config.simulators == {
        "databricks": 8788,
        "ai_foundry": 9787,
        "google_functions": 9789,
        "data_factory": 9790,
        "aws": 9791,
    }


def test_the_default_folder_is_emptied_unless_another_demo_uses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    folder = system.empty_folder(None)
    (folder / "old").touch()

    assert [*system.empty_folder(None).iterdir()] == []
    assert (tmp_path / ".polysync" / ".gitignore").read_text() == "*\n"
    database = Database(folder / FILE_NAME)
    try:
        with pytest.raises(system.DemoFailed, match="Another demo is running"):
            system.empty_folder(None)
    finally:
        database.close()


def test_a_folder_of_the_user_is_never_emptied(tmp_path: Path):
    (tmp_path / "mine").touch()

    with pytest.raises(system.DemoFailed, match="is not empty"):
        system.empty_folder(tmp_path)
    assert (tmp_path / "mine").exists()


def test_the_end_names_the_command_and_the_pages_of_the_console(tmp_path: Path):
    config = system.DemoConfig(port=7090, simulators={}, data=tmp_path)

    command, graph, runs = walkthrough.what_to_open(config, "r123").splitlines()

    assert command.endswith(f"polysync dev --data {tmp_path}")
    assert graph.endswith("http://127.0.0.1:7071/console/graph?graphRunId=r123")
    assert runs.endswith("http://127.0.0.1:7071/console/runs")
