"""Finds the status URL of a function call, and decodes responses into Polysync statuses."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.outbound.call_budget import read_retry_after
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.urls import OwnAddress, own_address, url
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from polysync_core.platforms.http_functions.outputs import outputs_of
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.times import moment_in

ACCEPTED = 202
LINKS = ("statusQueryGetUri", "statusQueryUrl")
"""Answer properties with a status address: of Durable Functions and of other functions."""

_LOCATIONS = ("operation-location", "azure-asyncoperation", "location")
"""Headers with a status address, the most exact first."""

STATES = {
    # runtimeStatus of Durable Functions
    "Pending": ProviderStatus.STARTING,
    "Running": ProviderStatus.RUNNING,
    "ContinuedAsNew": ProviderStatus.RUNNING,
    "Suspended": ProviderStatus.RUNNING,
    "Completed": ProviderStatus.SUCCESS,
    "Failed": ProviderStatus.FAILED,
    "Terminated": ProviderStatus.CANCELLED,
    "Canceled": ProviderStatus.CANCELLED,
    # Common words of functions with their own status.
    "Queued": ProviderStatus.STARTING,
    "Accepted": ProviderStatus.STARTING,
    "NotStarted": ProviderStatus.STARTING,
    "Starting": ProviderStatus.STARTING,
    "InProgress": ProviderStatus.RUNNING,
    "Processing": ProviderStatus.RUNNING,
    "Succeeded": ProviderStatus.SUCCESS,
    "Success": ProviderStatus.SUCCESS,
    "Done": ProviderStatus.SUCCESS,
    "Error": ProviderStatus.FAILED,
    "Failure": ProviderStatus.FAILED,
    "Cancelled": ProviderStatus.CANCELLED,
}
"""The words of Durable Functions and of other functions for the state of their work."""

_STATES = {word.lower(): status for word, status in STATES.items()}
_IN_QUEUE = frozenset({"pending", "queued", "accepted", "notstarted"})
_UNDER_WAY = frozenset(
    word
    for word, status in _STATES.items()
    if status in {ProviderStatus.STARTING, ProviderStatus.RUNNING}
)
_FINAL_WORDS = frozenset(
    {"completed", "succeeded", "failed", "terminated", "canceled", "cancelled"}
)
INSTANCES = ("runtime", "webhooks", "durabletask", "instances")
"""The path of the instances of Durable Functions, which every app has."""
_INSTANCE_PATH = f"/{'/'.join(INSTANCES)}/"
_WORDS = ("runtimeStatus", "status", "state")
_REASONS = ("output", "error", "message")
_MAX_ID_LENGTH = 1024
_KEYS = re.compile(r"code|key|sig|token|secret|password", re.IGNORECASE)


def link_in(answer: Answer, base: str) -> str | None:
    """Return the status address in an answer, unchecked, or None.

    A property of the body counts with any status. A `Location` is a status address only if the work
    goes on; otherwise it is the address of a result.
    """
    body = answer.json() or {}
    named = {name.lower(): value for name, value in body.items()}
    for name in LINKS:
        link = named.get(name.lower())
        if isinstance(link, str) and link:
            return link
    announced = (answer.headers.get(name) for name in _LOCATIONS)
    location = next(filter(None, announced), None)
    if location is None:
        return None
    # A `Location` may be relative.
    link = urljoin(f"{base}/", location)
    goes_on = answer.status == ACCEPTED or _status_in(body) in _UNDER_WAY or _INSTANCE_PATH in link
    return link if goes_on else None


def run_id_of(link: str, base: str) -> str | None:
    """Return the external run id for a status address, or None.

    The id is the path on the function's own host, without query values that look like keys. The
    address may spell the host in another way: by http, or by another name of the app. Then the path
    of an instance of Durable Functions is looked for on the app's own host.
    """
    address = own_address(link, base) or _on_own_host(link, base)
    if address is None or not address.segments:
        return None
    query = {name: value for name, value in address.query.items() if not _KEYS.search(name)}
    run_id = url("", *address.segments, query=query)
    return run_id if len(run_id) <= _MAX_ID_LENGTH else None


def _on_own_host(link: str, base: str) -> OwnAddress | None:
    """Return a status address of another origin on the function's own host."""
    try:
        given, ours = urlsplit(link), urlsplit(base)
        ports = {given.port, ours.port or 443} - {None, 80, 443}
        is_same_host = (given.hostname or "") == (ours.hostname or "") and not ports
    except ValueError:
        return None
    if given.scheme not in {"http", "https"} or "@" in given.netloc:
        return None
    target = f"{given.path}?{given.query}" if given.query else given.path
    address = own_address(f"{base}{target}", base)
    is_instance = address is not None and address.segments[:-1] == INSTANCES
    return address if is_same_host or is_instance else None


