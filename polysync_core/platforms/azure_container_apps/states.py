"""Decodes the state of an execution, and the exit codes of its containers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from polysync_core.domain.json_types import JsonObject, dicts_in, object_in
from polysync_core.domain.runs.failures.details import MAX_PARTS, FailureDetail, FailureDetails
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.times import moment_in

EXECUTION_NAME = re.compile(r"[a-z][a-z0-9-]{0,78}[a-z0-9]")
STATES = {
    "Processing": ProviderStatus.STARTING,
    "Running": ProviderStatus.RUNNING,
    # A replica failed, and Azure tries it again.
    "Degraded": ProviderStatus.RUNNING,
    "Succeeded": ProviderStatus.SUCCESS,
    "Failed": ProviderStatus.FAILED,
    "Stopped": ProviderStatus.CANCELLED,
    "Unknown": ProviderStatus.UNKNOWN,
}
_BY_WORD = {word.lower(): status for word, status in STATES.items()}
_WAITS = {"processing": Wait.COMPUTE, "degraded": Wait.RETRY}
_NO_REASON = "The execution failed without a reason: read the logs of the job."


def report_of(execution: JsonObject, page: str) -> Report:
    """Return the state of an execution."""
    properties = object_in(execution, "properties")
    word = properties.get("status")
    if not isinstance(word, str) or not word:
        raise UnexpectedAnswer
    status = _BY_WORD.get(word.lower(), ProviderStatus.UNKNOWN)
    failed = status is ProviderStatus.FAILED
    return Report(
        status=status,
        provider_state=shortened_line(word, limit=64) or "",
        message=_failure(execution) if failed else _reason(properties),
        wait=_WAITS.get(word.lower()),
        monitor_url=page,
        started_at=moment_in(properties, "startTime"),
        finished_at=moment_in(properties, "endTime") if status.is_final else None,
    )


def failed_containers(execution: JsonObject) -> FailureDetails:
    """Return each container that ended with an error; the reason of the execution if none did."""
    parts = tuple(_failures(execution))[:MAX_PARTS]
    report = report_of(execution, "")
    if parts or report.status is not ProviderStatus.FAILED:
        return FailureDetails(parts=parts)
    return FailureDetails(parts=(FailureDetail(error=report.message or _NO_REASON),))


def _failure(execution: JsonObject) -> str:
    reason = _reason(object_in(execution, "properties"))
    first = next(_failures(execution), None)
    found = f"Container {first.part}: {first.error}" if first is not None else None
    return "; ".join(each for each in (reason, found) if each) or _NO_REASON


def _failures(execution: JsonObject) -> Iterator[FailureDetail]:
    detailed = object_in(object_in(execution, "properties"), "detailedStatus")
    replicas = dicts_in(detailed, "replicas")
    for at, replica in enumerate(replicas):
        for container in dicts_in(replica, "containers"):
            code = container.get("code")
            is_failed = str(container.get("status")).lower() in {"failed", "error"}
            if is_failed or (isinstance(code, int) and code != 0):
                name = str(container.get("name"))
                part = f"{name} (replica {at + 1})" if len(replicas) > 1 else name
                more = shortened_line(container.get("additionalInformation"))
                exit_code = f"exit code {code}" if code is not None else "no exit code"
                yield FailureDetail(part=part, error=f"{exit_code}: {more}" if more else exit_code)


def _reason(properties: JsonObject) -> str | None:
    reason, message = (shortened_line(properties.get(name)) for name in ("reason", "message"))
    return f"{reason}: {message}" if reason and message else reason or message
