"""A simulator of its own for each module, in a process on a free port."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config

REPOSITORY = Path(__file__).parents[3]
TOKEN = "dapi-anything"
PATIENCE = 60
"""How long anything may take that surely happens: a loaded machine is no fault of the product."""
NOTEBOOKS = {
    "echo": """# Databricks notebook source
# MAGIC %md
# MAGIC ## Echo

# COMMAND ----------

import json
dbutils.widgets.text("greeting", "hello", "Greeting")
dbutils.widgets.dropdown("mood", "calm", ["calm", "loud"])

# COMMAND ----------

print("echoing")
dbutils.notebook.exit(json.dumps(dbutils.widgets.getAll()))
""",
    "quiet": """# Databricks notebook source
x = 1
""",
    "fail": """# Databricks notebook source
def divide(a, b):
    return a / b

# COMMAND ----------

divide(1, 0)
""",
    "sleep": """# Databricks notebook source
import time
dbutils.widgets.text("seconds", "30")
time.sleep(float(dbutils.widgets.get("seconds")))
""",
    "die": """# Databricks notebook source
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
""",
    "stubborn": """# Databricks notebook source
import signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "60"])
print(child.pid, flush=True)
time.sleep(60)
""",
    "nested/deep": """# Databricks notebook source
dbutils.notebook.exit("deep")
""",
}


@dataclass(frozen=True)
class Simulator:
    """A running simulator."""

    process: subprocess.Popen[str]
    url: str
    data: Path

    def client(self, token: str = TOKEN) -> WorkspaceClient:
        """Return the official client for it; a resend may take as long as it needs."""
        config = Config(
            host=self.url,
            token=token,
            auth_type="pat",
            retry_timeout_seconds=60,
            config_file="/dev/null",
        )
        return WorkspaceClient(config=config)

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Call the control API."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.url}/simulator/{path}", data=content, method=method
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - loopback
            text = answer.read().decode()
        return json.loads(text) if answer.headers.get_content_type().endswith("json") else text

    def fault(self, **script: object) -> None:
        """Queue one fault."""
        self.control("POST", "faults", {"faults": [script]})

    def submissions(self) -> list[dict[str, Any]]:
        """Return every submit that the simulator accepted."""
        lines = (self.data / "submissions.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def kill(self) -> None:
        """End it the hard way."""
        self.process.kill()
        self.process.communicate()

    def stop(self) -> int:
        """Ask it to end; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=PATIENCE)
        return self.process.returncode


@pytest.fixture(scope="session")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of notebooks that is `/tests` in the workspace."""
    folder = tmp_path_factory.mktemp("notebooks")
    for name, source in NOTEBOOKS.items():
        file = folder / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(source, encoding="utf-8")
    (folder / "library.py").write_text("ANSWER = 42\n", encoding="utf-8")
    (folder / "empty").mkdir()
    return folder


type Start = Callable[..., Simulator]


@pytest.fixture(scope="module")
def start_simulator(notebooks: Path) -> Iterator[Start]:
    """Start simulators that end with the module."""
    running: list[Simulator] = []

    def start(data: Path, *options: str) -> Simulator:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "simulators.databricks", "--port", "0"),
                *("--data", str(data), "--mount", f"/tests={notebooks}", *options),
            ],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        word, url = process.stdout.readline().split()
        assert word == "ready"
        running.append(Simulator(process=process, url=url, data=data))
        return running[-1]

    yield start
    for simulator in running:
        if simulator.process.poll() is None:
            assert simulator.stop() == 0


@pytest.fixture(scope="module")
def simulator(start_simulator: Start, tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    """The module's simulator, with no delays."""
    return start_simulator(tmp_path_factory.mktemp("data"), "--cluster-start", "0.05")


@pytest.fixture(scope="module")
def databricks(simulator: Simulator) -> WorkspaceClient:
    """The official client."""
    return simulator.client()