def is_final_answer(answer: Answer) -> bool:
    """Return whether an answer of status 400 or more holds a final status.

    Durable Functions may report a failed orchestration with 500. A general word such as `error` may
    be about the answer itself, so it does not count.
    """
    body = answer.json() or {}
    if _plain(body.get("runtimeStatus")):
        return ends_orchestration(answer)
    return answer.status >= 500 and _status_in(body) in _FINAL_WORDS


def ends_orchestration(answer: Answer) -> bool:
    """Return whether an answer holds the final status of an orchestration.

    A starter that waits for its orchestration answers so, a failure also with 500.
    """
    word = _plain((answer.json() or {}).get("runtimeStatus"))
    return _STATES.get(word, ProviderStatus.UNKNOWN).is_final


def _status_in(body: JsonObject) -> str:
    """Return the status word of a body in lower case, or an empty text."""
    return next((word for name in _WORDS if (word := _plain(body.get(name)))), "")


def _plain(word: JsonValue) -> str:
    return re.sub(r"[ _-]", "", word).lower() if isinstance(word, str) else ""


def address_of(external_run_id: str, base: str) -> OwnAddress | None:
    """Return the status address of an external run id, or None."""
    if not external_run_id.startswith("/"):
        return None
    address = own_address(base + external_run_id, base)
    return address if address is not None and address.segments else None


def status_report(answer: Answer, job: Job, now: Clock) -> Report:
    """Return the state in the answer of a status address.

    The status word of the answer decides. Without a word, 202 means that the work continues, and
    any other 2xx means success. Raises `UnexpectedAnswer` if the body cannot be read.
    """
    body = answer.json()
    going_on = answer.status == ACCEPTED
    if body is None and not (going_on and not answer.content.strip()):
        raise UnexpectedAnswer
    found = body or {}
    word = next((value for name in _WORDS if isinstance(value := found.get(name), str)), None)
    state = _plain(word)
    if word is None:
        status = ProviderStatus.RUNNING if going_on else ProviderStatus.SUCCESS
    else:
        status = _STATES.get(state, ProviderStatus.UNKNOWN)
    return Report(
        status=status,
        provider_state=shortened_line(word or str(answer.status)) or "",
        message=_reason(found) if status is ProviderStatus.FAILED else None,
        wait=Wait.PLATFORM_QUEUE if state in _IN_QUEUE else None,
        started_at=moment_in(found, "createdTime"),
        finished_at=moment_in(found, "lastUpdatedTime") if status.is_final else None,
        outputs=_outputs(found, job) if status is ProviderStatus.SUCCESS else {},
        retry_after=read_retry_after(answer.retry_after, now()),
    )


def _outputs(body: JsonObject, job: Job) -> JsonObject:
    # Durable Functions returns the orchestration's output in one property.
    return outputs_of(body.get("output") if "runtimeStatus" in body else body, job)


def reason_in(body: JsonObject) -> str | None:
    """Return the complete reason of a failure, or None."""
    texts = (body.get(name) for name in _REASONS)
    return next((text for text in texts if isinstance(text, str) and text.strip()), None)


def _reason(body: JsonObject) -> str:
    return shortened_line(reason_in(body)) or "The function reports a failure without a reason."
