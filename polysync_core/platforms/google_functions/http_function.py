"""Submits and polls runs of the job type CloudFunctionHttp (Google Cloud functions)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.outbound.urls import OwnAddress
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
from polysync_core.platforms.google_functions.client import AddressCache
from polysync_core.platforms.google_functions.discovery import CloudFunctionDiscovery
from polysync_core.platforms.google_functions.external_id import FunctionName, check_function_job
from polysync_core.platforms.google_functions.refusals import CALL_REFUSALS
from polysync_core.platforms.http_functions.client import call_once, poll
from polysync_core.platforms.http_functions.failure_details import answered_failure
from polysync_core.platforms.http_functions.parameters import build_request_parts, method_of
from polysync_core.platforms.http_functions.states import address_of
from polysync_core.platforms.platform_client import PlatformClient

_UNDECLARED = "a function does not declare parameters: add them to the job"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudFunctionConnector:
    """Calls functions of Google Cloud; implements `JobConnector`."""

    addresses: AddressCache
    discovery: CloudFunctionDiscovery
    now: Clock

    def submit(self, request: SubmitRequest) -> Submitted:
        """Call the function."""
        problems = check_function_job(request.job)
        if problems:
            raise Invalid(problems)
        name = FunctionName.parse(request.job.external_id)
        method = method_of(request.job)
        parts = build_request_parts(request, method)
        endpoint = self.addresses.to(name)
        call = Call(
            method=method.value,
            segments=endpoint.path,
            query=parts.query,
            headers=parts.headers,
            body=parts.body,
            text=parts.text,
            refused=CALL_REFUSALS,
        )
        submitted = call_once(endpoint.client, call, request, name=name.function, now=self.now)
        return replace(submitted, monitor_url=name.page)

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run from its status address."""
        client, address = self._status_address(job, external_run_id)
        return poll(client, address, job, refused=CALL_REFUSALS, now=self.now)

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the answer of a status address that reports a failure."""
        client, address = self._status_address(job, external_run_id)
        return answered_failure(client, address, CALL_REFUSALS)

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Raise `CannotStop`: Google cannot stop a function."""
        raise CannotStop("A call of Google Cloud Functions cannot be stopped.")

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return an empty schema after a check that the function exists."""
        self.discovery.address(FunctionName.parse(external_id))
        return ArtefactSchema(parameters=(), notes=(_UNDECLARED,))

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield nothing: Google does not list the calls of a function."""
        return iter(())

    def _status_address(self, job: Job, external_run_id: str) -> tuple[PlatformClient, OwnAddress]:
        client = self.addresses.to(FunctionName.parse(job.external_id)).client
        address = address_of(external_run_id, client.base.url)
        if address is None:
            raise RunNotFound("The function has answered; it has no status address.")
        return client, address
