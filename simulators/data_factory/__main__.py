"""Starts the simulator of Data Factory and Synapse, and serves until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from simulators.data_factory.examples import PIPELINES
from simulators.data_factory.server import Service, build_app
from simulators.serving import serve_until_signal


def main() -> None:
    """Run the simulator in the foreground."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators.data_factory",
        description="Simulator of Azure Data Factory and Azure Synapse, on 127.0.0.1 only.",
    )
    parser.add_argument("--port", type=int, default=9790, help="0 = any free port (default 9790)")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder for the file of started runs"
    )
    parser.add_argument("--page-size", type=int, default=50, help="entries per page (default 50)")
    parser.add_argument("--examples", action="store_true", help="publish the example pipeline")
    options = parser.parse_args()
    service = Service(options.data, page_size=options.page_size)
    if options.examples:
        service.pipelines |= PIPELINES
    try:
        asyncio.run(serve_until_signal(build_app(service), options.port))
    except OSError as error:
        sys.exit(f"The Data Factory simulator cannot start: {error}")


if __name__ == "__main__":
    main()
