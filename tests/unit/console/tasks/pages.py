"""Reads pages of the console, and sends their forms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from fastapi.testclient import TestClient
from httpx import Response
from selectolax.lexbor import LexborHTMLParser, LexborNode

from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.security.roles import Role
from tests.fakes.app import FakeApp, settings_of
from tests.fakes.builders import FakeClock, a_job, a_platform
from tests.unit.api.security.protected_app import principal_header

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def an_app(*definitions: Definition, **facts: Any) -> FakeApp:
    return FakeApp(a_platform(), a_job(), *definitions, clock=FakeClock(NOW), **facts)


def a_task(name: str = "orders", **fields: Any) -> Task:
    return Task(name=name, job="sales-load", **fields)


def signed_in(role: Role, *definitions: Definition) -> tuple[FakeApp, dict[str, str]]:
    """Return an app with sign-in, and the headers of a person with a role."""
    settings = settings_of(POLYSYNC_ENVIRONMENT="production", WEBSITE_AUTH_ENABLED="True")
    return an_app(*definitions, settings=settings), principal_header(
        role.value, preferred_username="ann@example.org"
    )


def tree_of(answer: Response) -> LexborHTMLParser:
    return LexborHTMLParser(answer.text)


def opened(browser: TestClient, path: str, **options: Any) -> LexborHTMLParser:
    answer = browser.get(path, **options)
    assert answer.status_code == 200, answer.text
    return tree_of(answer)


def send(browser: TestClient, path: str, fields: list[tuple[str, str]], **options: Any) -> Response:
    headers = {**_FORM, **options.pop("headers", {})}
    return browser.post(path, content=urlencode(fields), headers=headers, **options)


def texts(tree: LexborHTMLParser | LexborNode, selector: str) -> list[str]:
    return [" ".join(node.text(separator=" ").split()) for node in tree.css(selector)]


def check_page(tree: LexborHTMLParser) -> None:
    """Check the rules that hold for every page."""
    ids = [node.attributes["id"] for node in tree.css("[id]")]
    assert len(ids) == len(set(ids)), sorted({each for each in ids if ids.count(each) > 1})
    assert len(tree.css("h1")) == 1
    assert not tree.css("[style], script:not([src]), [onclick], [hx-on]")
    labelled = {node.attributes.get("for") for node in tree.css("label[for]")}
    for control in tree.css("main input, main select, main textarea"):
        kind = control.attributes.get("type")
        inside = control.parent is not None and control.parent.tag == "label"
        named = control.attributes.get("id") in labelled or "aria-label" in control.attributes
        assert kind in {"hidden", "submit"} or inside or named, control.html
    for referring in tree.css("[aria-controls], [aria-describedby]"):
        for name in (referring.attributes.get("aria-describedby") or "").split():
            assert name in ids, referring.html
    for form in tree.css("form form"):
        raise AssertionError(form.html)
