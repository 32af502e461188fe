"""Messages and states of the Dispatcher for a run of a Job without a Task."""

from __future__ import annotations

import json

from polysync_core.domain.dispatch.codec import (
    decode_lease,
    decode_state,
    decode_waiting,
    encode_lease,
    encode_state,
    encode_waiting,
)
from polysync_core.domain.dispatch.state import (
    DispatcherState,
    Lease,
    WaitingRun,
    waiting_entry,
)
from polysync_core.domain.runs.identity import RunId
from tests.fakes.builders import NOON

WAITING = WaitingRun(run_id=RunId("w"), attempt=1, task=None, priority=5, queued_at=NOON)
LEASE = Lease(run_id=RunId("l"), attempt=1, task=None, granted_at=NOON)


def test_messages_keep_a_missing_task_as_null() -> None:
    assert encode_waiting(WAITING)["task"] is None
    assert decode_waiting(encode_waiting(WAITING)) == WAITING
    assert encode_lease(LEASE)["task"] is None
    assert decode_lease(encode_lease(LEASE)) == LEASE


def test_the_state_keeps_a_missing_task_as_null() -> None:
    waiting = {WAITING.run_id: waiting_entry(WAITING)}
    state = DispatcherState(waiting=waiting, leases={LEASE.run_id: LEASE})
    assert decode_state(json.loads(json.dumps(encode_state(state)))) == state


def test_a_run_without_a_task_misses_no_policy() -> None:
    assert DispatcherState().policies.profiles_of(None, "") == ([], [])
