"""Starts the simulator of Apache Airflow, and serves until SIGINT or SIGTERM."""

from __future__ import annotations

from simulators.airflow.server import build_app
from simulators.serving import serve_app

if __name__ == "__main__":
    serve_app("airflow", 9801, build_app)
