"""Why a run waits or may not wait, in words."""

from __future__ import annotations

from polysync_core.domain.dispatch.limits import ConcurrencyLimit, Limit, StartRateLimit


def place(limit: Limit) -> str:
    """Return what a limit counts for."""
    if limit.profile is None:
        return f"task '{limit.scope}'"
    return f"platform '{limit.scope}'" if limit.scope else "all its platforms together"


def name(limit: Limit) -> str:
    """Return how a limit is called."""
    if isinstance(limit, ConcurrencyLimit) and limit.of_backfill:
        return f"Backfill '{limit.scope}' allows {limit.size} at once"
    if limit.profile is None:
        return f"Max Concurrent Runs of {place(limit)}"
    return f"Contention profile '{limit.profile.name}' (for {place(limit)})"


def level(limit: Limit) -> str:
    """Return how far a limit is used."""
    match limit:
        case ConcurrencyLimit():
            kept = f", {limit.kept} kept for a waiting run" if limit.kept else ""
            return f"{limit.used} of {limit.size} slots are taken{kept}"
        case StartRateLimit():
            starts = f"{limit.log.count} of {limit.rate.limit} starts"
            return f"{starts} within {_seconds(limit.rate.window)} are used"


def rejected(limit: Limit) -> str:
    """Say why a run was turned away at once."""
    return f"Rejected: {name(limit)} has no room ({level(limit)}) and is set to reject."


def queue_full(limit: Limit) -> str:
    """Say why a run may not join those that wait."""
    size = 0 if limit.profile is None else limit.profile.queue_size
    return f"Rejected: {name(limit)} lets no more than {size} runs wait ({level(limit)})."


def timed_out(limit: Limit) -> str:
    """Say why a run has waited long enough."""
    timeout = 0 if limit.profile is None else limit.profile.queue_timeout or 0
    return f"Waited longer than {_seconds(timeout)}: {name(limit)} has no room ({level(limit)})."


def _seconds(duration: int) -> str:
    return f"{duration / 1000:g} s"
