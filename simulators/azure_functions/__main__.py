"""Starts the simulator of a function app, and serves until SIGINT or SIGTERM."""

from __future__ import annotations

from simulators.azure_functions.server import build_app
from simulators.scripted_functions import serve

if __name__ == "__main__":
    serve("azure_functions", 9792, build_app)
