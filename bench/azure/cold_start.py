"""Measures the import time of the Azure Functions app in a new process."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from bench.report import row, spread, title

_ENV = {**os.environ, "POLYSYNC_STORAGE": "UseDevelopmentStorage=true"}


def import_app(_: argparse.Namespace) -> None:
    """Measure the import of the app."""
    title("Import of function_app.py in a new process")
    command = [
        sys.executable,
        "-c",
        "import time; t = time.perf_counter(); import function_app; print(time.perf_counter() - t)",
    ]
    seconds = [
        float(subprocess.run(command, capture_output=True, env=_ENV, check=True).stdout)
        for _ in range(5)
    ]
    row("5 times", spread(seconds))
