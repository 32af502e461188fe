"""Every page is accessible in both themes, fits a narrow screen, and loads nothing foreign."""

from __future__ import annotations

import pytest

from tests.journeys.browser.visitor import Visitor

PAGES = [
    "sign-in",
    "audit",
    "jump?q=nap",
    "jump?q=zzzzzz",
    "definitions",
    "help",
    "help?q=cron",
    "help?q=zzzzzz",
    "help/glossary",
    "help/reference/runs",
    "help/api",
    "help/api/runTaskOnce",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_and_narrow(visitor: Visitor, path: str) -> None:
    visitor.open(path)
    visitor.require_accessible()


def test_a_page_that_does_not_exist_is_accessible_too(visitor: Visitor) -> None:
    visitor.offences.expected.append("404")
    visitor.open("nothing-here", status=404)
    visitor.require_accessible()
