"""`make bench`: print the figures of docs/reference/performance.md, as measured here and now."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Mapping

import psutil

from bench import (
    dispatching,
    graphs,
    importing,
    lists,
    load,
    polling,
    starting,
    ticking,
    watchers,
)

PARTS: Mapping[str, Callable[[argparse.Namespace], None]] = {
    "idle": load.idle,
    "runs": load.runs,
    "memory": load.memory,
    "lists": lists.reading,
    "ticks": ticking.ticks,
    "start": starting.cold_start,
    "dispatch": dispatching.dispatch,
    "cap": dispatching.cap,
    "rate": dispatching.rate,
    "chain": graphs.chain,
    "fan": graphs.fan,
    "importing": importing.imports,
    "polling": polling.looks,
    "watchers": watchers.watching,
}


def main() -> None:
    """Measure what was asked for, everything by default."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="all if none is named")
    parser.add_argument("--stored", type=int, default=50_000, help="runs stored for `lists`")
    parser.add_argument("--many", type=int, default=2_000, help="runs for `memory`")
    parser.add_argument("--contended", type=int, default=500, help="runs for `cap` and `rate`")
    parser.add_argument("--nap", type=float, default=2.0, help="seconds of a run for `cap`")
    parser.add_argument("--slots", type=int, default=8, help="slots for `cap`")
    parser.add_argument("--limit", type=int, default=20, help="starts a window for `rate`")
    parser.add_argument("--window", type=int, default=5, help="seconds of a window for `rate`")
    told = parser.parse_args()
    gigabytes = psutil.virtual_memory().total / 2**30
    print(f"{os.cpu_count()} cores, {gigabytes:.0f} GiB, Python {platform.python_version()}")
    for name in told.parts or PARTS:
        PARTS[name](told)


if __name__ == "__main__":
    main()
