"""Defines the errors of AppKit job requests, with the messages that AppKit's clients expect."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from polysync_core.domain.errors import Invalid, Malformed, NotFound, PolysyncError, Problem


class UnknownJob(NotFound):
    """No job has this name."""

    def __init__(
        self, name: str, known: Iterable[str] = (), *, nearest: Sequence[str] = ()
    ) -> None:
        safe_name = re.sub(r"[^A-Za-z0-9_-]", "", name)
        available = ", ".join(sorted(known))
        remedy = (
            f"; did you mean '{nearest[0]}'?"
            if nearest
            else f": define it, or set DATABRICKS_JOB_{safe_name.upper()} to a Databricks job."
        )
        super().__init__(
            f"There is no job '{safe_name}'{remedy}"
            + (f" Available jobs: {available}." if available else ""),
            name=safe_name,
            nearest=nearest,
        )
        self.text = f'Unknown job "{safe_name}"'


class JobWithoutId(NotFound):
    """The environment variable of a job holds no job id."""

    def __init__(self, name: str, variable: str) -> None:
        super().__init__(f"Job '{name}' has no job id: set {variable} to the job's number.")
        self.text = f'Job "{name}" has no configured job ID'


class InvalidParameters(Malformed):
    """The parameters of a run do not fit the job."""

    def __init__(self, text: str, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.text = text


class InvalidRunId(Malformed):
    """The id of a run is not a positive number."""

    def __init__(self) -> None:
        super().__init__([Problem("runId", "must be the positive number of a Databricks run")])
        self.text = "Invalid runId"


class NoUserToken(Invalid):
    """A call on behalf of the user came without a trustworthy user token."""


class CallFailed(PolysyncError):
    """Databricks did not execute a call."""

    def __init__(
        self, status: int, text: str, retry_after: float | None = None, detail: str = ""
    ) -> None:
        super().__init__(detail or f"Databricks did not execute the request (status {status}).")
        self.status = status
        self.text = text
        """The standard phrase of the status; never a text from Databricks."""
        self.retry_after = retry_after


class RunStreamFailed(PolysyncError):
    """The stream of a run ended before the run did."""

    code = "INTERNAL_ERROR"
    run_id: int | str | None = None
    """The run, if one was started."""

    @property
    def text(self) -> str:
        """The sentence that AppKit's clients expect."""
        return str(self)


class TriggerFailed(RunStreamFailed):
    """Failed to trigger job run"""

    code = "UPSTREAM_ERROR"


class RunIdMissing(RunStreamFailed):
    """runNow did not return a run_id"""


class PollFailed(RunStreamFailed):
    """The state of a run could not be read."""

    code = "UPSTREAM_ERROR"

    def __init__(self, run_id: int) -> None:
        super().__init__(f"Failed to poll run status for run {run_id}")
        self.run_id = run_id


class WaitTimedOut(RunStreamFailed):
    """A run did not end within the wait time-out of its job; the run itself continues."""

    code = "TIMEOUT"

    def __init__(self, run_id: int | str, milliseconds: int) -> None:
        super().__init__(f"Job run {run_id} polling timeout after {milliseconds}ms")
        self.run_id = run_id
