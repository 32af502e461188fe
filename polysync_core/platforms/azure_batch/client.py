"""Reads, creates and terminates the jobs of one Batch account, and reads tasks and pools.

https://learn.microsoft.com/rest/api/batchservice/
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.urls import QueryValue
from polysync_core.platforms.azure.answers import listed
from polysync_core.platforms.azure_batch.attributes import BatchAttributes
from polysync_core.platforms.azure_batch.refusals import (
    refused,
    refused_for_run,
    refused_for_source,
)
from polysync_core.platforms.calls import Call, RefusalMapping, UnexpectedAnswer
from polysync_core.platforms.paging import objects_in
from polysync_core.platforms.platform_client import PlatformClient

API_VERSION = "2024-07-01.20.0"
LOG_LENGTH = 16 * 1024

_QUERY = {"api-version": API_VERSION}
_NEXT = "odata.nextLink"
type _Read = Callable[[Answer], None]

_FAILED = "executionInfo/result eq 'failure'"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchClient:
    """Calls one Batch account."""

    client: PlatformClient
    attributes: BatchAttributes
    now: Clock

    def check_access(self) -> str:
        """Read the first page of jobs, which needs a permission; return a sentence for people."""
        next(self.listed("jobs"), None)
        return f"Reached the Batch account at {self.client.base.host}; its jobs are readable."

    def source(self, *path: str) -> JsonObject:
        """Return a job or a job schedule to copy; raise `ArtefactNotFound`."""
        return self.client.get(*path, query=_QUERY, read=_with_id, refused=refused_for_source)

    def job(self, name: str) -> JsonObject:
        """Return the job of a run; raise `RunNotFound` if it is missing."""
        return self.client.get("jobs", name, query=_QUERY, read=_with_id, refused=refused_for_run)

    def task_counts(self, job: str) -> JsonObject:
        """Return the numbers of tasks by their states; raise `RunNotFound`."""

        def read(answer: JsonObject) -> JsonObject:
            counts = answer.get("taskCounts")
            if not isinstance(counts, dict):
                raise UnexpectedAnswer
            return counts

        return self.client.get(
            "jobs", job, "taskcounts", query=_QUERY, read=read, refused=refused_for_run
        )

    def tasks(self, job: str) -> Iterator[JsonObject]:
        """Yield the tasks of a job."""
        return self.listed("jobs", job, "tasks", refused=refused_for_source)

    def failed_tasks(self, job: str) -> Iterator[JsonObject]:
        """Yield the failed tasks of a run."""
        query = {"$filter": _FAILED, "$select": "id,executionInfo"}
        return self.listed("jobs", job, "tasks", refused=refused_for_run, query=query)

    def pool(self, name: str) -> JsonObject | None:
        """Return a pool; None if it does not exist or cannot be read."""
        refusal: PlatformRefused | None = None
        try:
            return self.client.get("pools", name, query=_QUERY, read=_with_id)
        except PlatformRefused as error:
            refusal = error
        if refusal.status in {403, 404}:
            return None
        raise refusal

    def create(self, job: JsonObject) -> None:
        """Create a job; Batch answers 409 if a job has its id."""
        self._send("POST", "jobs", body=job)

    def add_tasks(self, job: str, tasks: list[JsonObject]) -> list[JsonObject]:
        """Add tasks to a job, and return the result of each."""
        answers: list[list[JsonObject]] = []

        def read(answer: Answer) -> None:
            content = answer.json()
            if content is None:
                raise UnexpectedAnswer
            answers.append(objects_in(content, "value"))

        body: JsonObject = {"value": [*tasks]}
        self._send("POST", "jobs", job, "addtaskcollection", body=body, read=read)
        return answers[-1]

    def change(self, job: str, properties: JsonObject) -> None:
        """Change properties of a job."""
        self._send("PATCH", "jobs", job, body=properties)

    def terminate(self, job: str, reason: str) -> None:
        """Request the end of a job and of its tasks."""
        body: JsonObject = {"terminateReason": reason}
        self._send("POST", "jobs", job, "terminate", body=body, refused=refused_for_run)

    def error_output(self, job: str, task: str) -> str:
        """Return the end of a task's `stderr.txt`; empty if it cannot be read."""
        call = Call(
            method="GET",
            segments=("jobs", job, "tasks", task, "files", "stderr.txt"),
            query=_QUERY,
            repeatable=True,
            accept_oversized=True,
            accepts=lambda answer: answer.status in {403, 404, 409},
        )
        return self.client.exchange(call, _text)

    def listed(
        self,
        *path: str,
        query: Mapping[str, QueryValue] | None = None,
        refused: RefusalMapping | None = None,
    ) -> Iterator[JsonObject]:
        """Yield the entries of a list."""
        asked = {**_QUERY, **(query or {})}
        return listed(self.client, *path, query=asked, refused=refused, next_key=_NEXT)

    def _send(
        self,
        method: Literal["POST", "PATCH"],
        *path: str,
        body: JsonObject,
        read: _Read | None = None,
        refused: RefusalMapping = refused,
    ) -> None:
        """Make an idempotent call; most answers have no content."""
        call = Call(
            method=method,
            segments=path,
            query=_QUERY,
            text=json.dumps(body),
            # Batch refuses other forms of JSON.
            headers={"Content-Type": "application/json; odata=minimalmetadata"},
            repeatable=True,
            refused=refused,
        )
        self.client.exchange(call, read or (lambda _: None))


def _with_id(answer: JsonObject) -> JsonObject:
    if not isinstance(answer.get("id"), str):
        raise UnexpectedAnswer
    return answer


def _text(answer: Answer) -> str:
    return answer.content.decode(errors="replace")[-LOG_LENGTH:] if answer.status < 300 else ""
