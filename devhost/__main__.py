"""Starts a local Azure Functions host for the app in a directory."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from devhost import logs
from devhost.host import Host
from devhost.settings import APP_PORT, Options
from polysync_embedded.running import leave


def parse(arguments: list[str]) -> Options:
    """Return the options on the command line; `--help` and mistakes end the process."""
    parser = argparse.ArgumentParser(prog="devhost", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=APP_PORT, help="port of the app (7071)")
    add(
        "--data",
        type=Path,
        default=Path(".local/functions"),
        help="directory for data that survives a restart (.local/functions)",
    )
    add("--app", type=Path, default=Path(), help="directory of the app (the current one)")
    add("--no-simulators", dest="simulators", action="store_false", help="start no simulators")
    add(
        "--storage-port-base",
        type=int,
        default=10000,
        help="first of the three ports of Azurite (10000)",
    )
    add(
        "--shared-storage",
        action="store_true",
        help="use the Azurite that already listens on these ports, with other instances of the app",
    )
    add(
        "--databricks-port",
        type=int,
        help="port of the Databricks simulator (8787 beside 7071, 8788 beside 7072)",
    )
    add("--foundry-port", type=int, help="also start the AI Foundry simulator, on this port")
    add(
        "--google-functions-port",
        type=int,
        help="also start the Google functions simulator, on this port",
    )
    add(
        "--data-factory-port",
        type=int,
        help="also start the Data Factory simulator, on this port",
    )
    add("--aws-port", type=int, help="also start the AWS simulator, on this port")
    add(
        "--storage-log",
        type=Path,
        help="file for the access log of Azurite; benchmarks count the requests in it",
    )
    add("--verbose", action="store_true", help="also log the messages of the libraries")
    values = vars(parser.parse_args(arguments))
    values["app"] = values["app"].resolve()
    values["data"] = values["data"].resolve()
    values["storage_log"] = values["storage_log"] and values["storage_log"].resolve()
    return Options(**values)


def main() -> None:
    """Run the host until it receives a signal to stop."""
    options = parse(sys.argv[1:])
    ready_line = sys.stdout
    logs.configure(verbose=options.verbose)
    host = Host(options, ready_line)
    os.chdir(options.app)
    leave(host.run())


if __name__ == "__main__":
    main()
