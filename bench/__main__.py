"""`make bench`: print the figures of docs/reference/performance.md, as measured here and now."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import psutil

from bench import dispatching, graphs, lists, load, polling, ticking, watchers
from bench.emulator import emulator
from bench.host import LocalHost

_RUNS = 200
_WARM_UP = 5
_NAP = 2.0
_CLIENTS = 100
_SHARED = 10
_ENV = {**os.environ, "POLYSYNC_STORAGE": "UseDevelopmentStorage=true"}


def main() -> None:
    """Measure what was asked for, everything by default."""
    parts: dict[str, Callable[[argparse.Namespace], None]] = {
        "idle": idle,
        "runs": runs,
        "memory": memory,
        "lists": reading,
        "ticks": ticks,
        "start": cold_start,
        "dispatch": dispatch,
        "cap": cap,
        "rate": rate,
        "chain": chain,
        "fan": fan,
        "polling": looks,
        "watchers": watching,
    }
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *parts], help="all if none is named")
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
    for name in told.parts or parts:
        parts[name](told)


def idle(_: argparse.Namespace) -> None:
    """One run at a time on an idle system."""
    with LocalHost() as host:
        asyncio.run(load.one_by_one(host.url, 2, seconds=0.1))
        outcome = asyncio.run(load.one_by_one(host.url, 10, seconds=0.1))
    _title("10 runs, one after the other, on an idle system")
    _row("accepted → submitted", _spread(outcome.submit_lags()))


def runs(_: argparse.Namespace) -> None:
    """200 independent runs through the whole stack."""
    with LocalHost() as host:
        asyncio.run(load.run_all(host.url, _WARM_UP, seconds=2.0))
        before, operations = host.usage(), host.table_operations()
        outcome = asyncio.run(load.run_all(host.url, _RUNS, seconds=_NAP))
        after, operations = host.usage(), host.table_operations() - operations
    _title(f"{_RUNS} independent runs of {_NAP:g} s through the whole stack")
    _row("makespan", f"{outcome.makespan:.1f} s, {_RUNS / outcome.makespan:.1f} runs/s")
    _row("accepted → submitted", _spread(outcome.submit_lags()))
    _row("finished → recorded", _spread(outcome.record_lags()))
    own = outcome.reads
    _row("table operations a run", f"{(operations - own) / _RUNS:.1f} (its own reads left out)")
    for part, used in after.items():
        cpu = used.cpu_seconds - before[part].cpu_seconds
        memory = f"{used.pss_megabytes:.0f} MB (PSS)"
        _row(f"{part}: CPU, memory", f"{cpu / _RUNS * 1000:.0f} ms a run, {memory}")
    for kind, count in host.durable_work().items():
        _row(f"{kind} a run", f"{count / (_RUNS + _WARM_UP):.1f}")


def memory(told: argparse.Namespace) -> None:
    """Many short runs: does memory stay flat?"""
    _title(f"Memory of the host (PSS) over {told.many} runs of 0.1 s")
    with LocalHost() as host:
        done, step = 0, max(told.many // 4, 1)
        while done < told.many:
            asyncio.run(load.run_all(host.url, step, seconds=0.1))
            done += step
            _row(f"after {done} runs", f"{host.usage()['host'].pss_megabytes:.0f} MB")


def reading(told: argparse.Namespace) -> None:
    """Reading with little and with much stored; a page is full in both cases."""
    _title("Reading, median milliseconds")
    with emulator() as connection:
        for stored in (1_000, told.stored):
            found = lists.measure(connection, stored)
            _row(
                f"{stored} runs stored",
                f"point read {found.point:.1f}, newest 20 of all {found.newest_of_all:.1f}, "
                f"newest 20 of a task {found.newest_of_task:.1f}",
            )


def ticks(_: argparse.Namespace) -> None:
    """What the minute's tick costs with few and with many schedules."""
    _title("One tick with 10 schedules that are due")
    with emulator() as connection:
        for schedules in (10, 1_000, 20_000):
            cost = ticking.measure(connection, schedules)
            _row(
                f"{schedules} schedules",
                f"{cost.operations} table operations, {cost.rows} rows listed, "
                f"{cost.cpu_milliseconds:.0f} ms CPU, {cost.seconds * 1000:.0f} ms; "
                f"with none due {cost.idle_operations} operations, {cost.idle_rows} rows",
            )


def cold_start(_: argparse.Namespace) -> None:
    """What importing the app costs."""
    _title("Importing function_app.py in a new process")
    command = [
        sys.executable,
        "-c",
        "import time; t = time.perf_counter(); import function_app; print(time.perf_counter() - t)",
    ]
    seconds = [
        float(subprocess.run(command, capture_output=True, env=_ENV, check=True).stdout)
        for _ in range(5)
    ]
    _row("5 times", _spread(seconds))


