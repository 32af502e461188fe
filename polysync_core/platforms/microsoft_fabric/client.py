"""Calls the job scheduler API of one Fabric workspace to start and manage runs.

https://learn.microsoft.com/rest/api/fabric/core/job-scheduler
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.json_types import JsonObject
from polysync_core.outbound.call_budget import RetryTimer, read_retry_after
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.urls import QueryValue, own_address
from polysync_core.platforms.azure.answers import listed
from polysync_core.platforms.azure.attributes import GUID
from polysync_core.platforms.calls import Call, RefusalMapping, UnexpectedAnswer
from polysync_core.platforms.connector import RunNotFound
from polysync_core.platforms.microsoft_fabric.refusals import (
    capacity_error,
    is_capacity_limit,
    refused,
    refused_for_item,
    refused_for_run,
    refused_for_start,
)
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.send_observer import withdraw_send

API = "v1"

_GUID = re.compile(GUID)


@dataclass(frozen=True, slots=True)
class Started:
    """A started run, with the seconds to wait before its first poll."""

    run_id: str
    pause: float | None


@dataclass(frozen=True, slots=True)
class JobInstance:
    """The fields of a run, with the seconds to wait before the next poll."""

    fields: JsonObject
    pause: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FabricClient:
    """Calls the API of one workspace."""

    client: PlatformClient
    workspace_id: str
    timer: RetryTimer

    @property
    def now(self) -> Clock:
        """The clock of the connection."""
        return self.timer.now

    def path(self, *segments: str) -> tuple[str, ...]:
        """Return the path of a resource of the workspace."""
        return (API, "workspaces", self.workspace_id, *segments)

    def check_access(self) -> str:
        """Read the workspace, and describe it in a sentence."""
        self.client.get(*self.path(), read=_any_object, refused=refused)
        return f"Reached Microsoft Fabric at {self.client.base.host}; the workspace is readable."

    def listed(
        self,
        *segments: str,
        refused: RefusalMapping,
        query: Mapping[str, QueryValue] | None = None,
    ) -> Iterator[JsonObject]:
        """Yield the entries of a list of the workspace, page by page."""
        return listed(
            self.client,
            *self.path(*segments),
            query=query or {},
            refused=refused,
            next_key="continuationUri",
        )

    def start(self, item_id: str, job: str, body: JsonObject) -> Started:
        """Start an item once; only a refusal proves that nothing was started."""
        call = Call(
            method="POST",
            segments=self.path("items", item_id, "jobs", "instances"),
            query={"jobType": job},
            body=body,
            accepts=is_capacity_limit,
            busy_proves_not_started=False,
            refused=refused_for_start,
        )
        started = self.client.exchange(call, self._started)
        if isinstance(started, PolysyncError):
            withdraw_send()
            raise started
        return started

    def instance(self, item_id: str, run_id: str) -> JobInstance:
        """Return the state of a run; raises `RunNotFound`."""
        segments = self.path("items", item_id, "jobs", "instances", checked_run_id(run_id))
        call = Call(method="GET", segments=segments, repeatable=True, refused=refused_for_run)
        return self.client.exchange(call, self._instance)

    def stop(self, item_id: str, run_id: str) -> None:
        """Request the cancellation of a run."""
        segments = self.path("items", item_id, "jobs", "instances", checked_run_id(run_id))
        call = Call(
            method="POST",
            segments=(*segments, "cancel"),
            body={},
            repeatable=True,
            refused=refused_for_run,
        )
        # The answer has no content.
        self.client.exchange(call, lambda _: None)

    def instances(self, item_id: str) -> Iterator[JsonObject]:
        """Yield the runs of an item: all active ones, and about 100 that have ended."""
        return self.listed("items", item_id, "jobs", "instances", refused=refused_for_item)

    def pause_of(self, answer: Answer) -> float | None:
        """Return the seconds that an answer asks to wait."""
        return read_retry_after(answer.retry_after, self.timer.now())

    def _started(self, answer: Answer) -> Started | PolysyncError:
        if is_capacity_limit(answer):
            return capacity_error(answer, self.client.base.host)
        return Started(self._run_id(answer), self.pause_of(answer))

    def _run_id(self, answer: Answer) -> str:
        """Return the id of a started run; the address itself is never called."""
        address = own_address(answer.location, self.client.base.url)
        if address is not None and address.segments[-3:-1] == ("jobs", "instances"):
            candidate = address.segments[-1]
        else:
            candidate = answer.headers.get("x-ms-job-id", "")
        if _GUID.fullmatch(candidate) is None:
            raise UnexpectedAnswer
        return candidate.lower()

    def _instance(self, answer: Answer) -> JobInstance:
        fields = answer.json()
        if fields is None:
            raise UnexpectedAnswer
        return JobInstance(fields, self.pause_of(answer))


def is_guid(text: object) -> bool:
    """Return whether a text is an id of Fabric."""
    return isinstance(text, str) and _GUID.fullmatch(text) is not None


def checked_run_id(run_id: str) -> str:
    """Return the id of a run; raise `RunNotFound` for a text that is no id."""
    if not is_guid(run_id):
        raise RunNotFound("the id of a run in Microsoft Fabric is a GUID")
    return run_id


def _any_object(answer: JsonObject) -> JsonObject:
    return answer
