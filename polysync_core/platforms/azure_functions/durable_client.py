"""Durable Functions' own HTTP API: starting, following and stopping orchestrations.

An orchestration is started under the attempt's token as its instance id, so that it can be looked
for after an answer was lost.
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
from polysync_core.platforms.http_functions.client import look
from polysync_core.platforms.http_functions.parameters import HttpMethod, place
from polysync_core.platforms.http_functions.refusals import FunctionRefusals
from polysync_core.platforms.platform_client import PlatformClient

_API = ("runtime", "webhooks", "durabletask")
_INSTANCES = (*_API, "instances")


class _IsThere(Refused):
    """There is an orchestration of this id already."""


class _HasEnded(Refused):
    """The orchestration has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableClient:
    """The orchestrations of one app."""

    client: PlatformClient
    refused: FunctionRefusals
    now: Clock

    def start(self, request: SubmitRequest, orchestrator: str) -> Submitted:
        """Start an orchestration once for the order's token."""
        instance = OwnAddress((*_INSTANCES, request.token), {})
        submitted = Submitted(external_run_id="/" + "/".join(instance.segments))
        if request.is_resend and self._exists(instance, request.job):
            return submitted
        placed = place(request, HttpMethod.POST)
        call = Call(
            method="POST",
            segments=(*_API, "orchestrators", orchestrator, request.token),
            body=placed.body,
            text=placed.text,
            headers=placed.headers,
            busy_is_unstarted=False,
            head_is_enough=True,
            refused=self._start_refused,
        )
        with suppress(_IsThere):
            self.client.exchange(call, lambda _: None)
        return submitted

    def read(self, address: OwnAddress, job: Job) -> Report:
        """Return the state of an orchestration."""
        return look(self.client, address, job, refused=self.refused, now=self.now)

    def stop(self, address: OwnAddress) -> None:
        """Ask for the end of an orchestration; one that has ended already is left so."""
        call = Call(
            method="POST",
            segments=(*address.segments, "terminate"),
            query={**address.query, "reason": "Stopped by Polysync."},
            repeatable=True,
            refused=self._stop_refused,
        )
        with suppress(_HasEnded):
            self.client.exchange(call, lambda _: None)

    def owns(self, address: OwnAddress) -> bool:
        """Tell whether a status address is that of an orchestration."""
        return address.segments[:-1] == _INSTANCES

    def _exists(self, instance: OwnAddress, job: Job) -> bool:
        with suppress(RunNotFound):
            self.read(instance, job)
            return True
        return False

    def _start_refused(self, refusal: Refusal) -> PolysyncError:
        match refusal.status:
            case 409:
                return _IsThere()
            case 400 | 404:
                return self.refused.error(refusal, self.refused.missing)
            case _:
                return self.refused(refusal)

    def _stop_refused(self, refusal: Refusal) -> PolysyncError:
        match refusal.status:
            case 410:
                return _HasEnded()
            case 404:
                return RunNotFound("Durable Functions does not know this orchestration.")
            case _:
                return self.refused(refusal)
