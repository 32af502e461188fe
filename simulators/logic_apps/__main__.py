"""Starts the simulator of Logic Apps, and serves until SIGINT or SIGTERM."""

from __future__ import annotations

from simulators.logic_apps.server import build_app
from simulators.scripted_functions import serve

if __name__ == "__main__":
    serve("logic_apps", 9793, build_app)
