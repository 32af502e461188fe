"""Checks the reachability, version and clock of the API, and counts poison messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from polysync_core.cli.api.client import ApiClient
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.api.reader import Reader
from polysync_core.cli.diagnosis.check import Check, Outcome

_CLOCK_ERROR = timedelta(seconds=5)


def check_api(api: ApiClient, *, own_version: str, now: datetime) -> Iterator[Check]:
    """Yield the checks of the API; a CommandFailed means that the other checks are pointless."""
    served_at = api.server_time()
    yield Check("API", Outcome.OK, f"{api.url} answers")
    yield _version(api, own_version)
    if served_at is not None:
        yield _clock(served_at - now)
    yield _abandoned(api)


def _version(api: ApiClient, own: str) -> Check:
    document = Reader("the document", api.get("openapi.json"))
    info = Reader("the document", document.object("info") or {})
    served = info.text("version") or "unknown"
    if served in {own, "0"}:
        return Check("version", Outcome.OK, own)
    detail = f"The API is {served}, this program is {own}: install the same version."
    return Check("version", Outcome.WARNING, detail)


def _clock(difference: timedelta) -> Check:
    seconds = difference.total_seconds()
    if abs(difference) <= _CLOCK_ERROR:
        return Check("clock", Outcome.OK, "the clocks of the API and of this machine agree")
    direction = "ahead of" if seconds > 0 else "behind"
    detail = f"The API's clock is {abs(seconds):.0f} s {direction} this machine's: correct it."
    return Check("clock", Outcome.WARNING, detail)


def _abandoned(api: ApiClient) -> Check:
    try:
        messages, token = api.items("poison-messages", limit=20)
    except CommandFailed as failure:
        return Check("messages", Outcome.FAILED, str(failure))
    if not messages:
        return Check("messages", Outcome.OK, "no message was abandoned")
    number = f"{len(messages)}{' or more' if token else ''}"
    detail = f"Abandoned: {number}. Read them with GET /api/poison-messages."
    return Check("messages", Outcome.WARNING, detail)
