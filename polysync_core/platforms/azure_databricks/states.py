"""Decodes the state of a Databricks run into a Polysync status.

The API has two generations of states: `state` (life cycle and result) and `status` (state and
termination details). The newer one decides where both are present.
The tables follow `RunLifeCycleState`, `RunResultState`, `RunLifecycleStateV2State` and
`TerminationCodeCode` of the Jobs API 2.2. A value that is in no table is `Unknown`, which is not
terminal: a new value must neither fail nor finish a run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import ProviderStatus, Wait

_LIFE_CYCLE = {
    "QUEUED": ProviderStatus.RUNNING,
    "PENDING": ProviderStatus.RUNNING,
    "BLOCKED": ProviderStatus.RUNNING,
    "WAITING": ProviderStatus.RUNNING,
    "WAITING_FOR_RETRY": ProviderStatus.RUNNING,
    "RUNNING": ProviderStatus.RUNNING,
    "TERMINATING": ProviderStatus.RUNNING,
    # Databricks did not start the run, because the job has too many active runs.
    "SKIPPED": ProviderStatus.FAILED,
    "INTERNAL_ERROR": ProviderStatus.FAILED,
}
_ENDS = frozenset({"TERMINATED", "SKIPPED", "INTERNAL_ERROR"})
_RESULT = {
    "SUCCESS": ProviderStatus.SUCCESS,
    # All leaf tasks succeeded; a single notebook has no other tasks.
    "SUCCESS_WITH_FAILURES": ProviderStatus.SUCCESS,
    "FAILED": ProviderStatus.FAILED,
    "TIMEDOUT": ProviderStatus.FAILED,
    "UPSTREAM_FAILED": ProviderStatus.FAILED,
    "MAXIMUM_CONCURRENT_RUNS_REACHED": ProviderStatus.FAILED,
    "CANCELED": ProviderStatus.CANCELLED,
    "CANCELLED": ProviderStatus.CANCELLED,
    "UPSTREAM_CANCELED": ProviderStatus.CANCELLED,
    "UPSTREAM_CANCELLED": ProviderStatus.CANCELLED,
    "EXCLUDED": ProviderStatus.CANCELLED,
    "DISABLED": ProviderStatus.CANCELLED,
}
RUN_STATES = _LIFE_CYCLE | {f"TERMINATED {result}": status for result, status in _RESULT.items()}
"""The life cycle of a run; at its end with the result."""
_STATUS_BY_CODE = {
    "SUCCESS": ProviderStatus.SUCCESS,
    "SUCCESS_WITH_FAILURES": ProviderStatus.SUCCESS,
    "USER_CANCELED": ProviderStatus.CANCELLED,
    "USER_CANCELLED": ProviderStatus.CANCELLED,
    "CANCELED": ProviderStatus.CANCELLED,
    "CANCELLED": ProviderStatus.CANCELLED,
    "SKIPPED": ProviderStatus.CANCELLED,
    "DISABLED": ProviderStatus.CANCELLED,
}
_CAUSES: dict[str, FailureCause | None] = {
    # The notebook ran and failed.
    "RUN_EXECUTION_ERROR": None,
    # The platform or its cloud failed: the same run may succeed later.
    "BREAKING_CHANGE": FailureCause.PLATFORM_UNREACHABLE,
    "CLOUD_FAILURE": FailureCause.PLATFORM_UNREACHABLE,
    "CLUSTER_ERROR": FailureCause.PLATFORM_UNREACHABLE,
    "CLUSTER_TERMINATED_BY_USER": FailureCause.PLATFORM_UNREACHABLE,
    "DRIVER_ERROR": FailureCause.PLATFORM_UNREACHABLE,
    "INTERNAL_ERROR": FailureCause.PLATFORM_UNREACHABLE,
    "REPOSITORY_CHECKOUT_FAILED": FailureCause.PLATFORM_UNREACHABLE,
    "STORAGE_ACCESS_ERROR": FailureCause.PLATFORM_UNREACHABLE,
    # A limit of the platform is reached.
    "CLUSTER_REQUEST_LIMIT_EXCEEDED": FailureCause.CONTENTION_REJECTED,
    "MAX_CONCURRENT_RUNS_EXCEEDED": FailureCause.CONTENTION_REJECTED,
    "MAX_JOB_QUEUE_SIZE_EXCEEDED": FailureCause.CONTENTION_REJECTED,
    "MAX_SPARK_CONTEXTS_EXCEEDED": FailureCause.CONTENTION_REJECTED,
    "WORKSPACE_RUN_LIMIT_EXCEEDED": FailureCause.CONTENTION_REJECTED,
    # The request cannot be fulfilled: the definition must change.
    "BUDGET_POLICY_LIMIT_EXCEEDED": FailureCause.SUBMIT,
    "FEATURE_DISABLED": FailureCause.SUBMIT,
    "INVALID_CLUSTER_REQUEST": FailureCause.SUBMIT,
    "INVALID_RUN_CONFIGURATION": FailureCause.SUBMIT,
    "LIBRARY_INSTALLATION_ERROR": FailureCause.SUBMIT,
    "RESOURCE_NOT_FOUND": FailureCause.SUBMIT,
    "UNAUTHORIZED_ERROR": FailureCause.SUBMIT,
}
_CAUSES_BY_WORD = {
    "SKIPPED": FailureCause.CONTENTION_REJECTED,
    "MAXIMUM_CONCURRENT_RUNS_REACHED": FailureCause.CONTENTION_REJECTED,
    "INTERNAL_ERROR": FailureCause.PLATFORM_UNREACHABLE,
}
_CAUSES_BY_TYPE = {
    "CLOUD_FAILURE": FailureCause.PLATFORM_UNREACHABLE,
    "INTERNAL_ERROR": FailureCause.PLATFORM_UNREACHABLE,
}
_DURATION = re.compile(r"\bmaximum (?:run )?duration|\btime(?:d |-)?out\b", re.IGNORECASE)
_MAX_MESSAGE_LENGTH = 4000
_WAITING = frozenset({"PENDING", "WAITING"})
_HELD_BACK = frozenset({"QUEUED", "BLOCKED"})
_RETRIES = frozenset({"WAITING_FOR_RETRY", "WAITING"})
_TYPES = {"SUCCESS", "INTERNAL_ERROR", "CLIENT_ERROR", "CLOUD_FAILURE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """The state of a run in Databricks' words, in upper case; an absent word is empty."""

    life_cycle: str
    result: str = ""
    code: str = ""
    """The termination code of the newer generation."""
    kind: str = ""
    """The termination type of the newer generation: who caused the end."""
    message: str = ""
    is_queued: bool = False
    """True if Databricks gives a reason for which the run is in a queue."""

    @classmethod
    def of(cls, run: JsonObject) -> RunState | None:
        """Return the state in a `runs/get` answer, or None if it has no state."""
        old, new = _object(run.get("state")), _object(run.get("status"))
        end, queue = _object(new.get("termination_details")), _object(new.get("queue_details"))
        life_cycle = _life_cycle(_word(old, "life_cycle_state"), _word(new, "state"))
        if not life_cycle:
            return None
        messages = (
            _text(end, "message"),
            _text(old, "state_message"),
            _text(queue, "message"),
            _text(old, "queue_reason"),
        )
        return cls(
            life_cycle=life_cycle,
            result=_word(old, "result_state"),
            code=_word(end, "code"),
            kind=_word(end, "type"),
            message=next(filter(None, messages), "")[:_MAX_MESSAGE_LENGTH],
            is_queued=bool(_text(old, "queue_reason") or queue),
        )

    @property
    def status(self) -> ProviderStatus:
        """The provider status of the run."""
        if self.life_cycle not in _ENDS:
            return _LIFE_CYCLE.get(self.life_cycle, ProviderStatus.UNKNOWN)
        if self.is_timed_out or self.code in _CAUSES:
            return ProviderStatus.FAILED
        if self.code in _STATUS_BY_CODE:
            return _STATUS_BY_CODE[self.code]
        if self.result in _RESULT:
            return _RESULT[self.result]
        return self._status_by_kind()

    def _status_by_kind(self) -> ProviderStatus:
        if not self.result and self.kind in _TYPES:
            return ProviderStatus.SUCCESS if self.kind == "SUCCESS" else ProviderStatus.FAILED
        return _LIFE_CYCLE.get(self.life_cycle, ProviderStatus.UNKNOWN)

    @property
    def wait(self) -> Wait | None:
        """The thing that the run waits for; None if it runs or has ended."""
        if self.life_cycle in _HELD_BACK or (self.is_queued and self.life_cycle in _WAITING):
            return Wait.PLATFORM_QUEUE
        if self.life_cycle in _RETRIES:
            return Wait.RETRY
        return Wait.COMPUTE if self.life_cycle == "PENDING" else None

    @property
    def is_timed_out(self) -> bool:
        """True if the run exceeded its maximum duration.

        The newer generation has no code of its own for this: it is `CANCELED`, as other
        cancellations by Databricks, with a message.
        """
        by_message = self.code == "CANCELED" and _DURATION.search(self.message) is not None
        return self.result == "TIMEDOUT" or (not self.result and by_message)

    @property
    def cause(self) -> FailureCause | None:
        """The failure cause; None if the artefact itself failed."""
        if self.status is not ProviderStatus.FAILED:
            return None
        if self.is_timed_out:
            return FailureCause.TIMEOUT
        if self.code in _CAUSES:
            return _CAUSES[self.code]
        if self.result in _CAUSES_BY_WORD:
            return _CAUSES_BY_WORD[self.result]
        by_type = _CAUSES_BY_TYPE.get(self.kind)
        return by_type or _CAUSES_BY_WORD.get(self.life_cycle)

    @property
    def display_text(self) -> str:
        """The platform's words, such as `TERMINATED/FAILED`, for people."""
        end = self.result or self.code
        return f"{self.life_cycle}/{end}" if end else self.life_cycle


def _life_cycle(old: str, new: str) -> str:
    """Return the word of the newer generation, unless the older one says more."""
    if not new or (new not in _LIFE_CYCLE and new != "TERMINATED"):
        return old or new
    is_more_precise = (new == "TERMINATED" and old in _ENDS) or (
        new == "WAITING" and old == "WAITING_FOR_RETRY"
    )
    return old if is_more_precise else new


def _object(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _word(source: Mapping[str, JsonValue], name: str) -> str:
    word = _text(source, name).upper()
    # A word is stored and logged, so a text that is not a word counts as absent.
    return word if word.replace("_", "").isalnum() and word.isascii() and len(word) <= 64 else ""


def _text(source: Mapping[str, JsonValue], name: str) -> str:
    value = source.get(name)
    return value if isinstance(value, str) else ""
