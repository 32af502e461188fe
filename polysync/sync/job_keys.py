"""Runs Databricks jobs by job key (short name) through the API's AppKit-compatible routes.

Only Databricks stores these runs. A run is Databricks' own object, such as
`{"run_id": 4711, "state": {"life_cycle_state": "RUNNING"}}`.

`python -m scripts.client_sync` generates this module from polysync/aio.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from polysync import models
from polysync.calls import Call, Json
from polysync.following import followed_key_run
from polysync.sync.collections import Collection
from polysync.sync.definitions import Job
from polysync.sync.http import Http
from polysync.values import key_header, query_of, to_json


class JobKey:
    """A job of Databricks by its key."""

    def __init__(self, http: Http, key: str, *, as_user: bool = False) -> None:
        self._http = http
        self.key = key
        self._query = {"asUser": "true"} if as_user else {}

    def as_user(self) -> JobKey:
        """Return the same job with the identity of the caller instead of the app's."""
        return JobKey(self._http, self.key, as_user=True)

    def run_now(
        self, params: Mapping[str, Any] | None = None, *, idempotency_key: str | None = None
    ) -> int | str:
        """Start a run and return its id: Databricks' number, or the id of a stored Job's run."""
        body = {} if params is None else {"params": to_json(params)}
        headers = key_header(idempotency_key)
        answer = self._send("POST", "run", body=body, headers=headers)
        return answer["runId"]

    def run_and_wait(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Generator[Json]:
        """Start a run and yield each of its states; the last one is its end.

        Raises:
            WaitTimeout: the run has not ended within `timeout` seconds; it continues.
        """
        run_id = self.run_now(params, idempotency_key=idempotency_key)
        for state in self.states(run_id, timeout=timeout):
            yield state

    def states(
        self,
        run_id: int | str,
        *,
        timeout: float | None = None,
    ) -> Generator[Json]:
        """Yield each state of a run; the last one is its end."""
        followed = followed_key_run(self.key, str(run_id))
        for state in self._http.states(followed, timeout=timeout):
            yield state

    def list_runs(self, limit: int = 20) -> list[Json]:
        """Return the newest runs of the job, at most 100."""
        answer = self._send("GET", "runs", query={"limit": str(limit)}, has="runs")
        return answer["runs"]

    def last_run(self) -> Json | None:
        """Return the newest run; None before the first one."""
        return (self._send("GET", "status", has="run"))["run"]

    def get_run(self, run_id: int | str) -> Json:
        """Return a run as Databricks describes it."""
        return self._send("GET", "runs", str(run_id))

    def get_run_output(self, run_id: int | str) -> list[Json]:
        """Return the outputs of a run by task, at most 25."""
        return (self._send("GET", "runs", str(run_id), "outputs", has="tasks"))["tasks"]

    def cancel_run(self, run_id: int | str) -> None:
        """Cancel a run; a finished run is no error."""
        self._send("DELETE", "runs", str(run_id))

    def _send(self, method: str, *path: str, **rest: Any) -> Json:
        query = {**self._query, **query_of(rest.pop("query", {}))}
        return self._http.call(
            Call(method=method, path=("jobs", self.key, *path), query=query, **rest)
        )


class Jobs(Collection[Job, models.StoredJob]):
    """The stored Jobs: `client.jobs["name"]`. `client.jobs("key")` is a job of Databricks."""

    def __call__(self, key: str) -> JobKey:
        return JobKey(self._http, key)
