"""Defines the client's methods for each kind of definition, such as `task.run()`.

`python -m scripts.client_sync` generates this module from polysync/aio.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import date, datetime
from typing import Any

from polysync import models
from polysync.sync.collections import Definition, pages
from polysync.sync.runs import Run, list_runs
from polysync.values import PROFILE, RECEIVER, decoded, given, key_header, query_of, stored, to_json

type Profile = models.StoredConcurrencyProfile | models.StoredRateLimitProfile
type StoredReceiver = (
    models.StoredTeamsReceiver
    | models.StoredSlackReceiver
    | models.StoredEmailReceiver
    | models.StoredWebhookReceiver
)
"""A stored contention profile of any type."""


class Task(Definition[models.StoredTask]):
    """A Task."""

    path = "tasks"
    model = "StoredTask"

    def run(
        self,
        parameters: Mapping[str, Any] | None = None,
        *,
        priority: int | None = None,
        idempotency_key: str | None = None,
    ) -> Run:
        """Run the Task once, and return the accepted run.

        A request whose answer is lost is repeated with the same idempotency key, so that it
        starts one run only.
        """
        body = given(parameters=dict(parameters or {}), priority=priority)
        answer = self._send("POST", "run", body=body, headers=key_header(idempotency_key))
        return Run(self._http, str(answer["runId"]))

    def runs(self, **filters: Any) -> Generator[Run]:
        """Yield the runs of the Task, newest first; the filters are those of `client.runs`."""
        for run in list_runs(self._http, task=self.name, **filters):
            yield run

    def fire_times(self, count: int = 10) -> models.FireTimes:
        """Return the next fire times."""

        answer = self._send("GET", "fire-times", query=query_of({"count": count}))
        return decoded(models.FireTimes, answer)

    def backfill(
        self, start: datetime | date | str, end: datetime | date | str, **options: Any
    ) -> models.Backfill:
        """Run the Task once for each fire time from `start` to before `end`.

        The options are the fields of the route, such as `dry_run=True` or `schedule="daily"`.
        """

        body = {**given(**options), **given(**{"from": start, "to": end})}
        return decoded(models.Backfill, self._send("POST", "backfill", body=body))

    def pause(self, reason: str, *, schedule: str | None = None) -> None:
        """Stop one schedule or all of them."""
        self._send("POST", "pause", body=given(reason=reason, schedule=schedule))

    def resume(self, *, schedule: str | None = None) -> None:
        """Continue one schedule or all of them from now."""
        self._send("POST", "resume", body=given(schedule=schedule))

    def hold(self, reason: str) -> None:
        """Hold all starts of the Task; its runs stay queued."""
        self._send("POST", "hold", body=given(reason=reason))

    def release(self) -> None:
        """Release the starts of the Task."""
        self._send("POST", "release")


class Job(Definition[models.StoredJob]):
    """A stored Job."""

    path = "jobs"
    model = "StoredJob"

    def run(
        self, parameters: Mapping[str, Any] | None = None, *, idempotency_key: str | None = None
    ) -> Run:
        """Run the Job now, without a Task, and return the accepted run."""
        body = {} if parameters is None else {"params": to_json(parameters)}
        answer = self._send("POST", "run", body=body, headers=key_header(idempotency_key))
        return Run(self._http, str(answer["runId"]))

    def create_task(
        self, name: str, parameters: Mapping[str, Any] | None = None
    ) -> models.StoredTask:
        """Create a Task of the Job."""
        body = given(name=name, parameters=parameters)
        return stored("StoredTask", self._send("POST", "tasks", body=body))

    def sync_parameters(self, *, dry_run: bool = False) -> models.ImportedArtefact:
        """Update the parameters from the artefact on the platform."""

        query = query_of({"dry_run": dry_run})
        answer = self._send("POST", "sync-parameters", query=query)
        return decoded(models.ImportedArtefact, answer)


class _Testable[M](Definition[M]):
    def test(self) -> models.ConnectionTest:
        """Test the connection; a failing target is `ok=False`, and no error."""

        return decoded(models.ConnectionTest, self._send("POST", "test"))


class Platform(_Testable[models.StoredPlatform]):
    """A Platform."""

    path = "platforms"
    model = "StoredPlatform"

    def artefacts(self, **filters: Any) -> Generator[models.Artefact]:
        """Yield the artefacts of the platform, such as `job_type="DatabricksNotebook"`."""

        query = query_of(filters)
        for item in pages(self._http, self.path, self.name, "artefacts", query=query):
            yield decoded(models.Artefact, item)

    def import_jobs(self, *, dry_run: bool = False, **selection: Any) -> models.ImportReport:
        """Create or update the Jobs of artefacts, such as `external_ids=["/etl/load"]`."""

        query, body = query_of({"dry_run": dry_run}), given(**selection)
        return decoded(models.ImportReport, self._send("POST", "import", query=query, body=body))


class Vault(_Testable[models.StoredVault]):
    """A vault."""

    path = "vaults"
    model = "StoredVault"


class Webhook(_Testable[models.StoredWebhook]):
    """A webhook."""

    path = "webhooks"
    model = "StoredWebhook"


class Receiver(_Testable[StoredReceiver]):
    """A receiver of notifications."""

    path = "receivers"
    model = RECEIVER

    def deliveries(self) -> models.Deliveries:
        """Return the recent attempts to send messages."""

        return decoded(models.Deliveries, self._send("GET", "deliveries"))


class Calendar(Definition[models.StoredCalendar]):
    """A calendar."""

    path = "calendars"
    model = "StoredCalendar"


class ContentionProfile(Definition[Profile]):
    """A contention profile."""

    path = "contention-profiles"
    model = PROFILE

    def usage(self) -> models.Usage:
        """Return the holders and the waiting runs."""

        return decoded(models.Usage, self._send("GET", "usage"))
