"""Converts Markdown documentation to HTML elements, with all text escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import htpy as h
from htpy import Element, Node

from polysync_core.console.shell import FRAME_IDS

if TYPE_CHECKING:
    from markdown_it.token import Token
    from markdown_it.tree import SyntaxTreeNode

type Resolve = Callable[[str], str | None]
"""Returns the address behind a link of the page; None if the console does not serve it."""

_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")
_SIMPLE: Mapping[str, Element] = {
    "paragraph": h.p,
    "strong": h.strong,
    "em": h.em,
    "s": h.s,
    "bullet_list": h.ul,
    "ordered_list": h.ol,
    "list_item": h.li,
    "blockquote": h.blockquote,
    "thead": h.thead,
    "tbody": h.tbody,
    "tr": h.tr,
    "td": h.td,
}
_HEADINGS: Mapping[str, Element] = {"h2": h.h2, "h3": h.h3, "h4": h.h4, "h5": h.h5, "h6": h.h6}


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading below the title, with the anchor that links to it."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedPage:
    """A page as elements; the frame of the console shows its title."""

    title: str
    headings: Sequence[Heading]
    content: Node


def _tokens(text: str) -> list[Token]:
    # Only the pages of the documentation pay for this import.
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    return parser.parse(text)


def _tree(tokens: Sequence[Token]) -> SyntaxTreeNode:
    from markdown_it.tree import SyntaxTreeNode

    return SyntaxTreeNode(tokens)


def anchor_of(heading: str) -> str:
    """Return the anchor of a heading, as GitHub makes it."""
    return _NOT_IN_ANCHORS.sub("", heading.lower()).replace(" ", "-")


def render(text: str, resolve: Resolve) -> RenderedPage:
    """Return a page of Markdown as elements."""
    rendering = _Rendering(resolve)
    content = list(rendering.children(_tree(_tokens(text))))
    return RenderedPage(title=rendering.title, headings=rendering.headings, content=content)


def plain_text(text: str) -> str:
    """Return the words of a Markdown text without its marks."""
    inline = [each for each in _tokens(text) if each.type == "inline"]
    return " ".join(_text_of(_tree([each])) for each in inline)


@dataclass(slots=True)
class _Rendering:
    """Renders the nodes of one page, and collects its headings."""

    resolve: Resolve
    title: str = "Documentation"
    headings: list[Heading] = field(default_factory=list[Heading])
    _anchors: set[str] = field(default_factory=lambda: set(FRAME_IDS))
    _boxes: Iterator[int] = field(default_factory=lambda: count(1))

    def children(self, node: SyntaxTreeNode) -> Iterator[Node]:
        for child in node.children:
            yield self.element(child)

    def element(self, node: SyntaxTreeNode) -> Node:
        """Return the element of a node."""
        if (simple := _SIMPLE.get(node.type)) is not None:
            is_tight = node.type == "paragraph" and node.hidden
            inner = list(self.children(node))
            return inner if is_tight else simple[inner]
        match node.type:
            case "inline":
                return list(self.children(node))
            case "text":
                return node.content
            case "softbreak":
                return "\n"
            case "hardbreak":
                return h.br
            case "hr":
                return h.hr
            case "code_inline":
                return h.code[node.content]
            case _:
                return self._larger(node)

    def _larger(self, node: SyntaxTreeNode) -> Node:
        match node.type:
            case "heading":
                return self._heading(node)
            case "fence" | "code_block":
                label = f"Example {next(self._boxes)}"
                return h.pre(tabindex="0", role="group", aria_label=label)[h.code[node.content]]
            case "table":
                label = f"Table {next(self._boxes)}"
                return h.div(".table", tabindex="0", role="group", aria_label=label)[
                    h.table[list(self.children(node))]
                ]
            case "th":
                return _header_cell(list(self.children(node)))
            case "link":
                return self._link(node)
            case "image":
                # Pictures are not part of a deployment.
                return h.em[f"Picture: {node.content}"]
            case _:
                return node.content

    def _heading(self, node: SyntaxTreeNode) -> Node:
        text = _text_of(node)
        if node.tag == "h1":
            self.title = text
            return None
        anchor = self._free(anchor_of(text))
        self.headings.append(Heading(int(node.tag[1]), text, anchor))
        return _HEADINGS[node.tag](id=anchor)[list(self.children(node))]

    def _free(self, anchor: str) -> str:
        """Return an anchor that the page does not have yet."""
        candidates = (f"{anchor}-{number}" if number else anchor for number in count())
        free = next(each for each in candidates if each not in self._anchors)
        self._anchors.add(free)
        return free

    def _link(self, node: SyntaxTreeNode) -> Node:
        inner = list(self.children(node))
        target = str(node.attrs.get("href", ""))
        if target.startswith(("https://", "http://")):
            return h.a(href=target, rel="noreferrer")[inner]
        address = target if target.startswith("#") else self.resolve(target)
        return inner if address is None else h.a(href=address)[inner]


def _header_cell(content: list[Node]) -> Element:
    is_empty = not any(each for each in content if each != [])
    # A header cell without text would be a riddle for screen readers.
    return h.td[content] if is_empty else h.th(scope="col")[content]


def _text_of(node: SyntaxTreeNode) -> str:
    if node.type in {"text", "code_inline"}:
        return node.content
    if node.type in {"softbreak", "hardbreak"}:
        return " "
    return "".join(_text_of(child) for child in node.children)
