"""Defines the client's methods for each kind of definition, such as `task.run()`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from datetime import date, datetime
from typing import Any

from polysync import models
from polysync.aio.collections import AsyncDefinition, pages
from polysync.aio.runs import AsyncRun, list_runs
from polysync.values import PROFILE, RECEIVER, decoded, given, key_header, query_of, stored, to_json

type Profile = models.StoredConcurrencyProfile | models.StoredRateLimitProfile
type StoredReceiver = (
    models.StoredTeamsReceiver
    | models.StoredSlackReceiver
    | models.StoredEmailReceiver
    | models.StoredWebhookReceiver
)
"""A stored contention profile of any type."""


class AsyncTask(AsyncDefinition[models.StoredTask]):
    """A Task."""

    path = "tasks"
    model = "StoredTask"

    async def run(
        self,
        parameters: Mapping[str, Any] | None = None,
        *,
        priority: int | None = None,
        idempotency_key: str | None = None,
    ) -> AsyncRun:
        """Run the Task once, and return the accepted run.

        A request whose answer is lost is repeated with the same idempotency key, so that it
        starts one run only.
        """
        body = given(parameters=dict(parameters or {}), priority=priority)
        answer = await self._send("POST", "run", body=body, headers=key_header(idempotency_key))
        return AsyncRun(self._http, str(answer["runId"]))

    async def runs(self, **filters: Any) -> AsyncGenerator[AsyncRun]:
        """Yield the runs of the Task, newest first; the filters are those of `client.runs`."""
        async for run in list_runs(self._http, task=self.name, **filters):
            yield run

    async def fire_times(self, count: int = 10) -> models.FireTimes:
        """Return the next fire times."""

        answer = await self._send("GET", "fire-times", query=query_of({"count": count}))
        return decoded(models.FireTimes, answer)

    async def backfill(
        self, start: datetime | date | str, end: datetime | date | str, **options: Any
    ) -> models.Backfill:
        """Run the Task once for each fire time from `start` to before `end`.

        The options are the fields of the route, such as `dry_run=True` or `schedule="daily"`.
        """

        body = {**given(**options), **given(**{"from": start, "to": end})}
        return decoded(models.Backfill, await self._send("POST", "backfill", body=body))

    async def pause(self, reason: str, *, schedule: str | None = None) -> None:
        """Stop one schedule or all of them."""
        await self._send("POST", "pause", body=given(reason=reason, schedule=schedule))

    async def resume(self, *, schedule: str | None = None) -> None:
        """Continue one schedule or all of them from now."""
        await self._send("POST", "resume", body=given(schedule=schedule))

    async def hold(self, reason: str) -> None:
        """Hold all starts of the Task; its runs stay queued."""
        await self._send("POST", "hold", body=given(reason=reason))

    async def release(self) -> None:
        """Release the starts of the Task."""
        await self._send("POST", "release")


class AsyncJob(AsyncDefinition[models.StoredJob]):
    """A stored Job."""

    path = "jobs"
    model = "StoredJob"

    async def run(
        self, parameters: Mapping[str, Any] | None = None, *, idempotency_key: str | None = None
    ) -> AsyncRun:
        """Run the Job now, without a Task, and return the accepted run."""
        body = {} if parameters is None else {"params": to_json(parameters)}
        answer = await self._send("POST", "run", body=body, headers=key_header(idempotency_key))
        return AsyncRun(self._http, str(answer["runId"]))

    async def create_task(
        self, name: str, parameters: Mapping[str, Any] | None = None
    ) -> models.StoredTask:
        """Create a Task of the Job."""
        body = given(name=name, parameters=parameters)
        return stored("StoredTask", await self._send("POST", "tasks", body=body))

    async def sync_parameters(self, *, dry_run: bool = False) -> models.ImportedArtefact:
        """Update the parameters from the artefact on the platform."""

        query = query_of({"dry_run": dry_run})
        answer = await self._send("POST", "sync-parameters", query=query)
        return decoded(models.ImportedArtefact, answer)


class _Testable[M](AsyncDefinition[M]):
    async def test(self) -> models.ConnectionTest:
        """Test the connection; a failing target is `ok=False`, and no error."""

        return decoded(models.ConnectionTest, await self._send("POST", "test"))


class AsyncPlatform(_Testable[models.StoredPlatform]):
    """A Platform."""

    path = "platforms"
    model = "StoredPlatform"

    async def artefacts(self, **filters: Any) -> AsyncGenerator[models.Artefact]:
        """Yield the artefacts of the platform, such as `job_type="DatabricksNotebook"`."""

        query = query_of(filters)
        async for item in pages(self._http, self.path, self.name, "artefacts", query=query):
            yield decoded(models.Artefact, item)

    async def import_jobs(self, *, dry_run: bool = False, **selection: Any) -> models.ImportReport:
        """Create or update the Jobs of artefacts, such as `external_ids=["/etl/load"]`."""

        query, body = query_of({"dry_run": dry_run}), given(**selection)
        return decoded(
            models.ImportReport, await self._send("POST", "import", query=query, body=body)
        )


class AsyncVault(_Testable[models.StoredVault]):
    """A vault."""

    path = "vaults"
    model = "StoredVault"


class AsyncWebhook(_Testable[models.StoredWebhook]):
    """A webhook."""

    path = "webhooks"
    model = "StoredWebhook"


class AsyncReceiver(_Testable[StoredReceiver]):
    """A receiver of notifications."""

    path = "receivers"
    model = RECEIVER

    async def deliveries(self) -> models.Deliveries:
        """Return the recent attempts to send messages."""

        return decoded(models.Deliveries, await self._send("GET", "deliveries"))


class AsyncCalendar(AsyncDefinition[models.StoredCalendar]):
    """A calendar."""

    path = "calendars"
    model = "StoredCalendar"


class AsyncContentionProfile(AsyncDefinition[Profile]):
    """A contention profile."""

    path = "contention-profiles"
    model = PROFILE

    async def usage(self) -> models.Usage:
        """Return the holders and the waiting runs."""

        return decoded(models.Usage, await self._send("GET", "usage"))
