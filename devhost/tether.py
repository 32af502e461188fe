"""Become another program that is told to end when the host is gone, even by SIGKILL.

Usage: `python tether.py PARENT_PID PROGRAM ARGUMENT…`. SIGTERM rather than SIGKILL, so that the
program can save its data; it may come more than once. Linux only; elsewhere the program is
simply started.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel for the signal, then become the program."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("The host is gone already.")
    os.execvp(program[0], program)  # noqa: S606 - the host passes what it would have started


if __name__ == "__main__":
    main()
