"""Runs the same workloads on Polysync, Airflow and Prefect, and prints a comparison."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import httpx
import psutil

from bench.peers.airflow_peer import open_airflow
from bench.peers.peer import Figures, OpenPeer, Peer, figures
from bench.peers.polysync_peer import open_polysync
from bench.peers.prefect_peer import open_prefect
from bench.processes import PeakMemory, simulator
from bench.workloads import WORKLOADS, Workload, independent

POLYSYNC = "polysync"
AIRFLOW_WORKLOADS = ("few",)
"""The default with Airflow, which needs seconds of CPU for a run."""
PEERS: Mapping[str, OpenPeer] = {POLYSYNC: open_polysync, "prefect": open_prefect}
_WORKLOADS_HELP = f"all by default; with --airflow {', '.join(AIRFLOW_WORKLOADS)}"
_WARM_UP = independent(5)
_DIGITS = {"makespan": 1, "runs_per_second": 1, "reaction": 3, "end_found": 3, "requests": 1}


def main() -> None:
    """Compare the peers in turn, several times, and print the medians."""
    parser = argparse.ArgumentParser(prog="bench.peers", description=__doc__)
    parser.add_argument("workloads", nargs="*", choices=[[], *WORKLOADS], help=_WORKLOADS_HELP)
    parser.add_argument("--airflow", action="store_true", help="also measure Airflow")
    parser.add_argument("--repeat", type=int, default=3, help="measurements of each workload")
    options = parser.parse_args()
    peers = {**PEERS, **({"airflow": open_airflow} if options.airflow else {})}
    gigabytes = psutil.virtual_memory().total / 2**30
    print(f"{os.cpu_count()} cores, {gigabytes:.0f} GiB, Python {platform.python_version()}")
    for name in options.workloads or (AIRFLOW_WORKLOADS if options.airflow else WORKLOADS):
        workload = WORKLOADS[name]
        measured: dict[str, list[Figures]] = {peer: [] for peer in peers}
        for _ in range(options.repeat):
            # The peers take turns, so that a change of the machine's load concerns all of them.
            for peer, open_peer in peers.items():
                measured[peer].append(_measure(open_peer, workload))
        _print(workload, {peer: _medians(each) for peer, each in measured.items()})


def _measure(open_peer: OpenPeer, workload: Workload) -> Figures:
    with tempfile.TemporaryDirectory(prefix="polysync-peers-") as name:
        folder = Path(name)
        with simulator(folder) as platform_program:
            url = platform_program.address()
            with open_peer(folder, url) as peer:
                peer.run(_WARM_UP)
                httpx.post(f"{url}/reset").raise_for_status()
                return _measure_running(peer, workload, url)


def _measure_running(peer: Peer, workload: Workload, url: str) -> Figures:
    before = sum(each.cpu_seconds() for each in peer.programs)
    with PeakMemory(peer.programs) as memory:
        makespan = peer.run(workload)
    cpu = sum(each.cpu_seconds() for each in peer.programs) - before
    recorded = httpx.get(f"{url}/recorded", timeout=60).raise_for_status().json()
    return figures(workload, recorded, makespan=makespan, cpu=cpu, memory=memory.megabytes)


def _medians(measured: Sequence[Figures]) -> Figures:
    return Figures(
        **{
            each.name: statistics.median(getattr(one, each.name) for one in measured)
            for each in fields(Figures)
        }
    )


def _print(workload: Workload, by_peer: Mapping[str, Figures]) -> None:
    others = [peer for peer in by_peer if peer != POLYSYNC]
    print(f"\n{workload.title}; the runs alone {workload.critical_path:.1f} s")
    columns = [*by_peer, *(f"{POLYSYNC} / {peer}" for peer in others)]
    print(f"  {'':<20}" + "".join(f"{column:>20}" for column in columns))
    for each in fields(Figures):
        values = {peer: getattr(measured, each.name) for peer, measured in by_peer.items()}
        if not any(values.values()):
            continue
        digits = _DIGITS.get(each.name, 0)
        cells = [f"{value:.{digits}f}" for value in values.values()]
        cells += [f"{values[POLYSYNC] / values[peer]:.2f}" for peer in others]
        print(f"  {each.name.replace('_', ' '):<20}" + "".join(f"{cell:>20}" for cell in cells))


if __name__ == "__main__":
    main()
