"""One simulator per module, in its own process on a free port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config

from tests.fakes.simulators import SimulatorProcess

TOKEN = "dapi-anything"
TIME_LIMIT = 60
"""The time limit for expected events; it allows for a loaded machine."""
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


class Simulator(SimulatorProcess):
    """A running simulator and its official client."""

    def client(self, token: str = TOKEN) -> WorkspaceClient:
        """Return the official client, without a time limit for resends."""
        config = Config(
            host=self.url,
            token=token,
            auth_type="pat",
            retry_timeout_seconds=60,
            config_file="/dev/null",
        )
        return WorkspaceClient(config=config)


@pytest.fixture(scope="session")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebook folder for `/tests` in the workspace."""
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
    wait_until_running: list[Simulator] = []

    def start(data: Path, *options: str) -> Simulator:
        mount = ("--mount", f"/tests={notebooks}")
        wait_until_running.append(Simulator("simulators.databricks", data, *mount, *options))
        return wait_until_running[-1]

    yield start
    for simulator in wait_until_running:
        if simulator.process.poll() is None:
            assert simulator.stop() == 0


@pytest.fixture(scope="module")
def simulator(start_simulator: Start, tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    """The simulator of the module, without delays."""
    return start_simulator(tmp_path_factory.mktemp("data"), "--cluster-start", "0.05")


@pytest.fixture(scope="module")
def databricks(simulator: Simulator) -> WorkspaceClient:
    """The official client."""
    return simulator.client()
