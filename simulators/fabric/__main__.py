"""Starts the simulator of Microsoft Fabric, and serves until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from simulators.fabric.jobs import Workspace
from simulators.fabric.server import build_app
from simulators.serving import serve_until_signal


def main() -> None:
    """Run the simulator in the foreground."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators.fabric",
        description="Simulator of Microsoft Fabric, on 127.0.0.1 only.",
    )
    parser.add_argument("--port", type=int, default=9794, help="0 = any free port (default 9794)")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder for the file of started runs"
    )
    parser.add_argument("--page-size", type=int, default=50, help="entries per page (default 50)")
    options = parser.parse_args()
    workspace = Workspace(options.data, page_size=options.page_size)
    try:
        asyncio.run(serve_until_signal(build_app(workspace), options.port))
    except OSError as error:
        sys.exit(f"The Fabric simulator cannot start: {error}")
    finally:
        workspace.close()


if __name__ == "__main__":
    main()
