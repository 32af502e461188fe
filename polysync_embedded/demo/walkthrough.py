"""Runs the demo's example pipeline on the embedded host and simulators, and prints results."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, NoReturn, cast

from rich.console import Console
from rich.live import Live
from rich.text import Text

from polysync_core.cli.api.answers import RunAnswer, run_id_of
from polysync_core.cli.api.client import ApiClient
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.api.graph import GraphAnswer
from polysync_core.cli.api.plan import PlanAnswer
from polysync_core.cli.api.reader import compact
from polysync_core.cli.documents import read_documents
from polysync_core.cli.layout.formats import format_duration
from polysync_core.cli.terminal import Terminal, printable
from polysync_core.cli.views.runs.graph import tree_view
from polysync_core.console.paths import BASE
from polysync_core.domain.json_types import JsonObject
from polysync_embedded.demo import figures, system
from polysync_embedded.demo.run_table import RunTable, mapped_values, platforms_of
from polysync_embedded.demo.system import DemoConfig, DemoFailed, choose_ports, local_url
from polysync_embedded.options import PORT, StartRefused
from polysync_embedded.simulators import Children, require_simulators
from simulators.example_folder import EXAMPLES

DEFINITIONS = EXAMPLES / "lakehouse" / "definitions.yaml"
REPORT = figures.LAKE / "reports" / "revenue.txt"
POLL_SECONDS = 0.4
STALL_SECONDS = 120.0
"""The demo fails after this time without any change."""
INTERRUPTED = 130


def run_demo(port: int | None, data: Path | None) -> int:
    """Run the demo; return 0 only if all runs succeeded and the figures are equal."""
    signal.signal(signal.SIGTERM, _interrupt)
    console, started = Terminal().out, time.monotonic()
    try:
        require_simulators()
        config = choose_ports(port, data)
        with running_programs(console, config) as children:
            graph_run = run_lakehouse(console, config, children)
        took = format_duration(timedelta(seconds=time.monotonic() - started))
        console.print(f"Done in {took}. Everything is stopped.")
        console.print(what_to_open(config, graph_run), soft_wrap=True)
    except (DemoFailed, StartRefused) as failure:
        console.print(f"The demo failed: {printable(str(failure))}", style="red")
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted. Everything is stopped.")
        return INTERRUPTED
    return 0


@contextmanager
def running_programs(console: Console, config: DemoConfig) -> Iterator[Children]:
    """Start the programs and stop them at the end; show the end of their log after a failure."""
    system.prepare_token()
    system.log_to(config.log)
    children = Children(system.programs(config))
    try:
        with console.status("Starting the app, its storage and three simulators ..."):
            children.wait_until_ready()
        console.print(f"Polysync is ready at {config.api_url} (log: {_short(config.log)}).")
        console.print(f"The console shows the runs live: {config.console_url}/runs", soft_wrap=True)
        yield children
    except (DemoFailed, StartRefused, CommandFailed) as failure:
        console.print(Text(printable(system.log_end(config.log)), style="dim"))
        details = "".join(f"\n  {each}" for each in getattr(failure, "details", ()))
        raise DemoFailed(f"{failure}{details}") from failure
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(
                number, signal.SIG_IGN
            )  # a second Ctrl-C must not leave a program running
        children.stop()


def run_lakehouse(console: Console, config: DemoConfig, children: Children) -> str:
    """Apply the definitions, start the first task and show the results.

    The answer is the id of the graph run.
    """
    document = with_addresses(read_documents([str(DEFINITIONS)]).content, config.addresses)
    with ApiClient(config.api_url) as api:
        plan = PlanAnswer.decode(api.put("definitions", body=document, query={}))
        console.print(f"Definitions applied: {plan.summary()}.")
        runs = run_pipeline(console, api, children, document)
    show_results(console, config, runs)
    return runs[next(iter(ordered_tasks(document)))].run_id


def what_to_open(config: DemoConfig, graph_run: str) -> str:
    """Return the command that opens the stored runs, and the pages to look at."""
    return (
        f"To look at these runs in the console: polysync dev --data {_short(config.data)}\n"
        f"  the graph with its values: {local_url(PORT)}{BASE}/graph?graphRunId={graph_run}\n"
        f"  the runs with their reasons: {local_url(PORT)}{BASE}/runs"
    )


def with_addresses(document: JsonObject, addresses: Mapping[str, str]) -> JsonObject:
    """Replace the addresses of the platforms in the document; return the document."""
    for platform in cast("list[Any]", document["platforms"]):
        attributes = platform["attributes"]
        for name, value in attributes.items():
            attributes[name] = addresses.get(str(value), value)
    return document


def ordered_tasks(document: JsonObject) -> list[str]:
    """Return the tasks in an order in which each follows its upstream tasks."""
    tasks = cast("list[Any]", document["tasks"])
    sorter = TopologicalSorter[str]()
    for task in tasks:
        sorter.add(task["name"], *(upstream["task"] for upstream in task.get("dependencies", [])))
    return list(sorter.static_order())


def run_pipeline(
    console: Console, api: ApiClient, children: Children, document: JsonObject
) -> Mapping[str, RunAnswer]:
    """Start the first task and return the runs of its graph run."""
    tasks, platforms = ordered_tasks(document), platforms_of(document)
    table = RunTable(console, {task: platforms[task] for task in tasks})
    root = run_id_of(api.post("tasks", tasks[0], "run", body={}))
    try:
        with Live(table, console=console, refresh_per_second=8):
            _watch(table, api, children, root)
    finally:
        console.print()  # without a terminal, Live does not end its last line
    show_graph(console, api, root)
    for run in table.failures:
        raise DemoFailed(f"{run.title} ended as {run.status}: {reason_of(run)}")
    console.print("Mapped values:", style="bold")
    console.print(mapped_values(cast("list[Any]", document["tasks"]), table.runs), "", sep="\n")
    return table.runs


def show_graph(console: Console, api: ApiClient, graph_run: str) -> None:
    """Print the graph with the status of each task in the graph run."""
    console.print("Graph run (polysync graph --graph-run ...):", style="bold")
    graph = GraphAnswer.decode(api.get("graph", query={"graphRunId": graph_run}))
    console.print(*tree_view(graph), "", sep="\n")


def _watch(table: RunTable, api: ApiClient, children: Children, graph_run: str) -> None:
    """Poll the graph run until the run of every task has ended."""
    changed = time.monotonic()
    while not table.is_complete:
        children.wait(POLL_SECONDS)
        items, _ = api.items("task-runs", query={"graphRunId": graph_run})
        if any([table.update(RunAnswer.decode(item)) for item in reversed(items)]):
            changed = time.monotonic()
        elif time.monotonic() - changed > STALL_SECONDS:
            raise DemoFailed(f"Nothing has changed for {STALL_SECONDS:.0f} s.")


def reason_of(run: RunAnswer) -> str:
    """Return the reason why a run did not succeed."""
    attempt = run.last_attempt
    return (attempt and attempt.error) or run.reason or "the reason is unknown"


def show_results(console: Console, config: DemoConfig, runs: Mapping[str, RunAnswer]) -> None:
    """Show the results on the platforms; raise `DemoFailed` if the figures differ."""
    found = figures.read_figures(config, runs)
    report = config.data / REPORT
    console.print(f"The report ({_short(report)}):", style="bold")
    console.print(Text(printable(report.read_text(encoding="utf-8"))))
    console.print(f"The outputs of {figures.PUBLICATION}:", style="bold")
    for name, value in runs[figures.PUBLICATION].outputs.items():
        console.print(Text(printable(f"{name}: {compact(value)}")))
    console.print()
    console.print("The figures on each platform:", style="bold")
    console.print(figures.figures_view(found), "", sep="\n")
    figures.require_equal(found)


def _short(path: Path) -> Path:
    """Return a path relative to the current folder if it is inside."""
    current = Path.cwd()
    return path.relative_to(current) if path.is_relative_to(current) else path


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
