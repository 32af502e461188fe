"""The end of the host process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.unit.infra.templates import ROOT

pytestmark = pytest.mark.slow

SCENE = """
import atexit, threading, time
from polysync_embedded.running import leave
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


def test_exit_handlers_run_and_blocked_threads_do_not_delay_the_end() -> None:
    """The last seconds of telemetry were once lost."""
    ended = run("")
    assert (ended.returncode, ended.stdout) == (3, "told\n")


def test_exit_handlers_have_a_time_limit() -> None:
    """A collector that does not answer must not block the end of the host."""
    ended = run("atexit.register(time.sleep, 600)")
    assert (ended.returncode, ended.stdout) == (3, "")
