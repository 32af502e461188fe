"""Numbers for those who watch: how much waits and runs, and for how long."""

from __future__ import annotations

import logging
from datetime import datetime

from polysync_core.domain.dispatch.state import DispatcherState, millis

_log = logging.getLogger(__name__)


def measure(shard: str, dispatcher: DispatcherState, now: datetime) -> None:
    """Tell the log how a Dispatcher stands; alerts and the workbook read it there."""
    present = millis(now)
    # What waits out its back-off is not held up by anything.
    since = (max(ticket.queued, ticket.not_before) for ticket in dispatcher.waiting.values())
    longest = max((present - each for each in since if each < present), default=0)
    _log.info(
        "Dispatcher measured.",
        extra={
            "action": "dispatcher_measured",
            "shard": shard,
            "waiting": len(dispatcher.waiting),
            "running": len(dispatcher.leases),
            "oldest_seconds": longest // 1000,
        },
    )
