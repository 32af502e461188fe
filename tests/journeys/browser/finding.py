"""Finds the browser of the journeys, or unpacks the one that npm has installed."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
UNPACKED = ROOT / ".local" / "browser"
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "msedge",
    "microsoft-edge",
)
"""The programs that are searched for on the path, in this order."""
UNPACK = 'import c from "@sparticuz/chromium"; console.log(await c.executablePath())'
MISSING = (
    "NO BROWSER: the journeys of the console did not run. Install Chromium, run `make setup` "
    "(Linux x64), or set POLYSYNC_BROWSER to the path of a Chromium, Chrome or Edge."
)


def browser_path(variables: Mapping[str, str] = os.environ) -> str | None:
    """Return the program of a browser, or None without one."""
    if named := variables.get("POLYSYNC_BROWSER"):
        return named
    on_path = (shutil.which(name, path=variables.get("PATH")) for name in NAMES)
    return next(filter(None, on_path), None) or unpacked_browser()


def unpacked_browser() -> str | None:
    """Return the browser of the npm package, unpacked once into `.local`."""
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules/@sparticuz/chromium").exists():
        return None
    UNPACKED.mkdir(parents=True, exist_ok=True)
    with (UNPACKED / "lock").open("w") as lock:
        # Test processes that start at the same time unpack it once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = subprocess.run(
            [node, "--input-type=module", "--eval", UNPACK],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(UNPACKED)},
            capture_output=True,
            text=True,
        )
    path = answer.stdout.strip()
    return path if answer.returncode == 0 and Path(path).is_file() else None


def required_browser() -> str:
    """Return the browser; without one, fail in continuous integration and skip elsewhere."""
    if found := browser_path():
        return found
    if os.environ.get("CI"):
        pytest.fail(MISSING)
    pytest.skip(MISSING)
