"""Defines the commands of Azurite and the simulators, which run as child processes."""

from __future__ import annotations

import shutil
from pathlib import Path

from devhost.settings import Options
from polysync_embedded.child_programs import ROOT, Program
from polysync_embedded.options import StartRefused
from polysync_embedded.simulators import simulator_program

SIGTERM_ONCE = Path(__file__).with_name("sigterm_once.cjs")


def azurite(options: Options) -> Program:
    """Return the storage emulator with its data under the data directory.

    Azurite keeps queues and tables in memory. It writes changes every five seconds and on SIGTERM.
    SIGKILL of Azurite loses the last seconds; SIGKILL of the host loses nothing.

    Raises:
        StartRefused: Azurite is not installed.
    """
    base = options.storage_port_base
    ports = (base, base + 1, base + 2)
    listen = [
        part
        for kind, port in zip(("blob", "queue", "table"), ports, strict=True)
        for part in (f"--{kind}Host", "127.0.0.1", f"--{kind}Port", str(port))
    ]
    flags = ["--skipApiVersionCheck", "--disableTelemetry"]
    if options.storage_log is None:
        flags.append("--silent")
    folder = options.data / "azurite"
    folder.mkdir(parents=True, exist_ok=True)
    location = ["--location", str(folder)]
    return Program(
        name="azurite",
        command=[*_azurite_command(options.app), *flags, *location, *listen],
        ports=ports,
        option="--storage-port-base",
        essential=True,
        output=options.storage_log,
    )


def _azurite_command(app: Path) -> list[str]:
    found = [
        path for folder in (app, ROOT) if (path := folder / "node_modules/.bin/azurite").exists()
    ]
    if not found:
        raise StartRefused("Azurite is missing: node_modules/.bin/azurite (run `make setup`).")
    node = shutil.which("node")
    if node is None:
        raise StartRefused("Node is missing: install Node 20 or newer.")
    return [node, "--require", str(SIGTERM_ONCE), str(found[0].resolve())]


_PORT_OPTIONS = {
    "databricks": "--databricks-port",
    "ai_foundry": "--foundry-port",
    "google_functions": "--google-functions-port",
    "data_factory": "--data-factory-port",
    "aws": "--aws-port",
}


def simulators(options: Options) -> list[Program]:
    """Return the simulators to start: Databricks, and those with a port option."""
    programs: list[Program] = []
    for name, port in options.simulator_ports().items():
        option = _PORT_OPTIONS[name]
        programs.append(simulator_program(name, port, options.data, option=option))
    return programs
