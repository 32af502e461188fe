"""Numbers for those who watch: how much waits and runs, and for how long."""

from __future__ import annotations

import json
import logging
from datetime import datetime

from polysync_core.domain.dispatch.codec import encode_state
from polysync_core.domain.dispatch.state import DispatcherState, millis
from polysync_core.telemetry import names
from polysync_core.telemetry.instruments import instruments

_log = logging.getLogger(__name__)


def measure(shard: str, dispatcher: DispatcherState, now: datetime) -> None:
    """Tell log and metrics how a Dispatcher stands; alerts and the workbook read it there."""
    present = millis(now)
    # A run in back-off does not wait for a limit yet, so its wait has not begun.
    since = (entry.waiting_since for entry in dispatcher.waiting.values())
    longest = max((present - each for each in since if each < present), default=0) // 1000
    size = 0 if dispatcher.is_empty else len(json.dumps(encode_state(dispatcher)))
    whose = {names.SHARD: shard}
    instruments().runs_queued.set(len(dispatcher.waiting), whose)
    instruments().runs_running.set(len(dispatcher.leases), whose)
    instruments().oldest_wait.set(longest, whose)
    instruments().state_size.set(size, whose)
    _log.info(
        "Dispatcher measured.",
        extra={
            "action": "dispatcher_measured",
            "shard": shard,
            "waiting": len(dispatcher.waiting),
            "running": len(dispatcher.leases),
            "oldest_seconds": longest,
            "state_bytes": size,
        },
    )
