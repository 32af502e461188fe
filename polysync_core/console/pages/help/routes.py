"""Serves the user documentation as HTML pages with contents and search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import htpy as h
from fastapi import Query, Request, Response
from htpy import Element, Node

from polysync_core.api.operations.documentation import CurrentDocumentation
from polysync_core.application.operations.documentation import DocumentationPage
from polysync_core.application.operations.documentation_search import Section
from polysync_core.console.pages.help.links import address_of, resolve_from
from polysync_core.console.pages.help.markdown import Heading, anchor_of, plain_text, render
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.notices import empty_state
from polysync_core.console.paths import page_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import page

_SECTION = "help"
_TITLE = "Help and API"
_FOUND = 10
_EXCERPT = 240
_FOLDERS = {
    "": "Understand",
    "howto": "How to",
    "reference": "Reference",
    "reference/platforms": "Platforms",
    "decisions": "Decisions",
}
"""The folders of the documentation and their headings, in the order of the list."""

Question = Annotated[str, Query(max_length=300)]

router = PageRouter()


@router.get("/help")
def help_page(request: Request, documentation: CurrentDocumentation, q: Question = "") -> Response:
    """Show the pages of the documentation, or the sections that match a question."""
    question = q.strip()
    found = documentation.search(question, limit=_FOUND) if len(question) > 1 else []
    content = _results(question, found) if question else list(_overview(documentation.pages()))
    return page(request, _TITLE, _search(question), h.div(".stack")[content], section=_SECTION)


@router.get("/help/{name}")
def top_page(name: str, request: Request, documentation: CurrentDocumentation) -> Response:
    """Show a page such as the glossary."""
    return _document(request, documentation, f"{name}.md")


@router.get("/help/{folder}/{name}")
def folder_page(
    folder: str, name: str, request: Request, documentation: CurrentDocumentation
) -> Response:
    """Show a page of a folder, such as the reference of runs."""
    return _document(request, documentation, f"{folder}/{name}.md")


@router.get("/help/{folder}/{inner}/{name}")
def inner_page(
    folder: str, inner: str, name: str, request: Request, documentation: CurrentDocumentation
) -> Response:
    """Show a page of an inner folder, such as the reference of a platform."""
    return _document(request, documentation, f"{folder}/{inner}/{name}.md")


def _document(request: Request, documentation: CurrentDocumentation, path: str) -> Response:
    known = {each.path for each in documentation.pages()}
    rendered = render(documentation.page(path), resolve_from(path, known))
    return page(
        request,
        rendered.title,
        h.div(".with-aside")[
            h.article(".prose")[rendered.content],
            _contents(rendered.headings),
        ],
        section=_SECTION,
        crumbs=[(_TITLE, page_path("help"))],
    )


def _contents(headings: Sequence[Heading]) -> Node:
    if not headings:
        return None
    links = [
        h.li(class_=f"level-{each.level}")[h.a(href=f"#{each.anchor}")[each.text]]
        for each in headings
        if each.level < 4
    ]
    return h.nav(".card.contents", aria_label="On this page")[
        h.header[h.h2["On this page"]], h.ul(".in")[links]
    ]


def _search(question: str) -> Element:
    return h.form(".filters", method="get", action=page_path("help"), role="search")[
        h.label(".hidden", for_="question")["Search the documentation"],
        h.input(
            id="question",
            name="q",
            type="search",
            value=question,
            maxlength="300",
            placeholder="Search the documentation",
        ),
        h.button(type="submit")["Search"],
        h.a(".button", href=page_path("help", "api"))["API reference"],
    ]


def _results(question: str, found: Sequence[Section]) -> Element:
    if not found:
        return empty_state(
            f"No page matches “{question}”.", h.a(".button", href=page_path("help"))["All pages"]
        )
    return card(
        "Found",
        h.ul(".found")[[h.li[_result(section)] for section in found]],
        note=f"{len(found)} sections, the best first",
    )


def _result(section: Section) -> Node:
    anchor = anchor_of(section.headings[-1]) if len(section.headings) > 1 else ""
    text = plain_text(section.text[: 4 * _EXCERPT])
    excerpt = text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"
    return [
        h.a(href=address_of(section.page, anchor))[" > ".join(map(plain_text, section.headings))],
        h.p(".help")[excerpt],
    ]


def _overview(pages: Sequence[DocumentationPage]) -> Iterator[Element]:
    for folder, label in _FOLDERS.items():
        inside = [each for each in pages if each.path.rpartition("/")[0] == folder]
        listed = [each for each in inside if each.path != "README.md"]
        links = [h.li[h.a(href=address_of(each.path))[plain_text(each.title)]] for each in listed]
        if links:
            yield card(label, h.ul(".contents.in")[links])
