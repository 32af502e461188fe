"""Decodes SageMaker execution states into Polysync statuses, and parses external run ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.aws.answers import text_in, time_in
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, RunNotFound
from polysync_core.platforms.text import shortened_line

STATES: Mapping[str, ProviderStatus] = {
    "Executing": ProviderStatus.RUNNING,
    "Stopping": ProviderStatus.RUNNING,
    "Stopped": ProviderStatus.CANCELLED,
    "Failed": ProviderStatus.FAILED,
    "CompletedWithFailures": ProviderStatus.FAILED,
    "Succeeded": ProviderStatus.SUCCESS,
}
"""Provider statuses by the words of SageMaker."""

_NO_REASON = (
    "SageMaker gives no reason for the failure: open the pipeline in SageMaker Studio and check the"
    " first failed step."
)
_EXECUTION = re.compile(
    r"(?P<arn>arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:[0-9]{12}:pipeline/(?P<pipeline>[A-Za-z0-9-]{1,256})"
    r"/execution/(?P<id>[A-Za-z0-9]{1,64}))(?:#(?P<repair>[a-z0-9]{1,64}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """The parts of an external run id: an execution's ARN, and the token of its repair."""

    arn: str
    pipeline: str
    id: str
    repair: str | None
    """The submit token of the repair; None for the execution itself."""

    @classmethod
    def of(cls, external_run_id: str) -> Execution:
        """Return the parts of an external run id; raises `RunNotFound` for another text."""
        found = _EXECUTION.fullmatch(external_run_id)
        if found is None:
            raise RunNotFound("the id of a pipeline execution is its ARN")
        return cls(
            arn=found["arn"], pipeline=found["pipeline"], id=found["id"], repair=found["repair"]
        )

    def repaired_by(self, token: str) -> str:
        """Return the external run id of a repair; SageMaker keeps the ARN of the execution."""
        return f"{self.arn}#{token}"


def arn_in(answer: JsonObject) -> str:
    """Return the ARN of the execution in an answer."""
    arn = text_in(answer, "PipelineExecutionArn")
    found = _EXECUTION.fullmatch(arn or "")
    if arn is None or found is None or found["repair"] is not None:
        raise UnexpectedAnswer
    return arn


def report_of(execution: JsonObject, page: str) -> Report:
    """Return the state of an execution in an answer or in a list."""
    word = text_in(execution, "PipelineExecutionStatus")
    if word is None:
        raise UnexpectedAnswer
    status = STATES.get(word, ProviderStatus.UNKNOWN)
    reason = execution.get("FailureReason") or execution.get("PipelineExecutionFailureReason")
    message = shortened_line(reason)
    if status is ProviderStatus.FAILED:
        message = message or _NO_REASON
    started = time_in(execution, "CreationTime") or time_in(execution, "StartTime")
    return Report(
        status=status,
        provider_state=word[:64],
        message=message,
        monitor_url=page,
        started_at=started,
        finished_at=time_in(execution, "LastModifiedTime") if status.is_final else None,
    )
