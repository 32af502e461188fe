"""Decodes the state of a Batch job and the reason of its wait."""

from __future__ import annotations

from polysync_core.domain.json_types import JsonObject, dicts_in, object_in
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.times import moment_in

CANCEL_REASON = "StoppedByPolysync"
"""The reason that Batch stores for a job that Polysync terminates."""
STATES = {
    "active": ProviderStatus.STARTING,
    "disabling": ProviderStatus.STARTING,
    "disabled": ProviderStatus.STARTING,
    "enabling": ProviderStatus.STARTING,
    # This word is of Polysync: a task of the active job runs or has ended.
    "running": ProviderStatus.RUNNING,
    "terminating": ProviderStatus.RUNNING,
    "deleting": ProviderStatus.RUNNING,
    "AllTasksComplete": ProviderStatus.SUCCESS,
    "JMComplete": ProviderStatus.SUCCESS,
    "TaskFailed": ProviderStatus.FAILED,
    "MaxWallClockTimeExpiry": ProviderStatus.FAILED,
    "UserTerminate": ProviderStatus.CANCELLED,
    CANCEL_REASON: ProviderStatus.CANCELLED,
}
"""The states of an active job, and the reasons for which a job has ended."""
_BY_WORD = {word.lower(): status for word, status in STATES.items()}
_HELD = frozenset({"disabling", "disabled", "enabling"})
_COUNTS = ("active", "running", "completed")
_MAX_WORD = 64


def is_running(counts: JsonObject) -> bool:
    """Return whether a task runs, so that the job needs no look."""
    return counts.get("running") not in {0, None}


def are_known(counts: JsonObject) -> bool:
    """Return whether all the counts are numbers."""
    return all(isinstance(counts.get(name), int) for name in _COUNTS)


def running_report(page: str) -> Report:
    """Return the report of a job whose tasks run."""
    return Report(status=STATES["running"], provider_state="running", monitor_url=page)


def has_ended(job: JsonObject) -> bool:
    """Return whether a job has ended."""
    return str(job.get("state")).lower() == "completed"


def active_report(job: JsonObject, counts: JsonObject, page: str) -> Report:
    """Return the state of a job that has not ended."""
    state, execution = str(job.get("state")).lower(), object_in(job, "executionInfo")
    has_begun = is_running(counts) or counts.get("completed") not in {0, None}
    word = "running" if state == "active" and has_begun else state
    held = word in _HELD
    problem = _scheduling_problem(execution)
    wait = Wait.COMPUTE if problem and not has_begun else None
    return Report(
        status=_BY_WORD.get(word, ProviderStatus.UNKNOWN),
        provider_state=shortened_line(word, limit=_MAX_WORD) or "",
        message="The job is disabled: enable it." if held else problem,
        wait=Wait.PLATFORM_QUEUE if held else wait,
        monitor_url=page,
        started_at=moment_in(execution, "startTime"),
    )


def pool_wait(pool: JsonObject | None, name: str) -> str:
    """Return the reason why tasks wait for the nodes of a pool."""
    if pool is None:
        return f"The pool {name} does not exist, or cannot be read: create it."
    errors = [
        f"{each.get('code')}: {shortened_line(each.get('message'))}"
        for each in dicts_in(pool, "resizeErrors")
    ]
    if errors:
        return f"The pool {name} cannot grow: {'; '.join(errors)}"
    nodes = [_count(pool, f"current{kind}Nodes") for kind in ("Dedicated", "LowPriority")]
    wanted = [_count(pool, f"target{kind}Nodes") for kind in ("Dedicated", "LowPriority")]
    if not any(nodes) and not any(wanted) and pool.get("enableAutoScale") is not True:
        return f"The pool {name} has no nodes: resize it."
    if not any(nodes):
        return f"The pool {name} has no node yet ({pool.get('allocationState')})."
    return f"All nodes of the pool {name} are starting or busy."


def ended_report(job: JsonObject, failure: str | None, page: str) -> Report:
    """Return the state of an ended job; `failure` is that of its first failed task.

    The counts of tasks may be out of date, so they do not decide.
    """
    execution = object_in(job, "executionInfo")
    word = str(execution.get("terminateReason") or "completed")
    status = _BY_WORD.get(word.lower(), ProviderStatus.SUCCESS)
    text = _scheduling_problem(execution) or failure
    if status is ProviderStatus.SUCCESS and text:
        status = ProviderStatus.FAILED
    return Report(
        status=status,
        provider_state=shortened_line(word, limit=_MAX_WORD) or "",
        message=(text or _reason(word)) if status is ProviderStatus.FAILED else None,
        monitor_url=page,
        started_at=moment_in(execution, "startTime"),
        finished_at=moment_in(execution, "endTime"),
    )


def _scheduling_problem(execution: JsonObject) -> str | None:
    """Return the reason why Batch could not make the nodes of a job."""
    error = object_in(execution, "schedulingError")
    code, message = (shortened_line(error.get(name)) for name in ("code", "message"))
    return f"{code}: {message}" if code and message else code or message


def _reason(word: str) -> str:
    if word.lower() == "maxwallclocktimeexpiry":
        return "The job took longer than its constraint maxWallClockTime allows."
    return "The job failed without a failed task: read its tasks."


def _count(source: JsonObject, name: str) -> int:
    found = source.get(name)
    return found if isinstance(found, int) else 0
