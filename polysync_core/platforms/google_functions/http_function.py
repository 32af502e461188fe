"""Job type Cloud Function HTTP: a call that does the work, or one that starts it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid
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
from polysync_core.platforms.google_functions.refusals import REFUSED
from polysync_core.platforms.http_functions.client import call_once, look
from polysync_core.platforms.http_functions.parameters import method_of, place
from polysync_core.platforms.http_functions.states import address_of

_UNDECLARED = "a function does not declare its parameters: add them to the job"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudFunctionConnector:
    """Runs functions of Google Cloud; implements `JobConnector`."""

    doors: AddressCache
    catalogue: CloudFunctionDiscovery
    now: Clock

    def submit(self, request: SubmitRequest) -> Submitted:
        """Call the function."""
        problems = check_function_job(request.job)
        if problems:
            raise Invalid(problems)
        name = FunctionName.parse(request.job.external_id)
        method = method_of(request.job)
        placed = place(request, method)
        door = self.doors.to(name)
        call = Call(
            method=method.value,
            segments=door.path,
            query=placed.query,
            headers=placed.headers,
            body=placed.body,
            text=placed.text,
            refused=REFUSED,
        )
        submitted = call_once(door.client, call, request, name=name.function, now=self.now)
        return replace(submitted, monitor_url=name.page)

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return what the status address of a run says."""
        client = self.doors.to(FunctionName.parse(job.external_id)).client
        address = address_of(external_run_id, client.base.url)
        if address is None:
            raise RunNotFound("Nothing follows a function that has answered.")
        return look(client, address, job, refused=REFUSED, now=self.now)

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Refuse: Google has no way to stop a function."""
        raise CannotStop("Google Cloud Functions cannot be stopped.")

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return no parameters, which a function does not declare, if there is such a function."""
        self.catalogue.address(FunctionName.parse(external_id))
        return ArtefactSchema(parameters=(), notes=(_UNDECLARED,))

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield nothing: Google keeps no list of the calls of a function."""
        return iter(())
