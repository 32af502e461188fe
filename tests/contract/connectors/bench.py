"""What the suite needs to put a job type through all its cases."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from polysync_core.domain.definitions.jobs import Job, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Unavailable, Uncertain
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.secrets import Secret
from polysync_core.outbound.call_budget import CallBudget, RetryTimer
from polysync_core.platforms.connector import (
    Connector,
    JobConnector,
    OutcomeUnknown,
    Report,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import Capability, PluginContext
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.simulators import SimulatorProcess

CANARY = "dapi-canary-6f1c2d"
SIZE_LIMIT = 400_000
ATTEMPTS = 2
"""How often a call that may be repeated is sent."""


class Behaviour(StrEnum):
    """How an artefact of the bench behaves."""

    SUCCEEDS = "succeeds"
    FAILS = "fails"
    HANGS = "hangs"
    """It runs until it is stopped."""
    GIVES_OUTPUTS = "gives outputs"
    GIVES_MUCH = "gives much"
    """One of its outputs is longer than storage takes; the others are not."""
    MISSING = "is missing"
    """There is no such artefact."""


class Step(StrEnum):
    """The calls that faults are scripted for."""

    SUBMIT = "submit"
    """The call that starts the artefact."""
    READ = "read"
    CANCEL = "cancel"
    FIND = "find"
    DESCRIBE = "describe"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Foreign:
    """An address elsewhere in an answer of the platform."""

    step: Step
    """What is done when the answer is met."""
    fields: Mapping[str, Any]
    """What of the answer is replaced."""
    endpoint: str | None = None
    """Whose answer it is, if not that of the step's own endpoint."""


ELSEWHERE = "evil.example"
LONG = 70_000
"""Characters of an output that is longer than storage takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A job type on its simulator."""

    simulator: SimulatorProcess
    platform: Platform
    jobs: Mapping[Behaviour, Job]
    """An artefact of each behaviour that the job type can have."""
    endpoints: Mapping[Step, str]
    """By what names the simulator scripts faults for the steps."""
    started: Callable[[SubmitRequest], Sequence[str]]
    """Returns the ids, as the connector gives them, of all runs that an order really started."""
    strange_state: Mapping[str, Any]
    """Fields that make the answer of `READ` tell a state that nobody knows."""
    unknown_runs: Sequence[str]
    """Ids of runs that the platform does not have, and texts that are no ids."""
    refused: Sequence[tuple[Mapping[str, Any], str]]
    """Changes of a Job that its check must refuse, each with the path."""
    parameters: Sequence[Parameter] = ()
    """What `describe` finds in the artefact that succeeds."""
    settle: Callable[[], object] = lambda: None
    """Ends what an earlier case has left going on, where cases would get in each other's way."""
    typed: bool = False
    """Whether values travel as JSON tokens of their types; else all are texts."""
    outputs: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """What the artefact that gives outputs gives."""
    much: Mapping[str, JsonValue | Secret] = field(default_factory=dict[str, "JsonValue | Secret"])
    """Values for the artefact that gives much, where it gives what it is given."""
    takes_anything: str | None = None
    """Why a parameter that the artefact does not declare is not refused; None: it is, by name."""
    foreign: Sequence[Foreign] | str
    """Where answers of the platform name addresses that are followed or shown; or why nowhere."""

    @property
    def job_type(self) -> str:
        """The job type that is tried."""
        return self.jobs[Behaviour.SUCCEEDS].job_type

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the job type says that it can."""
        return platform_plugin(self.platform.type).jobs[self.job_type].capabilities


class Stage:
    """Starts each simulator once, when the first bench on it is tried."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: dict[str, SimulatorProcess] = {}

    def simulator(self, module: str, *options: str) -> SimulatorProcess:
        if module not in self._running:
            data = self.folder / module
            self._running[module] = SimulatorProcess(module, data, *options)
        return self._running[module]

    def clear(self) -> None:
        for running in self._running.values():
            assert running.stop() == 0


type Make = Callable[[Stage], Bench]


class _Secrets:
    def resolve(self, reference: str) -> Secret:
        return Secret(CANARY)

    def forget(self, reference: str) -> None: ...


class Rig:
    """A connector on a bench, in time that passes when somebody sleeps."""

    def __init__(self, bench: Bench, *, size_limit: int = SIZE_LIMIT) -> None:
        self.bench = bench
        self._offset = 0.0
        self.connector: Connector = platform_plugin(bench.platform.type).open(
            bench.platform,
            PluginContext(
                secrets=_Secrets(),
                allow_loopback=True,
                http=HttpOptions(
                    budget=CallBudget(total=60, read=10, attempts=ATTEMPTS),
                    timer=RetryTimer(
                        monotonic=lambda: time.monotonic() + self._offset,
                        sleep=self.sleep,
                        now=self.now,
                        uniform=lambda low, high: low,
                    ),
                    size_limit=size_limit,
                ),
            ),
        )
        self.job: JobConnector = self.connector.job(bench.job_type)

    def sleep(self, seconds: float) -> None:
        self._offset += seconds

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._offset)

    def order(self, behaviour: Behaviour = Behaviour.SUCCEEDS, **changes: Any) -> SubmitRequest:
        """Return a new order, which nothing has been sent for."""
        token = f"{time.time_ns():x}"
        order = SubmitRequest(
            job=self.bench.jobs[behaviour],
            token=token,
            run_name=f"suite {token}",
            parameters={},
            begun_at=self.now(),
        )
        return replace(order, **changes)

    def fault(self, step: Step, fault: str, **script: Any) -> None:
        endpoint = self.bench.endpoints[step]
        self.bench.simulator.fault(endpoint=endpoint, fault=fault, **script)

    def carry_out(self, order: SubmitRequest, *, again: bool = False) -> Submitted | None:
        """Submit as an attempt does, until there is an answer; None where there never is one."""
        for _ in range(20):
            try:
                return self.job.submit(replace(order, is_resend=again))
            except OutcomeUnknown:
                return None
            except Uncertain:
                again = True
            except Unavailable:
                pass
            self.sleep(60)
        raise AssertionError("the submit had no end")

    def follow(self, job: Job, submitted: Submitted) -> Report:
        """Look at a run until it has ended."""
        report = submitted.report
        deadline = time.monotonic() + 60
        while report is None or not report.status.is_final:
            assert time.monotonic() < deadline, f"the run did not end: {report}"
            time.sleep(0.02)
            report = self.job.read(job, submitted.external_run_id)
        return report

    def run(self, behaviour: Behaviour, **changes: Any) -> Report:
        """Run an artefact to its end."""
        order = self.order(behaviour, **changes)
        return self.follow(order.job, self.job.submit(order))
