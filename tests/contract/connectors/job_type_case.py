"""The case of a job type: what the suite needs to test its connector."""

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
from polysync_core.domain.security.secrets import Secret
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
"""The number of times that a repeatable call is sent."""


class Behaviour(StrEnum):
    """The behaviours of the test artefacts."""

    SUCCEEDS = "succeeds"
    FAILS = "fails"
    HANGS = "hangs"
    """The run continues until it is stopped."""
    RETURNS_OUTPUTS = "returns outputs"
    RETURNS_LONG_OUTPUT = "returns long output"
    """One of the outputs is longer than the storage limit."""
    MISSING = "is missing"
    """The artefact does not exist."""


class Step(StrEnum):
    """The calls for which the tests script faults."""

    SUBMIT = "submit"
    """The call that starts the artefact."""
    READ = "read"
    DETAILS = "failure details"
    """The last call that reads the details of a failure."""
    CANCEL = "cancel"
    FIND = "find"
    DESCRIBE = "describe"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class ForeignAddress:
    """An answer of the platform with an address on another host."""

    step: Step
    """The call that receives the answer."""
    fields: Mapping[str, Any]
    """The replaced fields of the answer."""
    endpoint: str | None = None
    """The endpoint of the answer; None means the step's own endpoint."""


FOREIGN_HOST = "evil.example"
LONG_OUTPUT_LENGTH = 70_000
"""The length of an output that exceeds the storage limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTypeCase:
    """One job type with its simulator and its test artefacts."""

    simulator: SimulatorProcess
    platform: Platform
    jobs: Mapping[Behaviour, Job]
    """One artefact per supported behaviour."""
    endpoints: Mapping[Step, str]
    """The simulator's endpoint name for the faults of each step."""
    started_runs: Callable[[SubmitRequest], Sequence[str]]
    """Returns the external ids of all runs that a request started."""
    unknown_state: Mapping[str, Any]
    """Fields that give the answer of `READ` an unknown state."""
    unknown_runs: Sequence[str]
    """Ids of missing runs, and texts that are not ids."""
    refused: Sequence[tuple[Mapping[str, Any], str]]
    """Changes of a Job that the check must refuse, each with the path of the problem."""
    failure: tuple[str, str] = ("", "")
    """The name of the part that fails in the artefact with `FAILS`, and a text of its error."""
    parameters: Sequence[Parameter] = ()
    """The parameters that `describe` returns for the successful artefact."""
    stop_active_runs: Callable[[], object] = lambda: None
    """Stops active runs of earlier tests that would disturb the next test."""
    typed: bool = False
    """True if values are sent with their JSON types, false if as texts."""
    outputs: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """The outputs of the artefact with `RETURNS_OUTPUTS`."""
    long_output_values: Mapping[str, JsonValue | Secret] = field(
        default_factory=dict[str, "JsonValue | Secret"]
    )
    """Parameter values for the artefact with `RETURNS_LONG_OUTPUT`."""
    accepts_undeclared: str | None = None
    """The reason why an undeclared parameter is accepted; None if it is refused."""
    foreign_addresses: Sequence[ForeignAddress] | str
    """Answers with a foreign address; or the reason why the platform has none."""

    @property
    def job_type(self) -> str:
        """The tested job type."""
        return self.jobs[Behaviour.SUCCEEDS].job_type

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The capabilities that the job type declares."""
        return platform_plugin(self.platform.type).jobs[self.job_type].capabilities


class Simulators:
    """Starts each simulator, and makes each case, on its first use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: dict[str, SimulatorProcess] = {}
        self._cases: dict[str, JobTypeCase] = {}

    def case(self, name: str, make: MakeCase) -> JobTypeCase:
        """Return the case of a name; its artefacts are created once."""
        if name not in self._cases:
            self._cases[name] = make(self)
        return self._cases[name]

    def simulator(self, module: str, *options: str) -> SimulatorProcess:
        if module not in self._running:
            data = self.folder / module
            self._running[module] = SimulatorProcess(module, data, *options)
        return self._running[module]

    def clear(self) -> None:
        for running in self._running.values():
            running.ask_to_stop()
        codes = {name: running.ended() for name, running in self._running.items()}
        assert set(codes.values()) <= {0}, codes


type MakeCase = Callable[[Simulators], JobTypeCase]


class _Secrets:
    def resolve(self, reference: str) -> Secret:
        return Secret(CANARY)

    def forget(self, reference: str) -> None: ...


class ConnectorHarness:
    """A connector for a case, in virtual time that advances on sleep."""

    def __init__(self, case: JobTypeCase, *, size_limit: int = SIZE_LIMIT) -> None:
        self.case = case
        self._offset = 0.0
        self.connector: Connector = platform_plugin(case.platform.type).open(
            case.platform,
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
        self.job: JobConnector = self.connector.job(case.job_type)

    def sleep(self, seconds: float) -> None:
        self._offset += seconds

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._offset)

    def request(self, behaviour: Behaviour = Behaviour.SUCCEEDS, **changes: Any) -> SubmitRequest:
        """Return a new submit request."""
        token = f"{time.time_ns():x}"
        request = SubmitRequest(
            job=self.case.jobs[behaviour],
            token=token,
            run_name=f"suite {token}",
            parameters={},
            begun_at=self.now(),
        )
        return replace(request, **changes)

    def fault(self, step: Step, fault: str, **script: Any) -> None:
        endpoint = self.case.endpoints[step]
        self.case.simulator.fault(endpoint=endpoint, fault=fault, **script)

    def submit_until_answered(
        self, request: SubmitRequest, *, is_resend: bool = False
    ) -> Submitted | None:
        """Submit like an attempt until an answer arrives; None if the outcome is unknown."""
        for _ in range(20):
            try:
                return self.job.submit(replace(request, is_resend=is_resend))
            except OutcomeUnknown:
                return None
            except Uncertain:
                is_resend = True
            except Unavailable:
                pass
            self.sleep(60)
        raise AssertionError("the submit got no answer")

    def poll_until_end(self, job: Job, submitted: Submitted) -> Report:
        """Poll a run until its end."""
        report = submitted.report
        deadline = time.monotonic() + 60
        while report is None or not report.status.is_final:
            assert time.monotonic() < deadline, f"the run did not end: {report}"
            time.sleep(0.02)
            report = self.job.read(job, submitted.external_run_id)
        return report

    def run(self, behaviour: Behaviour, **changes: Any) -> Report:
        """Run an artefact and return its final report."""
        request = self.request(behaviour, **changes)
        return self.poll_until_end(request.job, self.job.submit(request))
