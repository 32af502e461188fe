"""Starts the simulator of Snowflake, and serves until SIGINT or SIGTERM."""

from __future__ import annotations

from simulators.serving import serve_app
from simulators.snowflake.server import build_app

if __name__ == "__main__":
    serve_app("snowflake", 9803, build_app)
