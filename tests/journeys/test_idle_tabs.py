"""Hidden tabs and tabs without changes cost no executions of the app."""

from __future__ import annotations

from contextlib import AbstractContextManager

from playwright.sync_api import Page, Route, expect

from tests.faults.local_system import LocalSystem
from tests.journeys.browser.visitor import Visitor
from tests.journeys.example import Example

_HIDE = """hidden => {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
  const state = hidden ? 'hidden' : 'visible'
  Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
  document.dispatchEvent(new Event('visibilitychange'))
}"""

_STREAMS = "**/console/live/**"


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


def closes_its_stream(page: Page) -> AbstractContextManager[object]:
    """Wait until the browser has closed a stream."""
    return page.expect_event("requestfailed", lambda request: is_stream(request.url))


def is_stream(url: str) -> bool:
    return "/console/live/" in url


def test_a_hidden_tab_closes_its_stream_and_catches_up_once(
    visitor: Visitor, system: LocalSystem, example: Example
) -> None:
    run_id = system.run(20, "nightly")
    page = visitor.page
    with page.expect_response(_STREAMS):
        visitor.open(f"runs/{run_id}")
    expect(page.locator("#state-card")).to_contain_text("Running", timeout=15_000)
    with closes_its_stream(page):
        page.evaluate(_HIDE, True)
    before = len(executions(visitor))
    system.cancel(run_id)
    page.wait_for_timeout(1_000)
    expect(page.locator("#state-card")).to_contain_text("Running")
    assert executions(visitor)[before:] == []
    page.evaluate(_HIDE, False)
    expect(page.locator("#state-card")).to_contain_text("Cancelled", timeout=20_000)
    expect(page.locator("#run-actions")).to_contain_text("Rerun")
    assert {url.rpartition("/")[2] for url in executions(visitor)[before:]} == {run_id}


class HeldStreams:
    """Holds the request of each stream until the test lets it pass."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._routes: list[Route] = []
        page.route(_STREAMS, lambda route: self._routes.append(route))

    def wait(self) -> None:
        """Wait for the request of a stream."""
        for _ in range(800):
            if self._routes:
                return
            self._page.wait_for_timeout(10)
        raise AssertionError("the page opened no stream")

    def let_pass(self) -> None:
        """Let the request of a stream pass."""
        self.wait()
        self._routes.pop().continue_()


def test_a_tab_that_is_hidden_while_a_stream_is_opened_closes_it(
    visitor: Visitor, system: LocalSystem, example: Example
) -> None:
    run_id = system.run(20, "nightly")
    page = visitor.page
    streams = HeldStreams(page)

    def hide_meanwhile() -> None:
        streams.wait()
        page.evaluate(_HIDE, True)
        with closes_its_stream(page):
            streams.let_pass()
        page.evaluate(_HIDE, False)

    visitor.open(f"runs/{run_id}")
    hide_meanwhile()
    with page.expect_response(_STREAMS):
        streams.let_pass()
    with closes_its_stream(page):
        page.evaluate(_HIDE, True)
    page.evaluate(_HIDE, False)
    hide_meanwhile()  # now the stream is opened once more
    with page.expect_response(_STREAMS):
        streams.let_pass()
    system.host.post(f"/task-runs/{run_id}/cancel", {})


def test_a_tab_that_opens_in_the_background_waits_with_its_stream(
    visitor: Visitor, system: LocalSystem, example: Example
) -> None:
    run_id = system.run(20, "nightly")
    page = visitor.page
    page.add_init_script(f"({_HIDE})(true)")
    visitor.open(f"runs/{run_id}")
    page.wait_for_timeout(500)
    assert not any(map(is_stream, executions(visitor)))
    with page.expect_response(_STREAMS):
        page.evaluate(_HIDE, False)
    system.host.post(f"/task-runs/{run_id}/cancel", {})


def test_the_page_of_an_ended_run_asks_for_nothing(visitor: Visitor, example: Example) -> None:
    page = visitor.page
    page.clock.install()
    visitor.open(f"runs/{example.succeeded}")
    before = len(executions(visitor))
    pass_minutes(page, 3)
    assert executions(visitor)[before:] == []
