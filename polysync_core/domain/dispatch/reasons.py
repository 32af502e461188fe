"""Writes the texts that explain a limit, a rejection or a queue time-out."""

from __future__ import annotations

from polysync_core.domain.dispatch.limits import ConcurrencyLimit, Limit, StartRateLimit


def describe_limit(limit: Limit) -> str:
    """Return the name of a limit and its scope."""
    if isinstance(limit, ConcurrencyLimit) and limit.of_backfill:
        return f"Maximum of {limit.size} concurrent runs of backfill '{limit.scope}'"
    if limit.profile is None:
        return f"Max Concurrent Runs of task '{limit.scope}'"
    scope = f"platform '{limit.scope}'" if limit.scope else "all its platforms together"
    return f"Contention profile '{limit.profile.name}' (for {scope})"


def describe_usage(limit: Limit) -> str:
    """Return the used share of a limit."""
    match limit:
        case ConcurrencyLimit():
            reserved = f", {limit.reserved} reserved for a waiting run" if limit.reserved else ""
            return f"{limit.used} of {limit.size} slots are in use{reserved}"
        case StartRateLimit():
            starts = f"{limit.log.count} of {limit.rule.limit} starts"
            return f"{starts} within {_seconds(limit.rule.window)} are used"


def rejection_reason(limit: Limit) -> str:
    """Return the reason for the rejection of a run."""
    return (
        f"Rejected: {describe_limit(limit)} has no room ({describe_usage(limit)}), and its exceed"
        " action is Reject."
    )


def queue_full_reason(limit: Limit) -> str:
    """Return the reason for the rejection of a run by a full queue."""
    size = 0 if limit.profile is None else limit.profile.queue_size
    return (
        f"Rejected: the queue of {describe_limit(limit)} is full: at most {size} runs may wait"
        f" ({describe_usage(limit)})."
    )


def timeout_reason(limit: Limit) -> str:
    """Return the reason for the end of a run that has waited too long."""
    timeout = 0 if limit.profile is None else limit.profile.queue_timeout or 0
    return (
        f"Queue time-out after {_seconds(timeout)}: {describe_limit(limit)} has no room"
        f" ({describe_usage(limit)})."
    )


def _seconds(duration: int) -> str:
    return f"{duration / 1000:g} s"
