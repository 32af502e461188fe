"""Starts the simulator of Azure Machine Learning, and serves until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from simulators.ai_foundry.jobs import Jobs, Pace
from simulators.ai_foundry.server import Service, build_app
from simulators.ai_foundry.templates import TEMPLATES
from simulators.serving import serve_until_signal


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of the command line; exit if they are wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators.ai_foundry",
        description="Simulator of an Azure Machine Learning workspace, on 127.0.0.1 only.",
    )
    add = parser.add_argument
    add("--port", type=int, default=9787, help="0 = any free port (default 9787)")
    add("--data", type=Path, required=True, help="folder for the jobs")
    add("--workspace", default="analytics", help="name of the workspace (default analytics)")
    add("--start-seconds", type=float, default=1.0, help="time until a job runs")
    add("--step-seconds", type=float, default=1.5, help="duration of a step")
    add("--page-size", type=int, default=30, help="jobs per page of a list (default 30)")
    return parser.parse_args(arguments)


def main() -> None:
    """Run the simulator in the foreground."""
    options = read_options(sys.argv[1:])
    pace = Pace(starting=options.start_seconds, step=options.step_seconds)
    jobs = Jobs(options.data, pace, TEMPLATES)
    service = Service(workspace=options.workspace, jobs=jobs, page_size=options.page_size)
    try:
        asyncio.run(serve_until_signal(build_app(service), options.port))
    except OSError as error:
        sys.exit(f"The AI Foundry simulator cannot start: {error}")


if __name__ == "__main__":
    main()
