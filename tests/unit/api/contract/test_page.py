"""Tests for the page of the API's documentation."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from polysync_core.api.contract.page import page
from tests.fakes.app import FakeApp
from tests.fakes.contract import document

_LOADS = ("src", "action", "data", "poster", "background", "onclick", "onload", "style")


class _Reader(HTMLParser):
    """Collects the tags and the addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.loads: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "href":
                self.links.append(value or "")
            if name == "id":
                self.ids.add(value or "")
            if name in _LOADS:
                self.loads.append((name, value))


@pytest.fixture(scope="module")
def answer() -> tuple[str, str]:
    found = FakeApp().http.get("/docs")
    assert found.status_code == 200
    return found.text, found.headers["content-security-policy"]


@pytest.fixture(scope="module")
def reader(answer: tuple[str, str]) -> _Reader:
    read = _Reader()
    read.feed(answer[0])
    return read


def test_the_page_loads_nothing(reader: _Reader) -> None:
    assert not {"script", "link", "img", "iframe", "object"} & set(reader.tags)
    assert reader.loads == []


def test_every_link_leads_to_the_page_itself_or_to_the_document(reader: _Reader) -> None:
    inside = {link.removeprefix("#") for link in reader.links if link.startswith("#")}

    assert inside <= reader.ids
    assert {link for link in reader.links if not link.startswith("#")} == {"openapi.json"}


def test_the_policy_allows_the_style_of_the_page_alone(answer: tuple[str, str]) -> None:
    text, policy = answer
    (style,) = re.findall("<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_page_shows_every_operation_and_schema(reader: _Reader) -> None:
    operations = [each for item in document()["paths"].values() for each in item.values()]

    assert {each["operationId"] for each in operations} <= reader.ids
    assert {f"schema-{name}" for name in document()["components"]["schemas"]} <= reader.ids


def test_text_of_the_document_is_escaped() -> None:
    hostile = {
        "info": {"title": "<script>alert(1)</script>", "description": "<img src=x>"},
        "servers": [{"url": "/api"}],
        "tags": [],
        "paths": {},
        "components": {"schemas": {}},
    }

    assert "<script" not in page(hostile)
    assert "<img" not in page(hostile)
