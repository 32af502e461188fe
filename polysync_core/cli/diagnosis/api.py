"""Checks that the API is reachable, with the right version, clock and no poison messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from polysync_core.cli.api.client import ApiClient
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.api.reader import Reader
from polysync_core.cli.diagnosis.check import CheckResult, CheckStatus

_CLOCK_ERROR = timedelta(seconds=5)


def check_api(api: ApiClient, *, own_version: str, now: datetime) -> Iterator[CheckResult]:
    """Yield the checks of the API; a CommandFailed means that the other checks are pointless."""
    served_at = api.server_time()
    yield CheckResult("API", CheckStatus.OK, f"{api.url} answers")
    yield _version(api, own_version)
    if served_at is not None:
        yield _clock(served_at - now)
    yield _abandoned(api)


def _version(api: ApiClient, own: str) -> CheckResult:
    document = Reader("the document", api.get("openapi.json"))
    info = Reader("the document", document.object("info") or {})
    served = info.text("version") or "unknown"
    if served in {own, "0"}:
        return CheckResult("version", CheckStatus.OK, own)
    detail = f"The API is {served}, this program is {own}: install the same version."
    return CheckResult("version", CheckStatus.WARNING, detail)


def _clock(difference: timedelta) -> CheckResult:
    seconds = difference.total_seconds()
    if abs(difference) <= _CLOCK_ERROR:
        return CheckResult(
            "clock", CheckStatus.OK, "the clocks of the API and of this machine agree"
        )
    direction = "ahead of" if seconds > 0 else "behind"
    detail = f"The API's clock is {abs(seconds):.0f} s {direction} this machine's: correct it."
    return CheckResult("clock", CheckStatus.WARNING, detail)


def _abandoned(api: ApiClient) -> CheckResult:
    try:
        messages, token = api.items("poison-messages", limit=20)
    except CommandFailed as failure:
        return CheckResult("messages", CheckStatus.FAILED, str(failure))
    if not messages:
        return CheckResult("messages", CheckStatus.OK, "no message was abandoned")
    number = f"{len(messages)}{' or more' if token else ''}"
    detail = f"Abandoned: {number}. Read them with `polysync dead-letters`."
    return CheckResult("messages", CheckStatus.WARNING, detail)
