"""Submits, polls and cancels runs of the job type AzureHttpFunction.

A run calls an HTTP function, or starts a Durable Functions orchestrator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.outbound.urls import OwnAddress
from polysync_core.platforms.azure_functions.discovery import AzureFunctionDiscovery
from polysync_core.platforms.azure_functions.durable_client import DurableClient
from polysync_core.platforms.azure_functions.external_id import (
    HttpTarget,
    Orchestrator,
    check_function_job,
    read_target,
)
from polysync_core.platforms.calls import Call
from polysync_core.platforms.connector import (
    ArtefactSchema,
    CannotStop,
    ExternalRun,
    Report,
    RunNotFound,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.http_functions.client import call_once, poll
from polysync_core.platforms.http_functions.failure_details import answered_failure
from polysync_core.platforms.http_functions.parameters import build_request_parts, method_of
from polysync_core.platforms.http_functions.refusals import FunctionRefusals
from polysync_core.platforms.http_functions.states import address_of
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.values import as_texts


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpFunctionConnector:
    """Runs the functions of one app; implements `JobConnector`."""

    client: PlatformClient
    prefix: tuple[str, ...]
    """The segments of the route prefix."""
    durable: DurableClient
    discovery: AzureFunctionDiscovery
    refused: FunctionRefusals
    page: Callable[[str], str]
    """Returns the address of a function's page in the portal."""
    now: Clock

    def submit(self, request: SubmitRequest) -> Submitted:
        """Call the function, or start the orchestrator."""
        problems = check_function_job(request.job)
        if problems:
            raise Invalid(problems)
        target = read_target(request.job.external_id)
        if isinstance(target, Orchestrator):
            submitted = self.durable.start(request, target.function)
        else:
            submitted = self._call(request, target)
        return replace(submitted, monitor_url=self.page(target.function))

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run from its status address."""
        address = self._address(external_run_id)
        if self.durable.owns(address):
            return self.durable.read(address, job)
        return poll(self.client, address, job, refused=self.refused, now=self.now)

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the answer of a status address that reports a failure."""
        address = self._address(external_run_id)
        if self.durable.owns(address):
            return answered_failure(self.durable.client, address, self.durable.refused)
        return answered_failure(self.client, address, self.refused)

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Terminate an orchestration; raise `CannotStop` for other work."""
        address = self._address(external_run_id)
        if not self.durable.owns(address):
            raise CannotStop("Only orchestrations of Durable Functions can be stopped.")
        self.durable.stop(address)

    def describe(self, external_id: str) -> ArtefactSchema:
        """Read the route parameters of a function."""
        return self.discovery.describe(external_id)

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield nothing: an app does not list the calls of a function."""
        return iter(())

    def _call(self, request: SubmitRequest, target: HttpTarget) -> Submitted:
        method = method_of(request.job)
        names = {each.name for each in target.route.placeholders}
        parts = build_request_parts(request, method, excluded=names)
        call = Call(
            method=method.value,
            segments=(
                *self.prefix,
                *target.route.fill(as_texts(request.parameters, request.job.parameters)),
            ),
            query=parts.query,
            headers=parts.headers,
            body=parts.body,
            text=parts.text,
            refused=self.refused,
        )
        return call_once(self.client, call, request, name=target.function, now=self.now)

    def _address(self, external_run_id: str) -> OwnAddress:
        address = address_of(external_run_id, self.client.base.url)
        if address is None:
            raise RunNotFound("The function has answered; it has no status address.")
        return address
