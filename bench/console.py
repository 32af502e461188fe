"""Measures processor time and size of console pages, and the console's import time."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from bench.report import row, title
from polysync_core.domain.definitions.tasks import Dependency, Task
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform

_REPEATS = 15
_RUNS = 50
_BOXES = 200
_IMPORT = """
import time
import polysync_core.composition
before = time.process_time()
import polysync_core.console.app, polysync_core.console.roles, polysync_core.console.sign_in
app = time.process_time()
runs = polysync_core.console.page_groups.subjects()[0].routes
print(app - before, time.process_time() - app)
"""


def console(_: argparse.Namespace) -> None:
    """Measure warm pages with stores in memory, and the import."""
    title("Console, stores in memory")
    app = FakeApp(a_platform(), a_job(), *_tasks(_BOXES))
    for number in range(_RUNS):
        app.http.post(f"/tasks/{_name(number)}/run").raise_for_status()
    for label, path in (
        (f"list of {_RUNS} runs", "/runs"),
        (f"graph of {_BOXES} Tasks", "/graph"),
        ("list of 50 Tasks", "/tasks"),
        ("editor of a Task", f"/tasks/{_name(1)}"),
        ("versions of a Task", f"/tasks/{_name(1)}/versions"),
        ("search of a time zone", "/zones?q=germany"),
        ("page of the documentation", "/help/reference/runs"),
    ):
        row(label, _figures(app, path))
    app_seconds, runs_seconds = _import_seconds()
    row(
        "import of the console, beyond the API",
        f"{app_seconds * 1000:.0f} ms of the processor, "
        f"and {runs_seconds * 1000:.0f} ms for the first page of runs",
    )


def _tasks(count: int) -> list[Task]:
    """Return Tasks in layers of ten; each starts after two of the layer before."""
    job = a_job().name
    return [
        Task(name=_name(number), job=job, dependencies=_upstreams(number))
        for number in range(count)
    ]


def _upstreams(number: int) -> tuple[Dependency, ...]:
    if number < 10:
        return ()
    before = number - 10
    names = {_name(before), _name(before // 10 * 10 + (before + 1) % 10)}
    return tuple(Dependency(task=name) for name in sorted(names))


def _name(number: int) -> str:
    return f"task-{number:04}"


def _figures(app: FakeApp, path: str) -> str:
    def visit() -> int:
        answer = app.browser.get(path).raise_for_status()
        return int(answer.headers.get("content-length", len(answer.content)))

    seconds, size = _median_of(visit)
    return f"{seconds * 1000:.0f} ms of the processor; {size / 1000:.1f} kB compressed"


def _median_of(visit: Callable[[], int]) -> tuple[float, int]:
    visit()
    times: list[float] = []
    size = 0
    for _ in range(_REPEATS):
        before = time.process_time()
        size = visit()
        times.append(time.process_time() - before)
    return median(times), size


def _import_seconds() -> tuple[float, float]:
    """Return the seconds for the frame of the console, and for the pages of runs."""
    command = [sys.executable, "-c", _IMPORT]
    printed = [
        subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        for _ in range(5)
    ]
    frames, runs = zip(*printed, strict=True)
    return median(map(float, frames)), median(map(float, runs))
