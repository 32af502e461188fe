"""Implements the client of the Databricks Jobs API 2.2 for one workspace and caller."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import cast

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.security.redaction import MAX_DEPTH, Redactor
from polysync_core.outbound.call_budget import CallBudget
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.urls import QueryValue
from polysync_core.platforms.azure_databricks.answers import next_token_of, objects_in, page_query
from polysync_core.platforms.azure_databricks.client import JOBS_API
from polysync_core.platforms.calls import Call, UnexpectedAnswer
from polysync_core.platforms.paging import Page, paged
from polysync_core.platforms.platform_client import PlatformClient

READ_TIMEOUT = timedelta(seconds=30)
WRITE_TIMEOUT = timedelta(seconds=120)
_MAX_PAGE_SIZE = 25
"""Databricks refuses to list more runs in one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Time-outs of reads and writes, retries included.

    Each call has three attempts, with pauses of 1 to 1.25 and of 2 to 2.5 seconds.
    """

    read: CallBudget
    write: CallBudget

    @classmethod
    def of(cls, configured: timedelta | None) -> Timeouts:
        """Return the default time-outs, or the configured one for both."""
        return cls(
            read=_budget(configured or READ_TIMEOUT), write=_budget(configured or WRITE_TIMEOUT)
        )


def _budget(timeout: timedelta) -> CallBudget:
    seconds = timeout.total_seconds()
    return CallBudget(total=seconds, read=seconds, attempts=3, first_delay=1.25, least_share=0.8)


@dataclass(frozen=True, slots=True)
class JobsApi:
    """Calls the Jobs API; a method raises `PlatformRefused`, `Unavailable` or `Uncertain`."""

    client: PlatformClient
    timeouts: Timeouts

    @property
    def workspace(self) -> str:
        """The address of the workspace."""
        return self.client.base.url

    def run_now(self, job_id: int, fields: JsonObject, token: str) -> JsonObject:
        """Start a run; the same idempotency token never starts a second run."""
        # The caller's fields may replace the token, but never the job.
        body: JsonObject = {"idempotency_token": token, **fields, "job_id": job_id}
        return self._write("run-now", body=body)

    def cancel(self, run_id: int) -> None:
        """Request the cancellation of a run; a finished run stays as it is."""
        self._write("runs", "cancel", body={"run_id": run_id})

    def job(self, job_id: int) -> JsonObject:
        """Return a job."""
        return self._read("get", job_id=job_id)

    def run(self, run_id: int) -> JsonObject:
        """Return a run."""
        return self._read("runs", "get", run_id=run_id)

    def output(self, run_id: int) -> JsonObject:
        """Return the output of a run."""
        return self._read("runs", "get-output", run_id=run_id)

    def runs(self, job_id: int, limit: int) -> list[JsonObject]:
        """Return the newest runs of a job, without their tasks."""
        return list(islice(self._all_runs(job_id, limit), limit))

    def _all_runs(self, job_id: int, limit: int) -> Iterator[JsonObject]:
        def fetch(token: str | None) -> Page[JsonObject]:
            query = page_query(token, job_id=job_id, limit=min(limit, _MAX_PAGE_SIZE))
            answer = self._read("runs", "list", **query)
            runs = objects_in(answer, "runs")
            # An empty page is the last one, even if it has a continuation token.
            return Page(runs, next_token_of(answer) if runs else None)

        return paged(fetch)

    def _read(self, *path: str, **query: QueryValue) -> JsonObject:
        call = Call(
            method="GET",
            segments=(*JOBS_API, *path),
            query=query,
            repeatable=True,
            budget=self.timeouts.read,
        )
        return self._exchange(call)

    def _write(self, *path: str, body: JsonObject) -> JsonObject:
        call = Call(
            method="POST",
            segments=(*JOBS_API, *path),
            body=body,
            repeatable=True,
            budget=self.timeouts.write,
        )
        return self._exchange(call)

    def _exchange(self, call: Call) -> JsonObject:
        """Return the object of an answer, without the credential of the call."""
        answer = self.client.exchange(call, _object)
        redactor = self.client.credentials.redactor
        return cast("JsonObject", redactor.clean_json(_with_clean_links(answer, redactor)))


def _with_clean_links(value: JsonValue, redactor: Redactor, depth: int = MAX_DEPTH) -> JsonValue:
    """Remove credentials from each `run_page_url`, or the whole link if that fails."""
    if depth == 0:
        return value
    match value:
        case dict():
            cleaned: JsonObject = {}
            for name, each in value.items():
                if name != "run_page_url" or not isinstance(each, str):
                    cleaned[name] = _with_clean_links(each, redactor, depth - 1)
                elif (link := redactor.clean_link(each)) is not None:
                    cleaned[name] = link
            return cleaned
        case list():
            return [_with_clean_links(each, redactor, depth - 1) for each in value]
        case _:
            return value


def _object(answer: Answer) -> JsonObject:
    """Return the JSON object of an answer; an empty answer is an empty object."""
    if not answer.content.strip():
        return {}
    content = answer.json()
    if content is None:
        raise UnexpectedAnswer
    return content
