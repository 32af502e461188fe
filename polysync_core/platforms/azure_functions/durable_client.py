"""Starts, reads and stops orchestrations by the HTTP API of Durable Functions.

The instance id of an orchestration is the attempt's token, so the instance can be found after a
lost answer.
https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-http-api
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import PolysyncError, Refused
from polysync_core.outbound.urls import OwnAddress
from polysync_core.platforms.calls import Call, Refusal
from polysync_core.platforms.connector import Report, RunNotFound, SubmitRequest, Submitted
from polysync_core.platforms.http_functions.client import poll
from polysync_core.platforms.http_functions.parameters import HttpMethod, build_request_parts
from polysync_core.platforms.http_functions.refusals import FunctionRefusals
from polysync_core.platforms.http_functions.states import INSTANCES
from polysync_core.platforms.platform_client import PlatformClient

_API = INSTANCES[:-1]


class _AlreadyExists(Refused):
    """An orchestration with this id exists already."""


class _AlreadyEnded(Refused):
    """The orchestration has already ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableClient:
    """Starts, reads and stops the orchestrations of one app."""

    client: PlatformClient
    refused: FunctionRefusals
    now: Clock

    def start(self, request: SubmitRequest, orchestrator: str) -> Submitted:
        """Start an orchestration once per token."""
        instance = OwnAddress((*INSTANCES, request.token), {})
        submitted = Submitted(external_run_id="/" + "/".join(instance.segments))
        if request.is_resend and self._exists(instance, request.job):
            return submitted
        parts = build_request_parts(request, HttpMethod.POST)
        call = Call(
            method="POST",
            segments=(*_API, "orchestrators", orchestrator, request.token),
            body=parts.body,
            text=parts.text,
            headers=parts.headers,
            busy_proves_not_started=False,
            accept_oversized=True,
            refused=self._start_refused,
        )
        with suppress(_AlreadyExists):
            self.client.exchange(call, lambda _: None)
        return submitted

    def read(self, address: OwnAddress, job: Job) -> Report:
        """Return the state of an orchestration."""
        return poll(self.client, address, job, refused=self.refused, now=self.now)

    def stop(self, address: OwnAddress) -> None:
        """Request the termination of an orchestration; an ended one is not an error."""
        call = Call(
            method="POST",
            segments=(*address.segments, "terminate"),
            query={**address.query, "reason": "Stopped by Polysync."},
            repeatable=True,
            refused=self._stop_refused,
        )
        with suppress(_AlreadyEnded):
            self.client.exchange(call, lambda _: None)

    def owns(self, address: OwnAddress) -> bool:
        """Return whether a status address belongs to an orchestration."""
        return address.segments[:-1] == INSTANCES

    def _exists(self, instance: OwnAddress, job: Job) -> bool:
        with suppress(RunNotFound):
            self.read(instance, job)
            return True
        return False

    def _start_refused(self, refusal: Refusal) -> PolysyncError:
        match refusal.status:
            case 409:
                return _AlreadyExists()
            case 400 | 404:
                return self.refused.error(refusal, self.refused.missing)
            case _:
                return self.refused(refusal)

    def _stop_refused(self, refusal: Refusal) -> PolysyncError:
        match refusal.status:
            case 410:
                return _AlreadyEnded()
            case 404:
                return RunNotFound("Durable Functions has no orchestration with this id.")
            case _:
                return self.refused(refusal)
