"""The number and the size of what a visit loads."""

from __future__ import annotations

from playwright.sync_api import Response

from tests.faults.local_system import LocalSystem
from tests.journeys.browser.visitor import Visitor
from tests.journeys.example import Example

FIRST_REQUESTS, FIRST_BYTES = 5, 60_000
PAGE_REQUESTS, PAGE_BYTES = 1, 20_000
PAGES = (
    "runs",
    "graph?task=nightly",
    "missed",
    "upcoming",
    "tasks",
    "tasks/nightly/run",
    "jobs",
    "platforms",
    "limits",
    "definitions",
    "audit",
    "help",
)
MOST_NODES = 1_500


def loaded(visitor: Visitor, path: str) -> list[tuple[str, int]]:
    """Open a page; return the address and the bytes of each answer that came over the wire."""
    answers: list[Response] = []

    def keep(answer: Response) -> None:
        answers.append(answer)

    visitor.page.on("response", keep)
    visitor.open(path)
    visitor.page.wait_for_load_state("load")
    visitor.page.remove_listener("response", keep)
    own = [
        each for each in answers if "/live/" not in each.url and not each.url.startswith("data:")
    ]
    sizes = [(each.url, each.request.sizes()["responseBodySize"]) for each in own]
    return [(url, size) for url, size in sizes if size > 0]


def test_a_first_visit_needs_few_requests_and_bytes(visitor: Visitor, example: Example) -> None:
    answers = loaded(visitor, "tasks")
    assert len(answers) <= FIRST_REQUESTS, answers
    assert sum(size for _, size in answers) <= FIRST_BYTES, answers


def test_a_further_page_is_one_small_request(visitor: Visitor, example: Example) -> None:
    # Its scripts are those of every page that is read afterwards.
    visitor.open("graph?task=nightly")
    visitor.open("tasks/nightly")
    for path in PAGES:
        answers = loaded(visitor, path)
        assert len(answers) <= PAGE_REQUESTS, answers
        assert sum(size for _, size in answers) <= PAGE_BYTES, answers


def test_fifty_runs_are_a_small_document(visitor: Visitor, system: LocalSystem) -> None:
    system.apply("tasks: [{name: of-fifty, job: nap, enabled: true, parameters: {seconds: 0}}]")
    for _ in range(50):
        system.host.post("/tasks/of-fifty/run", {})
    visitor.open("runs?task=of-fifty")
    assert visitor.page.locator("tbody.rows tr").count() == 50
    assert visitor.page.evaluate("document.querySelectorAll('*').length") <= MOST_NODES
    for run in system.host.get("/task-runs?task=of-fifty&limit=100")["items"]:
        if run["finishedAt"] is None:
            system.host.http.post(f"/task-runs/{run['runId']}/cancel")
