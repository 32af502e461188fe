"""Calls the pipeline API of Amazon SageMaker, and maps error responses."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.aws.client import AwsJsonApi
from polysync_core.platforms.aws.refusals import AwsRefusals, error_code
from polysync_core.platforms.aws_sagemaker.attributes import SageMakerAttributes
from polysync_core.platforms.aws_sagemaker.states import Execution, arn_in
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import RunNotFound

_MISSING = "ResourceNotFound"
_CONFLICT = "ConflictException"
_AT_LIMIT = "ResourceLimitExceeded"
_SHORTEST_TOKEN = 32
_PAGE = 100
_WORD = re.compile(r"[A-Za-z0-9_-]+")

REFUSALS = AwsRefusals(
    service="Amazon SageMaker",
    permission=(
        "allow sagemaker:StartPipelineExecution, DescribePipelineExecution,"
        " ListPipelineExecutions, ListPipelineExecutionSteps, StopPipelineExecution,"
        " RetryPipelineExecution, DescribePipeline and ListPipelines"
    ),
    missing={
        _MISSING: (
            "no pipeline has this name: it was renamed or deleted; import the platform's pipelines"
            " again"
        )
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SageMakerClient:
    """Calls Amazon SageMaker in one region."""

    api: AwsJsonApi
    attributes: SageMakerAttributes

    def start(self, token: str, body: JsonObject, parameters: Iterable[str]) -> str:
        """Start an execution once for each token, and return its ARN.

        A refusal names those of the given parameters that SageMaker names.
        """
        content: JsonObject = {**body, "ClientRequestToken": request_token(token)}
        refused = partial(_refused_for_start, frozenset(parameters))
        call = self.api.call("StartPipelineExecution", content, has_effect=True, refused=refused)
        return self.api.client.execute(call, arn_in)

    def retry(self, token: str, arn: str, options: JsonObject) -> str:
        """Run the failed steps of an execution again, once for each token."""
        body: JsonObject = {
            "PipelineExecutionArn": arn,
            "ClientRequestToken": request_token(token),
            **options,
        }
        call = self.api.call(
            "RetryPipelineExecution", body, has_effect=True, refused=_refused_for_retry
        )
        return self.api.client.execute(call, arn_in)

    def stop(self, execution: Execution) -> None:
        """Ask SageMaker to stop an execution, once for each repair of the execution."""
        text = f"{execution.arn}#{execution.repair}"
        body: JsonObject = {
            "PipelineExecutionArn": execution.arn,
            "ClientRequestToken": hashlib.sha256(text.encode()).hexdigest(),
        }
        call = self.api.call(
            "StopPipelineExecution", body, has_effect=True, refused=_refused_for_execution
        )
        self.api.client.execute(call, lambda _: None)

    def execution(self, arn: str) -> JsonObject:
        """Return an execution; raises `RunNotFound`."""
        body: JsonObject = {"PipelineExecutionArn": arn}
        return self.api.read(
            "DescribePipelineExecution", body, lambda found: found, refused=_refused_for_execution
        )

    def executions(self, pipeline: str) -> Iterator[JsonObject]:
        """Yield the executions of a pipeline, newest first."""
        order: JsonObject = {"SortBy": "CreationTime", "SortOrder": "Descending"}
        body: JsonObject = {"PipelineName": pipeline, "MaxResults": _PAGE, **order}
        return self.api.listed("ListPipelineExecutions", body, "PipelineExecutionSummaries")

    def steps(self, arn: str) -> Iterator[JsonObject]:
        """Yield the steps of an execution."""
        body: JsonObject = {"PipelineExecutionArn": arn, "MaxResults": _PAGE}
        return self.api.listed(
            "ListPipelineExecutionSteps", body, "PipelineExecutionSteps", _refused_for_execution
        )

    def pipeline(self, name: str) -> JsonObject:
        """Return a pipeline with its definition; raises `ArtefactNotFound`."""
        return self.api.read("DescribePipeline", {"PipelineName": name}, lambda found: found)

    def pipelines(self) -> Iterator[JsonObject]:
        """Yield the pipelines without their definitions."""
        return self.api.listed("ListPipelines", {"MaxResults": _PAGE}, "PipelineSummaries")

    def page(self, execution: Execution) -> str:
        """Return the address of the page of an execution."""
        return self.attributes.page(execution.pipeline, execution.id)


def request_token(token: str) -> str:
    """Return the idempotency token for a submit token; SageMaker wants at least 32 characters."""
    return f"polysync-{token:-<{_SHORTEST_TOKEN}}"


def _refused_for_start(parameters: frozenset[str], refusal: Refusal) -> PolysyncError:
    match error_code(refusal):
        case "ValidationException":
            wrong = sorted(parameters & set(_WORD.findall(refusal.text)))
            given = f"the parameters {', '.join(wrong)}" if wrong else "the parameters"
            return PlatformRefused(
                f"Amazon SageMaker does not accept {given} or the settings: sync the Job's"
                " parameters with the pipeline",
                cause=FailureCause.PARAMETERS,
                status=refusal.status,
            )
        case code if code in {_AT_LIMIT, _CONFLICT}:
            return _busy(code)
        case _:
            return REFUSALS(refusal)


def _busy(code: str) -> PolysyncError:
    if code == _AT_LIMIT:
        return Unavailable(
            "the account has its maximum number of active pipeline executions: ask AWS to raise the"
            " quota, or limit the runs with a contention profile"
        )
    return Unavailable("Amazon SageMaker is changing the pipeline at this moment")


def _refused_for_retry(refusal: Refusal) -> PolysyncError:
    code = error_code(refusal)
    if code in {_CONFLICT, "ValidationException"}:
        return PlatformRefused(
            "the failed execution cannot be repaired: it is active, has succeeded or is too old;"
            " start a new run",
            cause=FailureCause.SUBMIT,
            status=refusal.status,
        )
    return _busy(code) if code == _AT_LIMIT else _refused_for_execution(refusal)


def _refused_for_execution(refusal: Refusal) -> PolysyncError:
    if error_code(refusal) == _MISSING:
        return RunNotFound("Amazon SageMaker has no execution with this ARN")
    return REFUSALS(refusal)
