"""Fixtures of the journeys: the browser, one host with simulators, and a visitor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.faults.local_system import LocalSystem, local_system
from tests.host_kinds import HostKind
from tests.journeys.browser.finding import required_browser
from tests.journeys.browser.keys import STORED_KEYS
from tests.journeys.browser.visitor import Visitor
from tests.journeys.example import Example, made
from tests.shared import Shared

# A running browser would disturb other tests that use asyncio, so it ends after the last journey.
_SHARED = Shared(Path(__file__).parent)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every journey."""
    for item in items:
        if item.nodeid.startswith("tests/journeys/"):
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def browser_program() -> str:
    """The program of the browser."""
    return required_browser()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """End the host and the browser after the last journey."""
    _SHARED.close_before(nextitem)


@pytest.fixture(scope="module")
def system(browser_program: str, tmp_path_factory: pytest.TempPathFactory) -> LocalSystem:
    """The host with its simulator. All journeys share it, so each uses its own names."""
    return _SHARED.get("host", lambda: _started_system(tmp_path_factory.mktemp("journeys")))


@contextmanager
def _started_system(folder: Path) -> Iterator[LocalSystem]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYSYNC_ACCESS_KEYS", ",".join(STORED_KEYS))
        with local_system(folder, kind=HostKind.EMBEDDED) as opened:
            yield opened


@pytest.fixture(scope="module")
def example(system: LocalSystem) -> Example:
    """The definitions and runs that pages show."""
    return _SHARED.get("example", lambda: nullcontext(made(system)))


@pytest.fixture(scope="module")
def browser(browser_program: str) -> Browser:
    """The browser, which all journeys share."""
    return _SHARED.get("browser", lambda: _started_browser(browser_program))


@contextmanager
def _started_browser(program: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser without cookies and without stored values."""
    opened = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    opened.set_default_timeout(8_000)
    yield opened
    opened.close()


@pytest.fixture
def without_scripts(system: LocalSystem, browser: Browser) -> Iterator[Visitor]:
    """A person whose browser runs no scripts."""
    context = browser.new_context(java_script_enabled=False)
    visitor = Visitor(context, f"http://127.0.0.1:{system.host.port}")
    yield visitor
    visitor.require_no_offences()
    context.close()


@pytest.fixture
def visitor(system: LocalSystem, context: BrowserContext) -> Iterator[Visitor]:
    """A person at the console. The journey fails if a page has violated its policy."""
    visitor = Visitor(context, f"http://127.0.0.1:{system.host.port}")
    yield visitor
    visitor.require_no_offences()
