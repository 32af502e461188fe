"""Starts the simulator of AWS, and serves until SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from pathlib import Path

from simulators.aws.lambda_functions import publish_example
from simulators.aws.server import build_app
from simulators.aws.state import AwsState
from simulators.serving import serve_until_signal


def main() -> None:
    """Read the options, and serve."""
    parser = ArgumentParser(prog="python -m simulators.aws", description=__doc__)
    parser.add_argument("--port", type=int, default=9789)
    parser.add_argument("--data", type=Path, default=Path("data/simulators/aws"))
    parser.add_argument("--page-size", type=int, default=100)
    parser.add_argument("--examples", action="store_true", help="publish the example function")
    options = parser.parse_args()
    state = AwsState(options.data, options.page_size)
    if options.examples:
        publish_example(state)
    asyncio.run(serve_until_signal(build_app(state), options.port))


if __name__ == "__main__":
    main()
