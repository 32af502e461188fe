"""Checks a page with axe-core."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parents[3] / "node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
THEMES = ("light", "dark")
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
"""The rules whose result depends on the theme."""
_RUN = """async runOnly => {
  const answer = await axe.run(document, { runOnly, resultTypes: ['violations'] })
  const checks = node => node.any.concat(node.all, node.none).map(check => check.message)
  const place = node => [node.target.join(' '), checks(node).join('; ')]
  const places = rule => rule.nodes.slice(0, 5).map(place)
  return answer.violations.map(rule => [rule.id, rule.help, places(rule)])
}"""
_TOO_WIDE = """width => {
  if (document.documentElement.scrollWidth <= width) return []
  const beyond = element => element.getBoundingClientRect().right > width + 1
  const all = [...document.querySelectorAll('body *')].filter(beyond)
  return [...all.slice(0, 8).map(e => `${e.tagName}.${e.getAttribute('class')}`), 'wider']
}"""


@cache
def _script() -> str:
    return AXE.read_text("utf-8")


def violations(page: Page, theme: str) -> list[Any]:
    """Return the problems that axe-core finds; the themes can differ in colours only."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_script())
    set_theme(page, theme)
    every_rule = {"type": "tag", "values": TAGS}
    colours = {"type": "rule", "values": COLOUR_RULES}
    return page.evaluate(_RUN, every_rule if theme == "light" else colours)


def set_theme(page: Page, theme: str) -> None:
    """Show the page in one of the two themes."""
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)


def require_accessible(page: Page) -> None:
    """Fail if axe-core finds a violation in one of the themes."""
    found = {theme: violations(page, theme) for theme in THEMES}
    set_theme(page, "auto")
    assert found == {theme: [] for theme in THEMES}, f"{page.url}: {found}"


def require_no_sideways_scrolling(page: Page, width: int = 320) -> None:
    """Fail if the page is wider than a narrow screen."""
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": 800})
    too_wide = page.evaluate(_TOO_WIDE, width)
    if before is not None:
        page.set_viewport_size(before)
    assert too_wide == [], f"{page.url}: {too_wide}"
