"""Measures the import of thousands of platform artefacts as Jobs into a SQLite file.

Each measurement runs in its own process, so its peak of memory is not mixed with others:
`python -m bench.imports PLATFORM` reads the settings of the app from the environment, and prints
the measurement as JSON.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.report import row, title
from bench.stored.counting import CountingTables
from polysync_core.adapters import production_ports
from polysync_core.application.platforms.import_report import ArtefactSelection
from polysync_core.composition import build
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.settings import STORAGE, Settings
from polysync_core.storage.definitions import TableDefinitions
from polysync_core.storage.schedules import TableSchedules
from polysync_core.storage.sqlite.database import FILE_NAME, SCHEME, shared_database
from polysync_core.storage.sqlite.tables import SqliteTables
from tests.fakes.simulators import SimulatorProcess

PER_CALL = 500
"""Artefacts per call, as in the command line."""
_NOTEBOOKS_IN_FOLDER = 25
_WIDGETS = """\
dbutils.widgets.text("run_date", "2026-01-01", "Day")
dbutils.widgets.dropdown("region", "north", ["north", "south"])
limit = dbutils.widgets.get("region")
"""
_TITLE = "# Databricks notebook source\n# MAGIC %md\n# MAGIC ## Load\n\n# COMMAND ----------\n\n"
_MANY_CELLS = 40
_VAULT: dict[str, Any] = {"name": "local", "provider": "Environment"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The cost of an import, and of a second import without changes."""

    jobs: int
    seconds: float
    again: float
    requests: int
    """Requests of the first import to the platform."""
    operations: int
    """Operations of Table Storage."""
    megabytes: float
    """The growth of the process's memory during the import."""


def import_artefacts(_: argparse.Namespace) -> None:
    """Measure the import of all artefacts of a platform."""
    for kind in ("notebooks", "pipelines"):
        title(f"Import of {kind}, {PER_CALL} in one call")
        for count in (100, 500, 1_000):
            cost = measure(kind, count)
            row(
                f"{cost.jobs} {kind}",
                f"{cost.seconds:.1f} s, again {cost.again:.1f} s, {cost.requests} requests, "
                f"{cost.operations} table operations, {cost.megabytes:.1f} MB more at the peak",
            )


