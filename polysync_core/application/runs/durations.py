"""How long the last runs of a Task took, or of a Job without one, remembered for a while."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from polysync_core.application.ports import Runs
from polysync_core.domain.runs.poll_learning import FEWEST, MOST, Ended
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.runs.stored import Listing

TRUSTED_SECONDS = 600.0
"""How long what other instances of the app have seen may be left out of account."""
RETRY_SECONDS = 60.0
"""How long nothing is read again after a read that failed."""
MOST_REMEMBERED = 1000
"""Tasks and Jobs that are remembered; the one of which was not heard longest makes room."""
_PAGES = 4
"""Pages of `MOST` runs that are read at the most, where few of the newest have succeeded."""

_log = logging.getLogger(__name__)

type _Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Memory:
    past: tuple[Ended, ...] | None
    """None while it is not known."""
    until: float
    """When it is to be read again, by the monotonic clock."""


class DurationHistory:
    """When past runs ended, shared by all threads of the process.

    What this process sees end it knows at once. A read that fails, or one that is under way in
    another thread, only means that nothing is known: nobody waits for this.
    """

    def __init__(
        self,
        runs: Runs,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        most: int = MOST_REMEMBERED,
    ) -> None:
        self._runs = runs
        self._monotonic = monotonic
        self._most = most
        self._known: OrderedDict[_Key, _Memory] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, run: TaskRun, *, read: bool) -> tuple[Ended, ...] | None:
        """Return when the newest successful runs of the same Task ended; None is not known now.

        Without `read` nothing is read, and what is known may be older than is trusted.
        """
        key, now = _key(run), self._monotonic()
        with self._lock:
            known = self._known.get(key, _Memory(None, now))
            before = known.past
            if not read or now < known.until:
                if key in self._known:
                    self._known.move_to_end(key)
                return before
            # Whoever asks while this is read goes by what was known before.
            self._keep(key, _Memory(before, now + RETRY_SECONDS))
        past = self._read(run)
        if past is None:
            return before
        with self._lock:
            self._keep(key, _Memory(past, now + TRUSTED_SECONDS))
        return past

    def note(self, run: TaskRun, ended: Ended | None) -> None:
        """Remember the end of a run that this process saw succeed."""
        if ended is None:
            return
        key = _key(run)
        with self._lock:
            known = self._known.get(key, _Memory(None, self._monotonic()))
            newest = (ended, *(known.past or ()))[:MOST]
            self._keep(key, replace(known, past=newest))

    def _keep(self, key: _Key, memory: _Memory) -> None:
        self._known[key] = memory
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)

    def _read(self, run: TaskRun) -> tuple[Ended, ...] | None:
        try:
            return self._newest(run)
        except Exception:
            # Storage that is away, or a row of another release: a run is looked at all the same.
            _log.warning(
                "The durations of past runs could not be read; the plan of the job type is used.",
                extra={"action": "durations_unread", "run_id": run.run_id, "task": run.task},
                exc_info=True,
            )
            return None

    def _newest(self, run: TaskRun) -> tuple[Ended, ...]:
        found: list[Ended] = []
        token: str | None = None
        for _ in range(_PAGES):
            page = self._runs.page(
                Listing(
                    task=run.task or None,
                    job=None if run.task else run.job.name,
                    limit=MOST,
                    continuation_token=token,
                )
            )
            found += _ends(page.items)
            token = page.continuation_token
            if token is None or len(found) >= FEWEST:
                break
        return tuple(found[:MOST])


def ended(
    submitted_at: datetime | None, finished_at: datetime | None, seen_at: datetime
) -> Ended | None:
    """Return the age at which an attempt ended; None where that says nothing.

    Its end as its platform tells it is exact; the moment at which it was seen to have ended is the
    latest that it can have been.
    """
    if submitted_at is None:
        return None
    seen = (seen_at - submitted_at).total_seconds()
    if seen <= 0:
        return None
    told = seen if finished_at is None else (finished_at - submitted_at).total_seconds()
    exact = 0 < told < seen
    return Ended(by=round(told if exact else seen, 2), exact=exact)


def _ends(runs: Sequence[TaskRun]) -> list[Ended]:
    ends = [_end(run) for run in runs if run.status is RunStatus.SUCCEEDED]
    return [end for end in ends if end is not None]


def _end(run: TaskRun) -> Ended | None:
    attempt = run.attempt
    if attempt is None or run.finished_at is None:
        return None
    return ended(attempt.submitted_at, attempt.finished_at, run.finished_at)


def _key(run: TaskRun) -> _Key:
    return ("task", run.task) if run.task else ("job", run.job.name)
