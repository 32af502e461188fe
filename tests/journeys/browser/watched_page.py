"""A page of the browser that records what no page of the console may do."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

REPORT = """addEventListener('securitypolicyviolation', event =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))"""


@dataclass(kw_only=True)
class Offences:
    """The faults that a page has shown."""

    base: str
    errors: list[str] = field(default_factory=list)
    """Violations of the content policy, errors of scripts and of the console."""
    foreign: list[str] = field(default_factory=list)
    """Requests to hosts other than the app."""
    requests: list[str] = field(default_factory=list)
    """Every request, in order."""
    expected: tuple[str, ...] = ()
    """Parts of messages that the journey provokes itself."""

    def of_console(self, message: ConsoleMessage) -> None:
        """Record an error that the browser writes to its console."""
        if message.type == "error" and not any(part in message.text for part in self.expected):
            self.errors.append(f"{message.text} at {message.location.get('url')}")

    def of_request(self, request: Request) -> None:
        """Record a request."""
        self.requests.append(request.url)
        address = urlsplit(request.url)
        if address.scheme != "data" and not request.url.startswith(self.base):
            self.foreign.append(request.url)


def watch(page: Page, base: str) -> Offences:
    """Record the faults of a page from now on."""
    offences = Offences(base=base)
    page.on("console", offences.of_console)
    page.on("pageerror", lambda error: offences.errors.append(str(error)))
    page.on("request", offences.of_request)
    return offences


def watched(context: BrowserContext, base: str) -> tuple[Page, Offences]:
    """Open a page that records its faults."""
    context.add_init_script(REPORT)
    page = context.new_page()
    return page, watch(page, base)
