"""What can be wrong with a request for a job, in the words that clients of AppKit know."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from polysync_core.domain.errors import Invalid, Malformed, NotFound, PolysyncError, Problem


class KeyUnknown(NotFound):
    """There is no job of this key."""

    def __init__(self, key: str, known: Iterable[str] = ()) -> None:
        harmless = re.sub(r"[^A-Za-z0-9_-]", "", key)
        available = ", ".join(sorted(known))
        super().__init__(
            f"There is no job '{harmless}': define one, or set DATABRICKS_JOB_{harmless.upper()}."
            + (f" Available jobs: {available}." if available else "")
        )
        self.text = f'Unknown job "{harmless}"'


class KeyWithoutId(NotFound):
    """The variable of a key holds no job id."""

    def __init__(self, key: str, variable: str) -> None:
        super().__init__(f"Job '{key}' has no job id: set {variable} to the job's number.")
        self.text = f'Job "{key}" has no configured job ID'


class ParametersRefused(Malformed):
    """The parameters of a run do not fit the job."""

    def __init__(self, text: str, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.text = text


class RunIdRefused(Malformed):
    """A run is named by something other than a positive number."""

    def __init__(self) -> None:
        super().__init__([Problem("runId", "a run of this job is named by its positive number")])
        self.text = "Invalid runId"


class NoUserToken(Invalid):
    """A call on behalf of the user came without the user's token."""


class CallFailed(PolysyncError):
    """Databricks has not carried out a call."""

    def __init__(self, status: int, text: str, retry_after: float | None = None) -> None:
        super().__init__(f"Databricks has not carried out the request (status {status}).")
        self.status = status
        self.text = text
        """The standard phrase of the status; nothing that Databricks has said."""
        self.retry_after = retry_after


class RunStreamEnded(PolysyncError):
    """A run is not followed any further."""

    code = "INTERNAL_ERROR"
    run_id: int | str | None = None
    """The run, where there is one."""

    @property
    def text(self) -> str:
        """The sentence that clients of AppKit are told."""
        return str(self)


class TriggerFailed(RunStreamEnded):
    """Failed to trigger job run"""

    code = "UPSTREAM_ERROR"


class RunIdMissing(RunStreamEnded):
    """runNow did not return a run_id"""


class PollFailed(RunStreamEnded):
    """The state of a run could not be read."""

    code = "UPSTREAM_ERROR"

    def __init__(self, run_id: int) -> None:
        super().__init__(f"Failed to poll run status for run {run_id}")
        self.run_id = run_id


class WaitedTooLong(RunStreamEnded):
    """A run has not ended within the wait time-out of its job; it goes on."""

    code = "TIMEOUT"

    def __init__(self, run_id: int | str, milliseconds: int) -> None:
        super().__init__(f"Job run {run_id} polling timeout after {milliseconds}ms")
        self.run_id = run_id
