"""Runs the selected benchmarks and prints their figures (`make bench`)."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Mapping

import psutil

from bench import console, dispatcher, engine, graphs, imports, load, polls, start_lag, watchers
from bench.azure import cold_start, functions_host
from bench.scale import curve
from bench.stored import growth, reads, ticks

PARTS: Mapping[str, Callable[[argparse.Namespace], None]] = {
    "idle": load.idle,
    "runs": load.runs,
    "functions": functions_host.runs_on_functions,
    "growth": growth.growth,
    "restart": reads.restart,
    "stored": reads.stored,
    "ticks": ticks.schedule_ticks,
    "lag": start_lag.start_lag,
    "start": cold_start.import_app,
    "dispatch": dispatcher.dispatch,
    "engine": engine.engine,
    "cap": dispatcher.cap,
    "rate": dispatcher.rate,
    "chain": graphs.chain,
    "fan": graphs.fan,
    "imports": imports.import_artefacts,
    "scale": curve.scale,
    "polls": polls.compare_plans,
    "watchers": watchers.follow_jobs,
    "console": console.console,
}


def main() -> None:
    """Run the given parts, or all of them."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="the parts; all by default")
    parser.add_argument("--stored", type=int, default=1_000_000, help="runs for `stored`")
    parser.add_argument("--contended", type=int, default=500, help="runs for `cap` and `rate`")
    parser.add_argument("--nap", type=float, default=2.0, help="seconds of a run for `cap`")
    parser.add_argument("--slots", type=int, default=8, help="slots for `cap`")
    parser.add_argument("--limit", type=int, default=20, help="starts per window for `rate`")
    parser.add_argument("--window", type=int, default=5, help="seconds of a window for `rate`")
    options = parser.parse_args()
    gigabytes = psutil.virtual_memory().total / 2**30
    print(f"{os.cpu_count()} cores, {gigabytes:.0f} GiB, Python {platform.python_version()}")
    for name in options.parts or PARTS:
        PARTS[name](options)


if __name__ == "__main__":
    main()
