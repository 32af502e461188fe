"""The host is killed and comes back while a page is live."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.faults.local_system import LocalSystem, has_ended
from tests.journeys.browser.visitor import Visitor
from tests.journeys.example import Example


def test_a_live_page_goes_on_after_the_host_was_killed(
    visitor: Visitor, system: LocalSystem, example: Example
) -> None:
    visitor.offences.expected += ["ERR_", "network error", "Failed to fetch"]
    run = system.run(4, "nightly")
    visitor.open("graph?task=nightly")
    box = visitor.page.locator('.graph-pane .world a[data-task="nightly"] .node')
    expect(box).to_contain_class("running", timeout=10_000)
    system.kill()
    expect(visitor.page.locator("[data-live].late")).to_be_visible(timeout=15_000)
    system.restart()
    # A failure here is one of the host, and a later one is one of the page.
    system.wait_for([run], has_ended, within=90)
    expect(box).to_contain_class("succeeded", timeout=90_000)
    expect(visitor.page.locator("[data-live].late")).to_have_count(0)
