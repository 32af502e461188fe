"""`make demo`: start everything on this machine, run the lakehouse, show what came out, stop."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, NoReturn, cast

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from examples.local_host import ROOT, DemoFailed, Host, Place, free_ports, fresh_folder
from polysync_core.cli.answers import Run
from polysync_core.cli.client import Api
from polysync_core.cli.documents import read_documents
from polysync_core.cli.errors import CommandFailed
from polysync_core.cli.graph.answer import Graph
from polysync_core.cli.graph.views import tree_view
from polysync_core.cli.json import JsonObject
from polysync_core.cli.plan import Plan
from polysync_core.cli.running import run_id_of
from polysync_core.cli.terminal import Terminal, readable
from polysync_core.cli.units import ABSENT, written_duration
from polysync_core.cli.views import status_text

DEFINITIONS = ROOT / "examples" / "lakehouse" / "definitions.yaml"
WORKSPACE_URL = "http://127.0.0.1:8787"
"""Where the definitions expect the workspace; another port is put into them before they apply."""

LAKE = Path("simulators") / "databricks" / "lakehouse"
REPORT = LAKE / "reports" / "revenue.txt"
LOOK_SECONDS = 0.4
STANDSTILL_SECONDS = 120.0
"""After so long without any change, something must be wrong."""
SKIPPED = "Skipped"
INTERRUPTED = 130


class Board:
    """The table of the tasks, live on a screen; elsewhere a line a change, and the table last."""

    def __init__(self, console: Console, tasks: Sequence[str]) -> None:
        self._console = console
        self._runs: dict[str, Run | None] = dict.fromkeys(tasks)
        self._since: dict[str, float] = {}

    def __rich__(self) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for column in ("Task", "Status", "Attempt", "Duration", "Monitor URL"):
            table.add_column(column, overflow="fold")
        for task, run in self._runs.items():
            table.add_row(Text(task), *(self._cells(task, run) if run else ["waiting"]))
        return table

    def _cells(self, task: str, run: Run) -> list[Text | str]:
        attempt = run.last_attempt
        duration = run.duration or timedelta(seconds=time.monotonic() - self._since[task])
        number, url = (str(attempt.number), attempt.monitor_url) if attempt else (ABSENT, None)
        url_text = Text(readable(url or ABSENT))
        return [status_text(run.status), number, written_duration(duration), url_text]

    @property
    def is_complete(self) -> bool:
        """Whether every task has run to its end."""
        return all(run is not None and run.is_terminal for run in self._runs.values())

    @property
    def failures(self) -> list[Run]:
        """The runs that did not succeed, those that only waited for others left out."""
        ended = [run for run in self._runs.values() if run and run.is_terminal]
        return [run for run in ended if not run.succeeded and run.status != SKIPPED]

    def show(self, run: Run) -> bool:
        """Take in the state of a run; tell whether it is new."""
        former = self._runs.get(run.title)
        if former is not None and former.answer == run.answer:
            return False
        self._since.setdefault(run.title, time.monotonic())
        self._runs[run.title] = run
        if not self._console.is_interactive and _stage(former) != _stage(run):
            attempt = f" (attempt {len(run.attempts)})" if len(run.attempts) > 1 else ""
            self._console.print(f"{run.title}: {readable(run.status)}{attempt}")
        return True


def _stage(run: Run | None) -> tuple[str, int] | None:
    return None if run is None else (run.status, len(run.attempts))


def main() -> int:
    """Run the demo; 0 only if every run succeeded and the report is there."""
    signal.signal(signal.SIGTERM, _interrupt)
    console, started = Terminal().out, time.monotonic()
    try:
        place = parse(sys.argv[1:])
        with running_host(console, place) as host:
            run_lakehouse(console, place, host)
        took = written_duration(timedelta(seconds=time.monotonic() - started))
        console.print(f"Done in {took}; all is stopped.")
    except DemoFailed as failure:
        console.print(f"The demo failed: {readable(str(failure))}", style="red")
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
        with console.status("Starting the app, its storage and the Databricks simulator ..."):
            host.wait_until_ready()
        console.print(f"Polysync answers at {place.api_url} (log: {_shown(host.log)}).")
        yield host
    except (DemoFailed, CommandFailed) as failure:
        console.print(Text(readable(host.last_words()), style="dim"))
        details = "".join(f"\n  {each}" for each in getattr(failure, "details", ()))
        raise DemoFailed(f"{failure}{details}") from failure
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave it behind
        host.stop()


def run_lakehouse(console: Console, place: Place, host: Host) -> None:
    """Apply the definitions, start the first task and show what comes of it."""
    document = read_documents([str(DEFINITIONS)]).content
    for platform in cast("list[Any]", document["platforms"]):
        if platform["attributes"].get("workspaceUrl") == WORKSPACE_URL:
            address = f"http://127.0.0.1:{place.databricks_port}"
            platform["attributes"]["workspaceUrl"] = address
    with Api(place.api_url) as api:
        plan = Plan.decode(api.put("definitions", body=document, query={}))
        console.print(f"Definitions applied: {plan.summary()}.")
        run_pipeline(console, api, host, in_order(document))
    show_product(console, place.data)


def in_order(document: JsonObject) -> list[str]:
    """Return the tasks so that each comes after those that it depends on."""
    tasks = cast("list[Any]", document["tasks"])
    sorter = TopologicalSorter[str]()
    for task in tasks:
        sorter.add(task["name"], *(upstream["task"] for upstream in task.get("dependencies", [])))
    return list(sorter.static_order())


def run_pipeline(console: Console, api: Api, host: Host, tasks: Sequence[str]) -> None:
    """Start the first task, from which all others follow, and watch until every one has run."""
    board = Board(console, tasks)
    root = run_id_of(api.post("tasks", tasks[0], "run", body={}))
    try:
        with Live(board, console=console, refresh_per_second=8):
            _watch(board, api, host, root)
    finally:
        console.print()  # Live does not end its last line where there is no screen
    show_graph(console, api, root)
    for run in board.failures:
        raise DemoFailed(f"{run.title} ended as {run.status}: {reason_of(run)}")


def show_graph(console: Console, api: Api, graph_run: str) -> None:
    """Print the graph with what became of each task in the graph run."""
    console.print("What started what (polysync graph --graph-run ...):", style="bold")
    graph = Graph.decode(api.get("graph", query={"graphRunId": graph_run}))
    console.print(*tree_view(graph), "", sep="\n")


def _watch(board: Board, api: Api, host: Host, graph_run: str) -> None:
    """Look at the graph run until every task has run to its end."""
    changed = time.monotonic()
    while not board.is_complete:
        host.wait(LOOK_SECONDS)
        items, _ = api.items("task-runs", query={"graphRunId": graph_run})
        if any([board.show(Run.decode(item)) for item in reversed(items)]):
            changed = time.monotonic()
        elif time.monotonic() - changed > STANDSTILL_SECONDS:
            raise DemoFailed(f"Nothing has changed for {STANDSTILL_SECONDS:.0f} s.")


def reason_of(run: Run) -> str:
    """Return why a run did not succeed."""
    attempt = run.last_attempt
    return (attempt and attempt.error) or run.reason or "no reason is known"


def show_product(console: Console, data: Path) -> None:
    """Print the report that the last notebook wrote; raise DemoFailed if there is none."""
    report = data / REPORT
    if not report.is_file():
        raise DemoFailed(f"The pipeline left no report at {report}.")
    console.print(f"What the pipeline produced ({_shown(report)}):", style="bold")
    console.print(Text(readable(report.read_text(encoding="utf-8"))))


def parse(arguments: Sequence[str]) -> Place:
    """Return where to work: as told, else the usual ports where they are free."""
    parser = argparse.ArgumentParser(prog="examples.demo", description=__doc__)
    parser.add_argument("--port", type=int, help="of the API (7071, if it is free)")
    parser.add_argument("--storage-port-base", type=int, help="first of three (10000, if free)")
    parser.add_argument("--databricks-port", type=int, help="of the workspace (8787, if free)")
    parser.add_argument("--data", type=Path, help="an empty or new folder (.local/demo, emptied)")
    told = parser.parse_args(arguments)
    return Place(
        port=told.port or free_ports(7071, 1),
        storage_port_base=told.storage_port_base or free_ports(10000, 3),
        databricks_port=told.databricks_port or free_ports(8787, 1),
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
