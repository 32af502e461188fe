"""Starts the simulator of Azure OpenAI and Foundry, and serves until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from simulators.azure_ai.server import build_app
from simulators.azure_ai.state import Service
from simulators.serving import serve_until_signal


def main() -> None:
    """Run the simulator in the foreground."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators.azure_ai",
        description="Simulator of Azure OpenAI and Foundry projects, on 127.0.0.1 only.",
    )
    parser.add_argument("--port", type=int, default=9796, help="0 = any free port (default 9796)")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder for the file of started runs"
    )
    parser.add_argument("--page-size", type=int, default=50, help="entries per page (default 50)")
    options = parser.parse_args()
    service = Service(options.data, page_size=options.page_size)
    try:
        asyncio.run(serve_until_signal(build_app(service), options.port))
    except OSError as error:
        sys.exit(f"The simulator of Azure OpenAI cannot start: {error}")


if __name__ == "__main__":
    main()
