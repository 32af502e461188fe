"""How the process of the host ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.unit.infra.templates import ROOT

pytestmark = pytest.mark.slow

SCENE = """
import atexit, threading, time
from devhost.host import leave
threading.Thread(target=time.sleep, args=(600,)).start()
atexit.register(print, "told", flush=True)
{more}
leave(3)
"""


def run(more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCENE.format(more=more)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_the_app_does_at_its_end_is_done_and_its_threads_hold_nothing_up() -> None:
    """The last seconds of telemetry were never sent."""
    ended = run("")
    assert (ended.returncode, ended.stdout) == (3, "told\n")


def test_an_end_that_takes_too_long_is_cut_off() -> None:
    """A collector that does not answer must not keep the host."""
    ended = run("atexit.register(time.sleep, 600)")
    assert (ended.returncode, ended.stdout) == (3, "")
