"""The number and the size of what a visit loads."""

from __future__ import annotations

from playwright.sync_api import Response

from tests.journeys.browser.visitor import Visitor
from tests.journeys.example import Example

FIRST_REQUESTS, FIRST_BYTES = 5, 60_000
PAGE_REQUESTS, PAGE_BYTES = 1, 20_000
PAGES = ("help", "tasks", "definitions", "vaults", "audit", "graph?task=nightly")


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
    visitor.open("graph")
    for path in PAGES:
        answers = loaded(visitor, path)
        assert len(answers) <= PAGE_REQUESTS, answers
        assert sum(size for _, size in answers) <= PAGE_BYTES, answers
