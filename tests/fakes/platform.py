"""Implements fake platforms with scripted responses and recorded calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.platforms.connector import (
    Artefact,
    ArtefactSchema,
    ExternalRun,
    ProviderStatus,
    Report,
    RunNotFound,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.send_observer import announce_send, withdraw_send

type Scripted[T] = T | Exception


@contextmanager
def sending() -> Iterator[None]:
    """Announce a submit as `PlatformClient` does; a refusal or an absent service had no effect."""
    announce_send()
    try:
        yield
    except (Unavailable, PlatformRefused):
        withdraw_send()
        raise


class FakePlatform:
    """Starts one run for each token, like a platform with an idempotency key."""

    def __init__(self) -> None:
        self.orders: list[SubmitRequest] = []
        self.started: dict[str, str] = {}
        self.cancelled: list[str] = []
        self.submit_answers: list[Exception] = []
        """Raised by the next submits, before anything is started."""
        self.at_once: Report | None = None
        """The report in the answer to each submit."""
        self.cancel_answer: Exception | None = None
        self.lost_answers = 0
        """The number of submits that start a run and then lose the answer."""
        self.reports: list[Scripted[Report]] = []
        """The next answers to `read`; the last one stays."""
        self.details: Scripted[FailureDetails] = FailureDetails()
        self.details_asked: list[str] = []

    def job(self, job_type: str) -> FakePlatform:
        return self

    def submit(self, order: SubmitRequest) -> Submitted:
        with sending():
            return self.start(order)

    def start(self, order: SubmitRequest) -> Submitted:
        """Answer a submit that was sent."""
        self.orders.append(order)
        if self.submit_answers:
            raise self.submit_answers.pop(0)
        external_id = self.started.setdefault(order.token, str(len(self.started) + 1))
        if self.lost_answers:
            self.lost_answers -= 1
            raise Uncertain
        return Submitted(
            external_run_id=external_id,
            monitor_url=f"https://p/{external_id}",
            report=self.at_once,
        )

    def read(self, job: Job, external_run_id: str) -> Report:
        answer = self.reports.pop(0) if len(self.reports) > 1 else self.reports[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        self.details_asked.append(external_run_id)
        if isinstance(self.details, Exception):
            raise self.details
        return self.details

    def cancel(self, job: Job, external_run_id: str) -> None:
        self.cancelled.append(external_run_id)
        if self.cancel_answer is not None:
            raise self.cancel_answer

    def test(self) -> str:
        return "reached"

    def artefacts(
        self, *, job_type: str | None = None, search: str | None = None
    ) -> Iterator[Artefact]:
        return iter(())

    def describe(self, external_id: str) -> ArtefactSchema:
        return ArtefactSchema(parameters=())

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        return iter(())


RUNNING = Report(status=ProviderStatus.RUNNING)
SUCCESS = Report(status=ProviderStatus.SUCCESS)
FAILED = Report(status=ProviderStatus.FAILED, message="Division by zero.")
CANCELLED = Report(status=ProviderStatus.CANCELLED)


@dataclass(slots=True)
class Work:
    """A run as the platform sees it."""

    external_id: str
    order: SubmitRequest
    started_at: datetime
    ends_at: datetime
    verdict: ProviderStatus


class TimedPlatform(FakePlatform):
    """Runs work in the time of a clock: it ends after some seconds or some after its cancel."""

    def __init__(self, clock: Callable[[], datetime], step: Callable[..., Any]) -> None:
        super().__init__()
        self.work: dict[str, Work] = {}
        self.seconds = 5.0
        self.stop_seconds = 3.0
        self.verdict = ProviderStatus.SUCCESS
        self.denials = 0
        """The number of polls that are answered as if the run did not exist."""
        self._clock = clock
        self._step = step

    def submit(self, order: SubmitRequest) -> Submitted:
        with sending():
            return self._step("submit", lambda: self._start(order))

    def read(self, job: Job, external_run_id: str) -> Report:
        return self._step("read", lambda: self._report(external_run_id))

    def cancel(self, job: Job, external_run_id: str) -> None:
        self._step("cancel", lambda: self._stop(external_run_id))

    def busy(self) -> list[str]:
        """Return the external ids of the active runs."""
        return [work.external_id for work in self.work.values() if work.ends_at > self._clock()]

    def most_at_once(self) -> int:
        """Return the maximum number of concurrent runs."""
        moments = [(work.started_at, 1) for work in self.work.values()]
        moments += [(work.ends_at, -1) for work in self.work.values()]
        running = most = 0
        for _, change in sorted(moments):
            running += change
            most = max(most, running)
        return most

    def _start(self, order: SubmitRequest) -> Submitted:
        external_id = self.started.get(order.token, str(len(self.started) + 1))
        if external_id not in self.work:
            now = self._clock()
            ends_at = now + timedelta(seconds=self.seconds)
            self.work[external_id] = Work(external_id, order, now, ends_at, self.verdict)
        return self.start(order)

    def _report(self, external_run_id: str) -> Report:
        if self.denials:
            self.denials -= 1
            raise RunNotFound
        work = self.work[external_run_id]
        if work.ends_at > self._clock():
            return RUNNING
        return Report(status=work.verdict, started_at=work.started_at, finished_at=work.ends_at)

    def _stop(self, external_run_id: str) -> None:
        work, now = self.work[external_run_id], self._clock()
        self.cancelled.append(external_run_id)
        if work.ends_at > now:
            work.ends_at = min(work.ends_at, now + timedelta(seconds=self.stop_seconds))
            work.verdict = ProviderStatus.CANCELLED
