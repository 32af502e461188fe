"""Starts the simulator of dbt Cloud, and serves until SIGINT or SIGTERM."""

from __future__ import annotations

from simulators.dbt_cloud.server import build_app
from simulators.serving import serve_app

if __name__ == "__main__":
    serve_app("dbt_cloud", 9802, build_app)