def measure(kind: str, count: int) -> Cost:
    """Import a number of artefacts of a kind from its simulator."""
    with (
        TemporaryDirectory(prefix="polysync-bench-") as data,
        _STAGES[kind](Path(data), count) as platform,
    ):
        environment = {
            **os.environ,
            "POLYSYNC_ENVIRONMENT": "development",
            "POLYSYNC_ALLOW_LOOPBACK_PLATFORMS": "true",
            STORAGE: f"{SCHEME}{data}/{FILE_NAME}",
            "DATABRICKS_TOKEN": "bench",
        }
        command = [sys.executable, "-m", "bench.imports", json.dumps(platform)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return Cost(**json.loads(done.stdout))


@contextmanager
def _notebooks(data: Path, count: int) -> Iterator[dict[str, Any]]:
    """Run a simulator with notebooks: half in source form, half as Jupyter documents."""
    cells = [{"cell_type": "code", "source": [_WIDGETS]}] * 2
    cells += [{"cell_type": "markdown", "source": ["A long text. " * 20]}] * _MANY_CELLS
    document = json.dumps({"nbformat": 4, "cells": cells})
    for number in range(count):
        folder = data / "notebooks" / f"area-{number // _NOTEBOOKS_IN_FOLDER}"
        folder.mkdir(parents=True, exist_ok=True)
        form, text = (".py", _TITLE + _WIDGETS) if number % 2 else (".ipynb", document)
        (folder / f"load-{number}{form}").write_text(text, encoding="utf-8")
    options = ("--notebooks", str(data / "notebooks"))
    with _running("simulators.databricks", data, *options) as simulator:
        yield {
            "name": "lakehouse",
            "type": "AzureDatabricks",
            "auth": {
                "method": "PersonalAccessToken",
                "personalAccessToken": "vault://local/DATABRICKS_TOKEN",
            },
            "attributes": {
                "workspaceUrl": simulator.url,
                "computeType": "Serverless",
                "defaultNotebookPath": "/etl",
            },
        }


@contextmanager
def _pipelines(data: Path, count: int) -> Iterator[dict[str, Any]]:
    subscription = "0b1f6471-1bf0-4dda-aec3-111122223333"
    group = f"subscriptions/{subscription}/resourceGroups/rg-data"
    factory = f"{group}/providers/Microsoft.DataFactory/factories/adf-sales"
    parameters = {"rows": {"type": "int", "defaultValue": 1}, "day": {"type": "string"}}
    copy = {"name": "Copy", "type": "Copy", "description": "A long text. " * 20}
    definition = {"parameters": parameters, "activities": [copy] * _MANY_CELLS}
    with _running("simulators.data_factory", data) as simulator:
        for number in range(count):
            path = f"{factory}/pipelines/load-{number}?api-version=2018-06-01"
            simulator.call("PUT", path, {"properties": definition}, Authorization="Bearer x")
        yield {
            "name": "factory",
            "type": "AzureDataFactory",
            "auth": {"method": "ManagedIdentity"},
            "attributes": {
                "subscriptionId": subscription,
                "resourceGroupName": "rg-data",
                "factoryName": "adf-sales",
                "endpoint": simulator.url,
            },
        }


_STAGES = {"notebooks": _notebooks, "pipelines": _pipelines}


@contextmanager
def _running(module: str, data: Path, *options: str) -> Iterator[SimulatorProcess]:
    simulator = SimulatorProcess(module, data, *options)
    try:
        yield simulator
    finally:
        simulator.stop()


class _Requests(logging.Handler):
    """Counts the requests of urllib3 by port; the app has no other HTTP client."""

    def __init__(self) -> None:
        super().__init__()
        self.by_port: Counter[int] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        match record.args:
            case (_, _, int(port), str(), _, _, int(), _):
                self.by_port[port] += 1
            case _:
                pass


def _import_all(raw: dict[str, Any]) -> Cost:
    settings = Settings.read(os.environ)
    database = shared_database(Path(os.environ[STORAGE].removeprefix(SCHEME)))
    storage = CountingTables(SqliteTables(database))
    ports = replace(
        production_ports(settings),
        definitions=TableDefinitions(storage),
        schedules=TableSchedules(storage),
    )
    services = build(ports, settings)
    for kind, definition in ((Kind.VAULT, _VAULT), (Kind.PLATFORM, raw)):
        services.definition_editing.put(read_definition(kind, definition), engine=None)
    name, counter = raw["name"], _Requests()
    services.connection_tests.test_platform(name)
    log = logging.getLogger("urllib3.connectionpool")
    log.addHandler(counter)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    storage.counts.clear()
    before = _peak()

    def everything() -> tuple[int, float]:
        began, jobs, token, has_more = time.perf_counter(), 0, None, True
        while has_more:
            selection = ArtefactSelection(limit=PER_CALL, token=token)
            report = services.artefact_import.import_artefacts(name, selection, engine=None)
            assert not [each for each in report.items if each.error], report.items
            jobs, token = jobs + len(report.items), report.token
            has_more = token is not None
        return jobs, time.perf_counter() - began

    jobs, seconds = everything()
    attributes = raw["attributes"]
    address = attributes.get("endpoint") or attributes["workspaceUrl"]
    requests = counter.by_port[int(address.rpartition(":")[2])]
    operations = storage.counts["operations"]
    rise = _peak() - before
    _, again = everything()
    return Cost(
        jobs=jobs,
        seconds=seconds,
        again=again,
        requests=requests,
        operations=operations,
        megabytes=rise,
    )


def _peak() -> float:
    """Return the peak of this program; `getrusage` would include the one that has started it."""
    status = Path("/proc/self/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    print(json.dumps(asdict(_import_all(json.loads(sys.argv[1])))))
