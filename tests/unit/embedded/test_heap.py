"""The memory of a process with many threads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from polysync_embedded.running import share_one_heap

_ROOT = Path(__file__).parents[3]
_PROGRAM = """
import ctypes, sys, threading
from polysync_embedded.running import share_one_heap
share_one_heap()
libc, barrier = ctypes.CDLL(None), threading.Barrier(8)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
def allocate():
    barrier.wait()
    libc.malloc(1000)
    barrier.wait()
threads = [threading.Thread(target=allocate) for _ in range(8)]
for each in threads: each.start()
for each in threads: each.join()
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.skipif("glibc" not in (os.confstr("CS_GNU_LIBC_VERSION") or ""), reason="needs glibc")
def test_all_threads_of_the_host_share_one_heap(tmp_path: Path) -> None:
    report = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", _PROGRAM, str(report)], check=True, cwd=_ROOT)

    assert report.read_text().count("<heap nr=") == 1


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: str) -> str:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "confstr", unknown)
    share_one_heap()