def dispatch(_: argparse.Namespace) -> None:
    """One decision, the reading and writing of the state included."""
    _title("One decision of a Dispatcher (a release and the start that follows)")
    for waiting in (10, 1_000, 10_000):
        cost = dispatching.decision(waiting)
        _row(
            f"{waiting} waiting",
            f"{cost.cpu_milliseconds:.2f} ms CPU, {1000 / cost.cpu_milliseconds:.0f} decisions/s, "
            f"{cost.state_bytes} bytes of state",
        )


def cap(told: argparse.Namespace) -> None:
    """More runs than slots."""
    with LocalHost() as host:
        asyncio.run(load.run_all(host.url, _WARM_UP, seconds=0.1))
        use = dispatching.under_cap(host.url, told.contended, told.slots, seconds=told.nap)
    _title(f"{told.contended} runs of {told.nap:g} s against {told.slots} slots")
    _row("occupancy", f"mean {use.mean:.1%}, never more than {use.most} of {told.slots}")
    _row("freed slot → next submit", _spread(use.lags))


def rate(told: argparse.Namespace) -> None:
    """More runs than a token bucket lets start."""
    with LocalHost() as host:
        asyncio.run(load.run_all(host.url, _WARM_UP, seconds=0.1))
        count = min(told.contended, 8 * told.limit + 1)
        use = dispatching.under_rate(host.url, count, told.limit, told.window)
    _title(f"{count} runs against a token bucket of {told.limit} starts in {told.window} s")
    _row("most starts in any window", f"{use.most_starts} of {told.limit}")
    _row(
        "most submits in any window", f"{use.most_submits} (each follows its start a little later)"
    )
    _row("achieved of permitted rate", f"{use.achieved:.1%}")


def chain(_: argparse.Namespace) -> None:
    """Twenty tasks, each started by the end of the one before."""
    _graph("A chain of 20 naps of 0.5 to 3.5 s", graphs.chain(20))


def fan(_: argparse.Namespace) -> None:
    """One task that starts fifty, which together start one."""
    _graph("1 → 50 → 1 naps of 2 s", graphs.diamond(50, seconds=2.0))


def looks(_: argparse.Namespace) -> None:
    """What looking at runs costs and how late an end is found, by fixed plans and learned ones."""
    _title("Looks a run, and seconds from its end to the look that finds it (mean, p95)")
    for name, plan in polling.PLANS.items():
        for seconds in (20, 600, 3600):
            for kind, durations in polling.DISTRIBUTIONS.items():
                fixed, learned = (
                    polling.watch(plan, durations(seconds, Random(1)), 400, learning=learning)
                    for learning in (False, True)
                )
                _row(f"{name}, {seconds} s, {kind}", f"fixed {fixed}; learned {learned}")
    _title("Storage operations of learning from the last runs of a Task")
    with emulator() as connection:
        for stored in (1_000, 10_000):
            first, later = lists.learning(connection, stored)
            _row(f"{stored} runs stored", f"{first} every ten minutes, else {later} a run")


def watching(_: argparse.Namespace) -> None:
    """Clients that follow runs by server-sent events, beside the published AppKit."""
    _title(
        f"{_CLIENTS} clients follow runs of {watchers.SHORTEST} to "
        f"{watchers.SHORTEST + watchers.JOBS - 1} s by server-sent events"
    )
    folder = Path(tempfile.mkdtemp(prefix="polysync-bench-"))
    with watchers.workspace(folder) as place:
        with watchers.appkit(place, folder) as stand:
            _watched("AppKit, a run each", watchers.measure(stand, runs=_CLIENTS))
        with watchers.polysync(place) as stand:
            _watched("Polysync, a run each", watchers.measure(stand, runs=_CLIENTS))
            shared = watchers.measure(stand, runs=_SHARED, joined=_CLIENTS - _SHARED)
            _watched(f"Polysync, {_SHARED} runs for all", shared)


def _watched(name: str, found: watchers.Figures) -> None:
    calls = ", ".join(f"{call} {count}" for call, count in sorted(found.requests.items()))
    _row(name, f"{found.runs} runs, {found.events} events; Databricks was asked: {calls}")
    _row("  request → first event", _spread(found.first))
    _row("  run ended → last event", _spread(found.last))
    _row("  memory (PSS)", "before {:.0f} MB, with all of them {:.0f} MB".format(*found.memory))


def _graph(title: str, nodes: Sequence[graphs.Node]) -> None:
    with LocalHost() as host:
        asyncio.run(load.run_all(host.url, _WARM_UP, seconds=0.1))
        use = graphs.run_graph(host.url, nodes)
    _title(title)
    _row("makespan", f"{use.makespan:.1f} s; the naps alone {use.critical_path:.1f} s")
    _row("parent ended → child submitted", _spread(use.lags))
    _row("of it after the recorded end", _spread(use.own_lags))


def _spread(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, round(len(ordered) * 0.95))]
    return f"p50 {statistics.median(ordered) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms"


def _title(text: str) -> None:
    print(f"\n{text}")


def _row(name: str, value: str) -> None:
    print(f"  {name:<29} {value}", flush=True)


if __name__ == "__main__":
    main()
