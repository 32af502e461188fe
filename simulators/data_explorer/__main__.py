"""Starts the simulator of Azure Data Explorer, and serves until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from simulators.data_explorer.server import Cluster, build_app
from simulators.serving import serve_until_signal


def main() -> None:
    """Run the simulator in the foreground."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators.data_explorer",
        description="Simulator of Azure Data Explorer, on 127.0.0.1 only.",
    )
    parser.add_argument("--port", type=int, default=9795, help="0 = any free port (default 9795)")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder for the file of executed texts"
    )
    options = parser.parse_args()
    cluster = Cluster(options.data)
    try:
        asyncio.run(serve_until_signal(build_app(cluster), options.port))
    except OSError as error:
        sys.exit(f"The Data Explorer simulator cannot start: {error}")
    finally:
        cluster.close()


if __name__ == "__main__":
    main()
