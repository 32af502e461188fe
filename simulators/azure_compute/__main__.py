"""Starts the simulator of AKS, Container Apps and Batch; serves until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from simulators.azure_compute.programs import Pace
from simulators.azure_compute.server import build_app
from simulators.serving import serve_until_signal


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of the command line; exit if they are wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators.azure_compute",
        description="Simulator of Azure's containers and batches, on 127.0.0.1 only.",
    )
    add = parser.add_argument
    add("--port", type=int, default=9797, help="0 = any free port (default 9797)")
    add("--data", help="ignored: everything is in memory")
    add("--start-seconds", type=float, default=1.0, help="time until a run begins")
    add("--run-seconds", type=float, default=2.0, help="duration of a run")
    add("--page-size", type=int, default=30, help="entries on a page of a list (default 30)")
    return parser.parse_args(arguments)


def main() -> None:
    """Run the simulator in the foreground."""
    options = read_options(sys.argv[1:])
    pace = Pace(start=options.start_seconds, run=options.run_seconds)
    try:
        asyncio.run(serve_until_signal(build_app(pace, options.page_size), options.port))
    except OSError as error:
        sys.exit(f"The simulator of Azure's containers cannot start: {error}")


if __name__ == "__main__":
    main()
