"""The pages of the documentation and the reference of the API."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from fastapi.testclient import TestClient
from selectolax.lexbor import LexborHTMLParser

from tests.fakes.app import FakeApp

DOCS = Path(__file__).parents[4] / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


@pytest.fixture(scope="module")
def browser() -> TestClient:
    return FakeApp().browser


@cache
def parsed(browser: TestClient, path: str) -> LexborHTMLParser:
    answer = browser.get(path)
    assert answer.status_code == 200
    return LexborHTMLParser(answer.text)


def test_the_list_names_every_page_once(browser: TestClient) -> None:
    links = [a.attributes["href"] or "" for a in parsed(browser, "/help").css("main li a")]
    expected = [f"/console/help/{page[:-3]}" for page in PAGES if page != "README.md"]
    assert sorted(links) == sorted(expected)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_shown_and_its_links_lead_somewhere(browser: TestClient, page: str) -> None:
    tree = parsed(browser, f"/help/{page[:-3]}")
    ids = [node.attributes["id"] for node in tree.css("[id]")]
    assert len(ids) == len(set(ids))
    title = (DOCS / page).read_text("utf-8").partition("\n")[0].lstrip("# ")
    assert [heading.text() for heading in tree.css("h1")] == [title.replace("`", "")]
    for link in tree.css(".prose a, .contents a"):
        target = urlsplit(link.attributes["href"] or "")
        if target.scheme:
            continue
        if not target.path:
            assert unquote(target.fragment) in ids, target
        elif target.path != "/console/help":
            name = unquote(target.path).removeprefix("/console/help/")
            assert f"{name}.md" in PAGES, target


@pytest.mark.slow
def test_anchors_into_other_pages_exist(browser: TestClient) -> None:
    ids: dict[str, set[str | None]] = {}
    links: list[tuple[str, str, str]] = []
    for page in PAGES:
        tree = parsed(browser, f"/help/{page[:-3]}")
        ids[f"/console/help/{page[:-3]}"] = {each.attributes["id"] for each in tree.css("[id]")}
        for link in tree.css(".prose a"):
            target = urlsplit(link.attributes["href"] or "")
            if target.path.startswith("/console/help/") and target.fragment:
                links.append((page, target.path, unquote(target.fragment)))
    assert [each for each in links if each[2] not in ids[each[1]]] == []


def test_a_question_finds_sections_with_links_to_them(browser: TestClient) -> None:
    tree = parsed(browser, "/help?q=daylight+saving")
    results = tree.css(".found a")
    assert results
    address = results[0].attributes["href"] or ""
    assert address.startswith("/console/help/")
    target = urlsplit(address)
    found = parsed(browser, target.path.removeprefix("/console"))
    assert not target.fragment or found.css_first(f"[id='{unquote(target.fragment)}']") is not None
    assert tree.css_first("input[name=q]").attributes["value"] == "daylight saving"


@pytest.mark.parametrize("question", ["zzzzqqqq", "<zzzz>qqqq", "x"])
def test_a_question_without_an_answer_offers_all_pages(browser: TestClient, question: str) -> None:
    answer = browser.get("/help", params={"q": question})
    tree = LexborHTMLParser(answer.text)
    assert "No page matches" in tree.css_first(".empty").text()
    assert tree.css_first(".empty a").attributes["href"] == "/console/help"
    assert "<zzzz>" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "reference/nothing",
        "..%2F..%2Fsetup",
        "reference/..%2F..%2Fsetup",
        "%2e%2e/setup",
    ],
)
def test_no_other_file_can_be_read(browser: TestClient, path: str) -> None:
    assert browser.get(f"/help/{path}").status_code in {400, 404}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return FakeApp().api.openapi()


def test_the_reference_lists_every_operation(browser: TestClient, document: dict[str, Any]) -> None:
    links = [a.attributes["href"] for a in parsed(browser, "/help/api").css("main td a")]
    expected = [f"/console/help/api/{each}" for each in operations(document)]
    assert sorted(links, key=str) == sorted(expected)


@pytest.mark.slow
def test_every_operation_has_a_page_with_the_schemas_that_it_uses(
    browser: TestClient, document: dict[str, Any]
) -> None:
    for operation in operations(document):
        tree = parsed(browser, f"/help/api/{operation}")
        ids = [node.attributes["id"] or "" for node in tree.css("[id]")]
        assert len(ids) == len(set(ids))
        fragments = {a.attributes["href"] for a in tree.css("main a[href^='#']")}
        assert fragments <= {f"#{each}" for each in ids}, operation


def test_an_unknown_operation_is_not_found(browser: TestClient) -> None:
    assert browser.get("/help/api/nothing").status_code == 404


def operations(document: dict[str, Any]) -> list[str]:
    """Return the id of every operation."""
    items = document["paths"].values()
    return [operation["operationId"] for item in items for operation in item.values()]
