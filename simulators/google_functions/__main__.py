"""Starts the simulator of Google Cloud Functions, and serves until SIGINT or SIGTERM."""

from __future__ import annotations

from simulators.google_functions.server import build_app
from simulators.scripted_functions import serve

if __name__ == "__main__":
    serve("google_functions", 9788, build_app)
