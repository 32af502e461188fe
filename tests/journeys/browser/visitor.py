"""A person who uses the console; each page is watched for violations of its policy."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, expect

from tests.journeys.browser.accessibility import (
    require_accessible,
    require_no_sideways_scrolling,
)

_REPORT = """addEventListener('securitypolicyviolation', event =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))"""


@dataclass(kw_only=True)
class Offences:
    """Violations of the content policy, errors, and requests to other hosts."""

    base: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """Every request, in order."""
    expected: list[str] = field(default_factory=list)
    """Parts of the messages that the journey itself provokes."""

    def clear(self) -> None:
        """Empty all lists, for the next test in the same tab."""
        for each in (self.errors, self.foreign, self.requests, self.expected):
            each.clear()

    def of_console(self, message: ConsoleMessage) -> None:
        """Record an error that the browser writes to its console."""
        is_expected = any(part in message.text for part in self.expected)
        if message.type == "error" and not is_expected:
            self.errors.append(f"{message.text} at {message.location.get('url')}")

    def of_request(self, request: Request) -> None:
        """Record a request."""
        self.requests.append(request.url)
        is_own = request.url.startswith(f"{self.base}/")
        if urlsplit(request.url).scheme != "data" and not is_own:
            self.foreign.append(request.url)


class Visitor:
    """A page of the console, and what a person does there."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.base = base
        self.offences = Offences(base=base)
        context.add_init_script(_REPORT)
        self.page = self._watched(context.new_page())

    def _watched(self, page: Page) -> Page:
        page.on("console", self.offences.of_console)
        page.on("pageerror", lambda error: self.offences.errors.append(str(error)))
        page.on("request", self.offences.of_request)
        return page

    def open(self, path: str, *, status: int = 200) -> None:
        """Open a page such as `runs?status=Failed`."""
        answer = self.page.goto(f"{self.base}/console/{path}")
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"

    def sign_in(self, key: str) -> None:
        """Sign in with an access key."""
        self.open("sign-in?next=/console/help")
        self.fill("Access key", key)
        self.page.get_by_role("button", name="Sign in").click()
        self.sees_title("Help and API")

    def end_session(self) -> None:
        """Replace the key of the session by an unknown one, as after its revocation."""
        for cookie in self.page.context.cookies():
            changed = {**cookie, "value": "polysync-gone"}
            self.page.context.add_cookies([changed])  # type: ignore[list-item]

    @property
    def path(self) -> str:
        """The path and the query of the page, without the base of the console."""
        address = urlsplit(self.page.url)
        query = f"?{address.query}" if address.query else ""
        return f"{address.path.removeprefix('/console/')}{query}"

    def sees(self, text: str, *, timeout: float = 15_000) -> Locator:
        """Wait until the main part of the page shows a text."""
        found = self.page.locator("main").get_by_text(text).first
        expect(found).to_be_visible(timeout=timeout)
        return found

    def sees_title(self, title: str) -> None:
        """Wait until the page has a heading."""
        expect(self.page.locator("h1")).to_have_text(title)

    def click(self, label: str) -> None:
        """Click the link or button with a name."""
        page = self.page
        page.get_by_role("button", name=label).or_(
            page.get_by_role("link", name=label)
        ).first.click()

    def fill(self, label: str, text: str) -> None:
        """Type into the field with a label."""
        self.field(label).fill(text)

    def field(self, label: str) -> Locator:
        """Return the field with a label; a sign or a unit may follow the label."""
        return self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}( \*|\s+\w+)?$")).first

    def require_accessible(self) -> None:
        """Fail if the page is not accessible, or is too wide for a phone."""
        require_accessible(self.page)
        require_no_sideways_scrolling(self.page)

    def require_no_offences(self) -> None:
        """Fail if a page has done what no page may do."""
        assert self.offences.errors == [], self.offences.errors
        assert self.offences.foreign == [], self.offences.foreign
