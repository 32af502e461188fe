"""Hidden tabs and tabs without changes cost no executions of the app."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.faults.local_system import LocalSystem
from tests.journeys.browser.visitor import Visitor
from tests.journeys.example import Example

_HIDE = """hidden => {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
  const state = hidden ? 'hidden' : 'visible'
  Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
  document.dispatchEvent(new Event('visibilitychange'))
}"""


def executions(visitor: Visitor) -> list[str]:
    """Return the requests that the app executed; static files come from the browser's cache."""
    return [url for url in visitor.offences.requests if "/static/" not in url]


def pass_minutes(page: Page, minutes: int) -> None:
    """Let the timers of the page run as in some minutes."""
    for _ in range(minutes * 2):
        page.clock.run_for(30_000)
        page.wait_for_timeout(50)


def test_an_idle_tab_looks_seldom_and_a_hidden_one_never(
    visitor: Visitor, example: Example
) -> None:
    page = visitor.page
    page.clock.install()
    visitor.open("runs?task=fails&status=Failed")
    expect(page.locator(".rows tr").first).to_be_visible()
    page.evaluate(_HIDE, True)
    before = len(executions(visitor))
    pass_minutes(page, 10)
    assert executions(visitor)[before:] == []

    page.evaluate(_HIDE, False)
    pass_minutes(page, 5)
    looks = executions(visitor)[before:]
    assert 1 <= len(looks) <= 7, looks
    # The figures change once when the last run of the example ends; then the page opens its stream.
    streams = [url for url in looks if "/console/live/runs" in url]
    assert len(streams) <= 1, looks
    assert all("/console/part/runs" in url for url in looks if url not in streams), looks


def test_a_hidden_tab_closes_its_stream_and_catches_up_once(
    visitor: Visitor, system: LocalSystem, example: Example
) -> None:
    run_id = system.run(20, "nightly")
    page = visitor.page
    visitor.open(f"runs/{run_id}")
    expect(page.locator("#state-card")).to_contain_text("Running", timeout=15_000)
    page.evaluate(_HIDE, True)
    page.wait_for_timeout(500)
    before = len(executions(visitor))
    page.wait_for_timeout(2_500)
    assert executions(visitor)[before:] == []
    system.host.post(f"/task-runs/{run_id}/cancel", {})
    page.evaluate(_HIDE, False)
    expect(page.locator("#state-card")).to_contain_text("Cancelled", timeout=20_000)
    expect(page.locator("#run-actions")).to_contain_text("Rerun")
    assert {url.rpartition("/")[2] for url in executions(visitor)[before:]} == {run_id}


def test_the_page_of_an_ended_run_asks_for_nothing(visitor: Visitor, example: Example) -> None:
    page = visitor.page
    page.clock.install()
    visitor.open(f"runs/{example.succeeded}")
    before = len(executions(visitor))
    pass_minutes(page, 3)
    assert executions(visitor)[before:] == []
