"""Starts a program that receives a signal when its parent process ends, even by SIGKILL.

Usage: `python end_with_parent.py PARENT_PID SIGNAL PROGRAM ARGUMENT…`

SIGTERM lets the program save its data; the signal may come more than once. On other systems
than Linux the program starts without this signal.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel for the signal, then become the program."""
    parent, number, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("The host has already ended.")
    try:
        os.execvp(program[0], program)  # noqa: S606 - the host passes what it would have started
    except OSError as error:
        sys.exit(f"{program[0]} cannot be started: {error.strerror}.")


if __name__ == "__main__":
    main()
