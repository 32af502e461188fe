"""Starts the simulator of Google Cloud's services, and serves until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from simulators.google_cloud.runs import Pace
from simulators.google_cloud.server import Service, build_app
from simulators.serving import serve_until_signal


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of the command line; exit if they are wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators.google_cloud",
        description="Simulator of Vertex AI, Dataflow and Cloud Storage, on 127.0.0.1 only.",
    )
    add = parser.add_argument
    add("--port", type=int, default=9791, help="0 = any free port (default 9791)")
    add("--data", type=Path, required=True, help="folder for the list of submissions")
    add("--start-seconds", type=float, default=1.0, help="time until a job runs")
    add("--run-seconds", type=float, default=2.0, help="duration of a job")
    add("--page-size", type=int, default=100, help="largest page of a list (default 100)")
    return parser.parse_args(arguments)


def main() -> None:
    """Run the simulator in the foreground."""
    options = read_options(sys.argv[1:])
    pace = Pace(starting=options.start_seconds, running=options.run_seconds)
    service = Service(data=options.data, pace=pace, page_size=options.page_size)
    try:
        asyncio.run(serve_until_signal(build_app(service), options.port))
    except OSError as error:
        sys.exit(f"The simulator of Google Cloud cannot start: {error}")


if __name__ == "__main__":
    main()
