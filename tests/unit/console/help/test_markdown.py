"""Markdown becomes elements: every text escaped, every table and example reachable by keyboard."""

from __future__ import annotations

import htpy as h
import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from polysync_core.console.pages.help.markdown import RenderedPage, anchor_of, render


def rendered(text: str) -> RenderedPage:
    return render(text, lambda target: f"/console/help/{target}" if target == "known.md" else None)


def html(text: str) -> str:
    return str(h.div[rendered(text).content])


def test_the_title_is_left_to_the_frame_and_headings_get_anchors() -> None:
    page = rendered("# Runs\n\n## Why a run waits\n\n### `status`\n\n## Why a run waits")
    assert page.title == "Runs"
    anchors = [(each.level, each.anchor) for each in page.headings]
    assert anchors == [(2, "why-a-run-waits"), (3, "status"), (2, "why-a-run-waits-1")]
    assert "<h1" not in str(h.div[page.content])


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Runs", "runs"),
        ("What runs, and when?", "what-runs-and-when"),
        ("`retry.backoff`", "retrybackoff"),
        ("One - two", "one---two"),
    ],
)
def test_anchors_are_those_of_github(heading: str, anchor: str) -> None:
    assert anchor_of(heading) == anchor


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**a** *b* ~~c~~ `d`", "<p><strong>a</strong> <em>b</em> <s>c</s> <code>d</code></p>"),
        ("- one\n- two", "<ul><li>one</li><li>two</li></ul>"),
        ("1. one", "<ol><li>one</li></ol>"),
        ("> said", "<blockquote><p>said</p></blockquote>"),
        ("a  \nb", "<p>a<br>b</p>"),
        ("---", "<hr>"),
        ("![A graph](graph.svg)", "<p><em>Picture: A graph</em></p>"),
        ("[here](known.md)", '<p><a href="/console/help/known.md">here</a></p>'),
        ("[here](#there)", '<p><a href="#there">here</a></p>'),
        ("[code](../../setup.py)", "<p>code</p>"),
        ("[site](https://example.org)", 'rel="noreferrer"'),
    ],
)
def test_each_construct_has_its_element(text: str, expected: str) -> None:
    assert expected in html(text)


def test_tables_and_examples_can_be_scrolled_by_keyboard() -> None:
    tree = LexborHTMLParser(html("|A||\n|-|-|\n|1|2|\n\n```\nx\n```\n"))
    boxes = tree.css("[tabindex='0']")
    assert [box.tag for box in boxes] == ["div", "pre"]
    labels = [box.attributes["aria-label"] for box in boxes]
    assert len(set(labels)) == 2
    assert [cell.text() for cell in tree.css("th[scope=col]")] == ["A"]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<b>)",
        "`<b>`",
        "```\n</code><b>\n```",
        '[x](https://example.org/"onclick=x)',
        "## <i>x</i>",
    ],
)
def test_markup_in_the_text_stays_text(text: str) -> None:
    tree = LexborHTMLParser(html(text))
    assert not tree.css("script, img, b, i, [onerror], [onclick]")
    hrefs = [link.attributes.get("href") or "" for link in tree.css("a")]
    assert all(href.startswith("https://example.org/") for href in hrefs)


@given(st.text(alphabet="<>&\"'`*_[]()#|-! \nab", max_size=60))
def test_any_text_becomes_harmless_elements(text: str) -> None:
    tree = LexborHTMLParser(html(text))
    assert {node.tag for node in tree.css("body *")} <= {
        *("div", "p", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "s", "hr"),
        *("br", "a", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "td", "th"),
    }
