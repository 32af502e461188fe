"""Reads pages and sends forms as a browser without scripts does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode

from httpx import Response
from selectolax.lexbor import LexborHTMLParser, LexborNode
from starlette.testclient import TestClient

type Pairs = list[tuple[str, str]]


def parsed(markup: str) -> LexborHTMLParser:
    """Return the elements of a page."""
    return LexborHTMLParser(markup)


def text_of(page: LexborHTMLParser | LexborNode, selector: str) -> str:
    """Return the text of the first element that matches, with single spaces."""
    found = page.css_first(selector)
    assert found is not None, selector
    return " ".join(found.text().split())


def form_pairs(form: LexborNode) -> Pairs:
    """Return the names and values that a browser sends for a form, without its buttons."""
    pairs: Pairs = []
    for control in form.css("input, select, textarea"):
        name = control.attributes.get("name")
        if name and "disabled" not in control.attributes:
            value = _value(control)
            if value is not None:
                pairs.append((name, value))
    return pairs


def sent(pairs: Sequence[tuple[str, str]]) -> Pairs:
    """Return form data as the app reads it."""
    body = urlencode([(name, value.replace("\n", "\r\n")) for name, value in pairs])
    return [
        (name, value.replace("\r\n", "\n"))
        for name, value in parse_qsl(body, keep_blank_values=True)
    ]


def submit(
    client: TestClient,
    page: Response | LexborHTMLParser,
    values: Mapping[str, str] | None = None,
    *,
    do: str = "",
    form: str = "form#editor",
) -> Response:
    """Send the form of a page with changed values; `do` is the pressed button."""
    document = page if isinstance(page, LexborHTMLParser) else parsed(page.text)
    element = document.css_first(form)
    assert element is not None, document.html
    changed = dict(values or {})
    pairs = [(name, changed.pop(name, value)) for name, value in form_pairs(element)]
    pairs += changed.items()
    if do:
        pairs.append(("do", do))
    address = (element.attributes["action"] or "").removeprefix("/console")
    body = urlencode([(name, value.replace("\n", "\r\n")) for name, value in pairs])
    return client.post(
        address, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )


def _value(control: LexborNode) -> str | None:
    attributes = control.attributes
    if control.tag == "select":
        options = control.css("option")
        chosen = [each for each in options if "selected" in each.attributes] or options[:1]
        return (chosen[-1].attributes.get("value") or "") if chosen else None
    if control.tag == "textarea":
        return control.text()
    kind = attributes.get("type") or "text"
    if kind in {"submit", "button", "file"}:
        return None
    if kind in {"checkbox", "radio"}:
        return attributes.get("value") or "on" if "checked" in attributes else None
    return (attributes.get("value") or "").replace("\n", "").replace("\r", "")
