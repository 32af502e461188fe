"""`python -m devhost`: run the Functions app of this directory in the foreground."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from devhost import logs
from devhost.host import Host, leave
from devhost.settings import APP_PORT, Options


def parse(arguments: list[str]) -> Options:
    """Return the options on the command line; `--help` and mistakes end the process."""
    parser = argparse.ArgumentParser(prog="devhost", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=APP_PORT, help="where the app answers (7071)")
    add("--data", type=Path, default=Path(".local"), help="what survives a restart (.local)")
    add("--app", type=Path, default=Path(), help="the app's directory (this one)")
    add("--no-simulators", dest="simulators", action="store_false", help="leave them out")
    add("--storage-port-base", type=int, default=10000, help="Azurite's first of 3 ports (10000)")
    add(
        "--databricks-port",
        type=int,
        help="the Databricks simulator's port (8787, moved along with --port)",
    )
    add("--foundry-port", type=int, help="start the AI Foundry simulator as well, on this port")
    add("--google-functions-port", type=int, help="start that of Google's functions, on this port")
    add("--storage-log", type=Path, help="a file for Azurite's access log (benchmarks count in it)")
    add("--verbose", action="store_true", help="also what the libraries say")
    told = vars(parser.parse_args(arguments))
    told["app"] = told["app"].resolve()
    told["data"] = told["data"].resolve()
    told["storage_log"] = told["storage_log"] and told["storage_log"].resolve()
    return Options(**told)


def main() -> None:
    """Run the host until it is told to end."""
    options = parse(sys.argv[1:])
    ready_line = sys.stdout
    logs.configure(verbose=options.verbose)
    host = Host(options, ready_line)
    os.chdir(options.app)
    leave(host.run())


if __name__ == "__main__":
    main()
