"""Every page is accessible in both themes, fits a narrow screen, and loads nothing foreign."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from polysync_core.console.roles import OPEN, RULES
from tests.faults.local_system import LocalSystem
from tests.journeys.browser.accessibility import AXE
from tests.journeys.browser.visitor import Visitor
from tests.journeys.example import Example

_NO_PAGE = re.compile(r"/(live|part|static)/.*|/|/definitions/export|.*\.(svg|mmd|yaml|json)")
"""Routes that answer with something else than a page."""
ROUTES = sorted(
    path for method, path in {*RULES, *OPEN} if method == "GET" and not _NO_PAGE.fullmatch(path)
)
NAMES: Mapping[str, str] = {
    "tasks": "nightly",
    "jobs": "with-output",
    "platforms": "lakehouse",
    "vaults": "local",
    "limits": "two-at-once",
    "calendars": "close-days",
    "webhooks": "on-call",
    "receivers": "data-team",
    "operation": "runTaskOnce",
    "number": "1",
    "folder": "reference",
    "help": "glossary",
    "reference": "runs",
    "inner": "platforms",
    "reference/platforms": "aws-glue",
}
"""The value of a placeholder, by the segments before it or by its own name."""
FURTHER = [
    "help?q=cron",
    "help?q=zzzzzz",
    "jump?q=nap",
    "jump?q=zzzzzz",
    "audit?day=2020-01-01",
    "graph?task=after-nightly&layout=stacked",
    "graph?graphRunId=SUCCEEDED",
    "graph?graphRunId=SUCCEEDED&compare=true",
    "graph?task=after-nightly&hops=1",
    "graph?group=team",
    *(
        f"missed?kind={kind}"
        for kind in ("fire-times", "stopped", "dropped", "excluded", "messages")
    ),
    "upcoming?from=2030-01-01&to=2030-01-02",
    "runs?status=Failed",
    "runs?task=no-such-task",
    "runs/FAILED",
    "limits/sixty-an-hour",
    "jobs?drift=true",
    "jobs?q=zzzzzz",
    "jobs/new?platform=lakehouse",
    "jobs/with-output?tab=parameters&drift=true",
    "jobs/with-output?tab=settings",
    *(
        f"tasks/after-nightly?tab={tab}"
        for tab in ("settings", "dependencies", "scheduling", "runtime-settings")
    ),
    "tasks/nightly?tab=scheduling",
    "platforms/lakehouse?tab=connection",
    "platforms/lakehouse?tab=limits",
    "platforms/lakehouse/artefacts?get=true",
    "platforms/new?type=AzureDatabricks&tab=connection",
    "vaults/new?provider=HashiCorpVault&tab=connection",
    "limits/new?type=RateLimit&tab=settings",
    "limits/two-at-once?tab=settings",
    "calendars/close-days?tab=days",
    "webhooks/on-call?tab=events",
    "receivers/mailing-list?tab=target",
    "receivers/mailing-list?tab=notifications",
    "zones?q=germany",
]


def filled(route: str, example: Example) -> str:
    """Return the path of a page with an example in place of each placeholder."""
    parts: list[str] = []
    for part in route.strip("/").split("/"):
        name = part.strip("{}")
        if name == part:
            parts.append(part)
        elif "run" in name or parts[-1] == "runs":
            parts.append(example.succeeded)
        else:
            before = NAMES.get("/".join(parts[-2:])) or NAMES.get(parts[-1], "")
            parts.append(quote(NAMES.get(name) or before))
    return "/".join(parts)


@pytest.fixture(scope="module")
def tab(system: LocalSystem, browser: Browser) -> Iterator[Visitor]:
    """The tab of all pages. The tests only read, so none depends on an earlier one."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.add_init_script(path=AXE)
    yield Visitor(context, f"http://127.0.0.1:{system.host.port}")
    context.close()


@pytest.fixture
def visitor(tab: Visitor) -> Iterator[Visitor]:
    tab.offences.clear()
    yield tab
    tab.require_no_offences()


@pytest.mark.parametrize("route", ROUTES)
def test_a_page_is_accessible_and_narrow(visitor: Visitor, example: Example, route: str) -> None:
    visitor.open(filled(route, example))
    visitor.require_accessible()


@pytest.mark.parametrize("path", FURTHER)
def test_a_state_of_a_page_is_accessible_and_narrow(
    visitor: Visitor, example: Example, path: str
) -> None:
    visitor.open(path.replace("SUCCEEDED", example.succeeded).replace("FAILED", example.failed))
    visitor.require_accessible()


@pytest.mark.parametrize("path", ["nothing-here", "runs/rzzzz", "tasks/nothing", "jobs/nothing"])
def test_a_page_that_does_not_exist_is_accessible_too(visitor: Visitor, path: str) -> None:
    visitor.offences.expected.append("404")
    visitor.open(path, status=404)
    visitor.require_accessible()
