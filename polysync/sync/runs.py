"""Defines the client's run object, which reads, follows, cancels and reruns a run.

`python -m scripts.client_sync` generates this module from polysync/aio.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Self

from polysync import models
from polysync.calls import Call, Json
from polysync.errors import RunFailed
from polysync.following import followed_run, is_final
from polysync.sync.collections import MAX_PAGE_SIZE, pages
from polysync.sync.http import Http
from polysync.values import decoded, given, key_header, query_of

_SUCCEEDED = "Succeeded"


class Run:
    """A run: its id, its newest known state, and what can be done with it."""

    def __init__(self, http: Http, run_id: str, state: models.TaskRun | None = None) -> None:
        self._http = http
        self.run_id = run_id
        self.state = state
        """The newest state that was read; None before the first read."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.run_id} {self.status}>"

    @property
    def status(self) -> str:
        """The newest known status; an accepted run is `Queued` until it is read."""
        return "Queued" if self.state is None else self.state.status

    @property
    def is_over(self) -> bool:
        """True if the status is final."""
        return is_final(self.status)

    @property
    def succeeded(self) -> bool:
        """True if the run ended with success."""
        return self.status == _SUCCEEDED

    @property
    def outputs(self) -> dict[str, Any]:
        """The outputs of the newest known state."""
        return {} if self.state is None else dict(self.state.outputs)

    def refresh(self) -> Self:
        """Read the run."""
        self._keep(self._http.call(self._call("GET")))
        return self

    def events(
        self,
        *,
        timeout: float | None = None,
    ) -> Generator[models.TaskRun]:
        """Yield every state of the run as it arrives; the last one is its end.

        Raises:
            WaitTimeout: the run has not ended within `timeout` seconds; it continues.
        """
        for state in self._http.states(followed_run(self.run_id), timeout=timeout):
            yield self._keep(state)

    def wait(
        self,
        timeout: float | None = None,
    ) -> Self:
        """Wait for the end of the run; `raise_for_status` refuses a failure.

        Raises:
            WaitTimeout: the run has not ended within `timeout` seconds; it continues.
        """
        for _ in self.events(timeout=timeout):
            pass
        return self

    def raise_for_status(self) -> Self:
        """Return the run if it succeeded.

        Raises:
            RunFailed: the run has another status; the details have the reason.
        """
        if self.succeeded:
            return self
        reason = None if self.state is None else self.state.reason
        error = RunFailed(
            f"Run {self.run_id} is {self.status}.", details=[reason] if reason else []
        )
        raise error

    def cancel(self) -> Self:
        """Request the cancellation; the platform may take some time."""
        self._keep(self._http.call(self._call("POST", "cancel")))
        return self

    def rerun(
        self,
        parameters: Mapping[str, Any] | None = None,
        *,
        refresh: bool | None = None,
        downstream: bool | None = None,
        from_failure: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Self:
        """Run the Task again with the same values, and return the new run.

        Args:
            parameters: Values that replace those of this run.
            refresh: True takes the present values of the Task for the others.
            downstream: True also repeats the dependent Tasks.
            from_failure: True lets the platform repair this run.
            idempotency_key: Requests with one key start one run only.
        """
        body = given(
            parameters=parameters,
            refresh=refresh,
            downstream=downstream,
            from_failure=from_failure,
        )
        headers = key_header(idempotency_key)
        answer = self._http.call(self._call("POST", "rerun", body=body, headers=headers))
        return type(self)(self._http, str(answer["runId"]))

    def history(self) -> list[models.HistoryEntry]:
        """Return every change of the status, oldest first."""

        answer = self._http.call(self._call("GET", "history", has="items"))
        return [decoded(models.HistoryEntry, each) for each in answer["items"]]

    def explain(self) -> models.Explanation:
        """Explain why the run waits."""

        return decoded(models.Explanation, self._http.call(self._call("GET", "explain")))

    def logs(self, attempt: int | None = None) -> models.Logs:
        """Return the failure of an attempt, of the newest one by default."""

        call = self._call("GET", "logs", query=query_of({"attempt": attempt}))
        return decoded(models.Logs, self._http.call(call))

    def _call(self, method: str, *path: str, **rest: Any) -> Call:
        return Call(method=method, path=("task-runs", self.run_id, *path), **rest)

    def _keep(self, answer: Json) -> models.TaskRun:

        self.state = decoded(models.TaskRun, answer)
        return self.state


def cancel_runs(http: Http, **filters: Any) -> list[Run]:
    """Cancel the queued and running runs that match, page by page, and return them."""
    query: dict[str, Any] = {**query_of(filters), "limit": str(MAX_PAGE_SIZE)}
    found: list[Run] = []
    while True:
        call = Call(method="POST", path=("task-runs", "cancel"), query=query, has="items")
        answer = http.call(call)
        states = [decoded(models.TaskRun, each) for each in answer["items"]]
        found += [Run(http, each.run_id, each) for each in states]
        query["continuationToken"] = answer.get("continuationToken")
        if query["continuationToken"] is None:
            return found


def list_runs(http: Http, **filters: Any) -> Generator[Run]:
    """Yield runs, newest first; a page is read when its first run is needed."""

    for item in pages(http, "task-runs", query=query_of(filters)):
        run = decoded(models.TaskRun, item)
        yield Run(http, run.run_id, run)
