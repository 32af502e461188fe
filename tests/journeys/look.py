"""Takes pictures of the main pages of the console from a running example.

Usage: `make look`, or `python -m tests.journeys.look [--images]`. They are in `.local/look`.
With `--images`, the two pictures of the README in `docs/images` are replaced, too.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from polysync_core.cli.documents import read_documents
from polysync_embedded.demo.system import choose_ports
from polysync_embedded.demo.walkthrough import DEFINITIONS, running_programs, with_addresses
from tests.integration.devhost.host_process import eventually
from tests.journeys.browser.finding import ROOT, required_browser

FOLDER = ROOT / ".local" / "look"
IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1440, "height": 900}
THEMES = ("light", "dark")
FURTHER = """\
calendars:
  - {name: close-days, dates: ["2026-12-25", "2026-12-26", "2027-01-01"]}
jobs:
  - name: flaky
    platform: lakehouse
    jobType: DatabricksNotebook
    externalId: /bench/flaky
    parameters:
      - {name: failures, dataType: Int, default: 1}
      - {name: key, default: flaky}
      - {name: seconds, dataType: Float, default: 0.2}
  - name: nap
    platform: lakehouse
    jobType: DatabricksNotebook
    externalId: /bench/nap
    parameters:
      - {name: seconds, dataType: Float, default: 2.0}
tasks:
  - name: nightly-window
    job: nap
    priority: 500
    schedules:
      - name: nightly
        cron: "30 2 * * *"
        timeZone: Europe/Berlin
        calendars: [close-days]
        pauseAfterFailures: 3
      - {name: month-end, cron: "0 6 L * *", timeZone: Europe/Berlin}
  - name: ingest-weather
    job: flaky
    parameters: {failures: 99, key: weather}
    retry: {enabled: true, maxRetryAttempts: 2, backoff: Fixed, initialDelaySeconds: 1}
  - {name: clean-weather, job: nap, dependencies: [{task: ingest-weather}]}
  - {name: report-weather, job: nap, dependencies: [{task: clean-weather}]}
"""


@dataclass(frozen=True, slots=True)
class Example:
    """The running example."""

    base: str
    http: httpx.Client

    def run(self, task: str) -> str:
        """Start a Task and return the id of the run."""
        answer = self.http.post(f"/tasks/{task}/run", json={})
        return answer.raise_for_status().json()["runId"]

    def runs(self, **query: str) -> list[dict[str, Any]]:
        """Return the newest runs with some properties."""
        return self.http.get("/task-runs", params=query).raise_for_status().json()["items"]

    def wait(self, run_id: str, *, count: int) -> None:
        """Wait until all runs of a graph run have ended."""

        def over() -> bool:
            found = self.runs(graphRunId=run_id)
            return len(found) == count and all(run["finishedAt"] for run in found)

        eventually(over)


@contextmanager
def running_example() -> Iterator[Example]:
    """Start the host with three simulators and the definitions of the example."""
    config = choose_ports(None, FOLDER / "data")
    document = with_addresses(read_documents([str(DEFINITIONS)]).content, config.addresses)
    with (
        running_programs(Console(quiet=True), config),
        httpx.Client(base_url=config.api_url, timeout=30) as http,
    ):
        for each in (document, yaml.safe_load(FURTHER)):
            http.put("/definitions", json=each).raise_for_status()
        yield Example(config.api_url.removesuffix("/api"), http)


def pictures(example: Example, shoot: Callable[[str, str], None]) -> None:
    """Take the pictures: some while runs are under way, the others after their end."""
    weather = example.run("ingest-weather")
    example.wait(weather, count=3)
    sales = example.run("land-sources")
    eventually(lambda: len(example.runs(status="Running")) > 1)
    shoot("runs", "runs")
    shoot("graph", "graph?task=join-sales")
    shoot("limits", "limits")
    example.wait(sales, count=10)
    shoot("graph-run", f"graph?graphRunId={sales}&task=aggregate-revenue")
    shoot("run-failed", f"runs/{weather}")
    shoot("missed", "missed")
    for name in ("upcoming", "tasks", "jobs", "platforms", "definitions", "help"):
        shoot(name, name)
    for tab in ("settings", "scheduling", "runtime-settings"):
        shoot(f"task-{tab}", f"tasks/nightly-window?tab={tab}")
    shoot("task-dependencies", "tasks/publish-figures?tab=dependencies")


def shooter(browser: Browser, example: Example) -> Callable[[str, str], None]:
    """Return the function that takes a picture of a page in both themes."""
    pages: dict[str, Page] = {}
    for theme in THEMES:
        context = browser.new_context(viewport=SIZE, color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        pages[theme] = context.new_page()

    def shoot(name: str, path: str) -> None:
        for theme, page in pages.items():
            answer = page.goto(f"{example.base}/console/{path}")
            if answer is None or not answer.ok:
                print(f"{path} is not shown", file=sys.stderr)
                return
            page.screenshot(path=FOLDER / f"{name}-{theme}.png")

    return shoot


def main(arguments: list[str]) -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--images", action="store_true", help="replace the pictures of the README")
    with_images = parser.parse_args(arguments).images
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with running_example() as example, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=required_browser())
        pictures(example, shooter(browser, example))
        browser.close()
    if with_images:
        for name in ("runs-light", "graph-run-dark"):
            shutil.copy(FOLDER / f"{name}.png", IMAGES / f"console-{name}.png")
    print(f"The pictures are in {FOLDER.relative_to(Path.cwd(), walk_up=True)}")


if __name__ == "__main__":
    main(sys.argv[1:])
