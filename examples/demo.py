"""`make demo`: start everything on this machine, run the lakehouse, show what came out, stop."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, NoReturn, cast

from rich.console import Console
from rich.live import Live
from rich.text import Text

from examples import evidence
from examples.board import Board, handovers, platforms_of
from examples.local_host import (
    API_PORT,
    DATABRICKS_PORT,
    FOUNDRY_PORT,
    ROOT,
    STORAGE_PORT,
    DemoFailed,
    Host,
    Place,
    free_ports,
    fresh_folder,
)
from polysync_core.cli.api.answers import RunAnswer, run_id_of
from polysync_core.cli.api.client import ApiClient
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.api.graph import GraphAnswer
from polysync_core.cli.api.plan import PlanAnswer
from polysync_core.cli.api.reader import compact
from polysync_core.cli.documents import read_documents
from polysync_core.cli.terminal import Terminal, printable
from polysync_core.cli.views.formats import format_duration
from polysync_core.cli.views.graph import tree_view
from polysync_core.domain.json_types import JsonObject

DEFINITIONS = ROOT / "examples" / "lakehouse" / "definitions.yaml"
REPORT = evidence.LAKE / "reports" / "revenue.txt"
LOOK_SECONDS = 0.4
STANDSTILL_SECONDS = 120.0
"""After so long without any change, something must be wrong."""
INTERRUPTED = 130


def main() -> int:
    """Run the demo; 0 only if every run succeeded and the figures arrived as they were sent."""
    signal.signal(signal.SIGTERM, _interrupt)
    console, started = Terminal().out, time.monotonic()
    try:
        place = parse(sys.argv[1:])
        with running_host(console, place) as host:
            run_lakehouse(console, place, host)
        took = format_duration(timedelta(seconds=time.monotonic() - started))
        console.print(f"Done in {took}; all is stopped.")
    except DemoFailed as failure:
        console.print(f"The demo failed: {printable(str(failure))}", style="red")
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted; all is stopped.")
        return INTERRUPTED
    return 0


@contextmanager
def running_host(console: Console, place: Place) -> Iterator[Host]:
    """Start the host and stop it again; if the demo fails, show the end of its log."""
    host = Host(place)
    try:
        with console.status("Starting the app, its storage and three simulators ..."):
            host.wait_until_ready()
        console.print(f"Polysync answers at {place.api_url} (log: {_shown(host.log)}).")
        yield host
    except (DemoFailed, CommandFailed) as failure:
        console.print(Text(printable(host.last_words()), style="dim"))
        details = "".join(f"\n  {each}" for each in getattr(failure, "details", ()))
        raise DemoFailed(f"{failure}{details}") from failure
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave it behind
        host.stop()


def run_lakehouse(console: Console, place: Place, host: Host) -> None:
    """Apply the definitions, start the first task and show what comes of it."""
    document = moved(read_documents([str(DEFINITIONS)]).content, place.addresses)
    with ApiClient(place.api_url) as api:
        plan = PlanAnswer.decode(api.put("definitions", body=document, query={}))
        console.print(f"Definitions applied: {plan.summary()}.")
        runs = run_pipeline(console, api, host, document)
    show_product(console, place, runs)


def moved(document: JsonObject, addresses: Mapping[str, str]) -> JsonObject:
    """Return the definitions with the platforms where they are; the document itself is changed."""
    for platform in cast("list[Any]", document["platforms"]):
        attributes = platform["attributes"]
        for name, value in attributes.items():
            attributes[name] = addresses.get(str(value), value)
    return document


def in_order(document: JsonObject) -> list[str]:
    """Return the tasks so that each comes after those that it depends on."""
    tasks = cast("list[Any]", document["tasks"])
    sorter = TopologicalSorter[str]()
    for task in tasks:
        sorter.add(task["name"], *(upstream["task"] for upstream in task.get("dependencies", [])))
    return list(sorter.static_order())


def run_pipeline(
    console: Console, api: ApiClient, host: Host, document: JsonObject
) -> Mapping[str, RunAnswer]:
    """Start the first task, from which all others follow, and return the runs that it led to."""
    tasks, platforms = in_order(document), platforms_of(document)
    board = Board(console, {task: platforms[task] for task in tasks})
    root = run_id_of(api.post("tasks", tasks[0], "run", body={}))
    try:
        with Live(board, console=console, refresh_per_second=8):
            _watch(board, api, host, root)
    finally:
        console.print()  # Live does not end its last line where there is no screen
    show_graph(console, api, root)
    for run in board.failures:
        raise DemoFailed(f"{run.title} ended as {run.status}: {reason_of(run)}")
    console.print("What went along with it:", style="bold")
    console.print(handovers(cast("list[Any]", document["tasks"]), board.runs), "", sep="\n")
    return board.runs


def show_graph(console: Console, api: ApiClient, graph_run: str) -> None:
    """Print the graph with what became of each task in the graph run."""
    console.print("What started what (polysync graph --graph-run ...):", style="bold")
    graph = GraphAnswer.decode(api.get("graph", query={"graphRunId": graph_run}))
    console.print(*tree_view(graph), "", sep="\n")


def _watch(board: Board, api: ApiClient, host: Host, graph_run: str) -> None:
    """Look at the graph run until every task has run to its end."""
    changed = time.monotonic()
    while not board.is_complete:
        host.wait(LOOK_SECONDS)
        items, _ = api.items("task-runs", query={"graphRunId": graph_run})
        if any([board.show(RunAnswer.decode(item)) for item in reversed(items)]):
            changed = time.monotonic()
        elif time.monotonic() - changed > STANDSTILL_SECONDS:
            raise DemoFailed(f"Nothing has changed for {STANDSTILL_SECONDS:.0f} s.")


def reason_of(run: RunAnswer) -> str:
    """Return why a run did not succeed."""
    attempt = run.last_attempt
    return (attempt and attempt.error) or run.reason or "no reason is known"


def show_product(console: Console, place: Place, runs: Mapping[str, RunAnswer]) -> None:
    """Show what the platforms hold at the end; raise DemoFailed if the figures differ."""
    sightings = evidence.gather(place, runs)
    report = place.data / REPORT
    console.print(f"The report ({_shown(report)}):", style="bold")
    console.print(Text(printable(report.read_text(encoding="utf-8"))))
    console.print(f"The outputs of {evidence.PUBLICATION}:", style="bold")
    for name, value in runs[evidence.PUBLICATION].outputs.items():
        console.print(Text(printable(f"{name}: {compact(value)}")))
    console.print()
    console.print("The figures as each platform holds them:", style="bold")
    console.print(evidence.sightings_view(sightings), "", sep="\n")
    evidence.require_agreement(sightings)


def parse(arguments: Sequence[str]) -> Place:
    """Return where to work: as told, else the usual ports where they are free."""
    parser = argparse.ArgumentParser(prog="examples.demo", description=__doc__)
    parser.add_argument("--port", type=int, help="of the API (7071, if it is free)")
    parser.add_argument("--storage-port-base", type=int, help="first of three (10000, if free)")
    parser.add_argument("--databricks-port", type=int, help="of the workspace (8787, if free)")
    parser.add_argument("--data", type=Path, help="an empty or new folder (.local/demo, emptied)")
    parser.add_argument("--foundry-port", type=int, help="of AI Foundry (9787, if free)")
    parser.add_argument("--google-functions-port", type=int, help="of Google's (the next one)")
    told = parser.parse_args(arguments)
    foundry = told.foundry_port or free_ports(FOUNDRY_PORT, 2)
    return Place(
        port=told.port or free_ports(API_PORT, 1),
        storage_port_base=told.storage_port_base or free_ports(STORAGE_PORT, 3),
        databricks_port=told.databricks_port or free_ports(DATABRICKS_PORT, 1),
        foundry_port=foundry,
        google_functions_port=told.google_functions_port or foundry + 1,
        data=fresh_folder(told.data),
    )


def _shown(path: Path) -> Path:
    """Return a path as short as it can be from here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
