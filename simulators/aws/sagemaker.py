"""Simulates SageMaker pipelines and executions, with steps that run one after another.

A step of the type `Fail` fails with its `ErrorMessage`. A step with the argument
`SimulatorSeconds` takes this time. Each other step succeeds at once.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field

from simulators.aws.account import AccountService, Json, control, operation
from simulators.aws.services import AwsService
from simulators.aws.state import AwsState
from simulators.serving import Refusal

_ARN = "arn:aws:sagemaker:us-east-1:123456789012:pipeline"
_STOPPING_SECONDS = 0.05
_MIN_TOKEN, _MAX_TOKEN = 32, 128
_MAX_PARAMETERS = 200
_MAX_VALUE = 1024


@dataclass(slots=True, kw_only=True)
class PipelineExecution:
    """An execution of a pipeline."""

    pipeline: Json
    request: Json
    created: float
    begun: float
    first_step: int = 0
    """The step at which the newest retry began."""
    execution_id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    stopped: float | None = None

    @property
    def arn(self) -> str:
        """The ARN of the execution; SageMaker writes the pipeline's name in lower case."""
        return f"{_ARN}/{self.pipeline['PipelineName'].lower()}/execution/{self.execution_id}"

    def steps(self) -> list[tuple[Json, float, float]]:
        """Return the steps up to the first that fails, with their start and end."""
        definition = json.loads(self.pipeline["PipelineDefinition"])
        moment, found = self.begun, list[tuple[Json, float, float]]()
        for step in definition["Steps"][self.first_step :]:
            seconds = float((step.get("Arguments") or {}).get("SimulatorSeconds", 0))
            found.append((step, moment, moment + seconds))
            moment += seconds
            if step["Type"] == "Fail":
                break
        return found

    def failed_step(self) -> Json | None:
        """Return the step that fails."""
        return next((step for step, _, _ in self.steps() if step["Type"] == "Fail"), None)

    def end(self) -> float:
        """Return the time at which the execution ends."""
        steps = self.steps()
        return self.stopped or (steps[-1][2] if steps else self.begun)

    def status(self, now: float) -> str:
        """Return the state of the execution."""
        if self.stopped is not None:
            return "Stopping" if now < self.stopped + _STOPPING_SECONDS else "Stopped"
        if now < self.end():
            return "Executing"
        return "Failed" if self.failed_step() else "Succeeded"

    def reason(self, now: float) -> Json:
        """Return the reason of a failed execution."""
        failed = self.failed_step()
        if self.status(now) != "Failed" or failed is None:
            return {}
        return {"FailureReason": f"Step failure: step {failed['Name']} failed"}

    def as_json(self, now: float) -> Json:
        """Return the execution in the form of `DescribePipelineExecution`."""
        over = self.status(now) in {"Succeeded", "Failed", "Stopped"}
        return {
            "PipelineArn": self.pipeline["PipelineArn"],
            "PipelineExecutionArn": self.arn,
            "PipelineExecutionStatus": self.status(now),
            "CreationTime": self.created,
            "LastModifiedTime": self.end() if over else self.begun,
            **self.reason(now),
            **{
                name: self.request[name]
                for name in (
                    "PipelineExecutionDisplayName",
                    "PipelineExecutionDescription",
                    "ParallelismConfiguration",
                )
                if name in self.request
            },
        }

    def steps_json(self, now: float) -> list[Json]:
        """Return the steps that have begun."""
        found: list[Json] = []
        for step, start, end in self.steps():
            if start > now or (self.stopped is not None and start > self.stopped):
                break
            line: Json = {"StepName": step["Name"], "StartTime": start, "AttemptCount": 1}
            if end > now:
                found.append({**line, "StepStatus": "Executing"})
            elif step["Type"] == "Fail":
                reason = (step.get("Arguments") or {}).get("ErrorMessage", "")
                failed = {"StepStatus": "Failed", "FailureReason": reason, "EndTime": end}
                found.append({**line, **failed})
            else:
                found.append({**line, "StepStatus": "Succeeded", "EndTime": end})
        return found


class SageMaker(AccountService):
    """The pipelines and their executions of one account and region."""

    def __init__(self, state: AwsState) -> None:
        super().__init__(state)
        self.pipelines: dict[str, Json] = {}
        self.executions: dict[str, PipelineExecution] = {}
        self.tokens: dict[str, str] = {}
        """The ARN of the execution for each request token."""
        self.operations = {
            "CreatePipeline": self.create_pipeline,
            "DeletePipeline": self.delete_pipeline,
            "DescribePipeline": lambda body: self.pipeline(body["PipelineName"]),
            "ListPipelines": self.list_pipelines,
            "StartPipelineExecution": self.start,
            "DescribePipelineExecution": lambda body: self.execution(body).as_json(self.now()),
            "ListPipelineExecutions": self.list_executions,
            "ListPipelineExecutionSteps": self.list_steps,
            "StopPipelineExecution": self.stop,
            "RetryPipelineExecution": self.retry,
        }

    def create_pipeline(self, body: Json) -> Json:
        """Create a pipeline."""
        name = body["PipelineName"]
        arn = f"{_ARN}/{name.lower()}"
        made = {"PipelineArn": arn, "PipelineStatus": "Active", "CreationTime": self.now()}
        self.pipelines[name] = {**body, **made, "LastModifiedTime": self.now()}
        return {"PipelineArn": arn}

    def delete_pipeline(self, body: Json) -> Json:
        """Delete a pipeline."""
        return {"PipelineArn": self.pipelines.pop(body["PipelineName"])["PipelineArn"]}

    def pipeline(self, text: str) -> Json:
        """Return the pipeline of a name or an ARN."""
        for name, pipeline in self.pipelines.items():
            if text in {name, pipeline["PipelineArn"]}:
                return pipeline
        raise Refusal(400, "ResourceNotFound", f"Pipeline '{text}' does not exist.")

    def list_pipelines(self, body: Json) -> Json:
        """Return the pipelines without their definitions."""
        prefix = body.get("PipelineNamePrefix", "")
        fields = ("PipelineArn", "PipelineName", "PipelineDescription", "CreationTime")
        found = [
            {each: pipeline[each] for each in fields if each in pipeline}
            for name, pipeline in self.pipelines.items()
            if name.startswith(prefix)
        ]
        return self.page(body, "PipelineSummaries", found)

    def start(self, body: Json) -> Json:
        """Start an execution, once for each request token."""
        known = self._known(body)
        if known is not None:
            return {"PipelineExecutionArn": known}
        pipeline = self.pipeline(body["PipelineName"])
        given = body.get("PipelineParameters") or []
        _check_parameters(pipeline, given)
        execution = PipelineExecution(
            pipeline=pipeline, request=body, created=self.now(), begun=self.now()
        )
        self.executions[execution.arn] = execution
        self.tokens[body["ClientRequestToken"]] = execution.arn
        line = {"token": body["ClientRequestToken"], "parameters": given}
        self.state.record(**{"service": "sagemaker", "run_id": execution.arn, **line})
        return {"PipelineExecutionArn": execution.arn}

    def _known(self, body: Json) -> str | None:
        token = body.get("ClientRequestToken", "")
        if not _MIN_TOKEN <= len(token) <= _MAX_TOKEN:
            message = "ClientRequestToken must have 32 to 128 characters."
            raise Refusal(400, "ValidationException", message)
        return self.tokens.get(token)

    def execution(self, body: Json) -> PipelineExecution:
        """Return the execution that a request names."""
        arn = body.get("PipelineExecutionArn")
        if arn not in self.executions:
            message = f"Pipeline execution with ARN '{arn}' does not exist."
            raise Refusal(400, "ResourceNotFound", message)
        return self.executions[arn]

    def list_executions(self, body: Json) -> Json:
        """Return the executions of a pipeline, newest first."""
        pipeline, now = self.pipeline(body["PipelineName"]), self.now()
        found = [
            {
                "PipelineExecutionArn": each.arn,
                "StartTime": each.created,
                "PipelineExecutionStatus": each.status(now),
            }
            for each in self.executions.values()
            if each.pipeline is pipeline
        ]
        found.sort(key=lambda each: each["StartTime"], reverse=body.get("SortOrder") != "Ascending")
        return self.page(body, "PipelineExecutionSummaries", found)

    def list_steps(self, body: Json) -> Json:
        """Return the steps of an execution."""
        steps = self.execution(body).steps_json(self.now())
        return self.page(body, "PipelineExecutionSteps", steps[::-1])

    def stop(self, body: Json) -> Json:
        """Stop an execution that has not ended."""
        self._known(body)
        execution = self.execution(body)
        if execution.status(self.now()) in {"Succeeded", "Failed", "Stopped"}:
            message = "Only pipeline executions with Executing status can be stopped."
            raise Refusal(400, "ConflictException", message)
        execution.stopped = execution.stopped or self.now()
        return {"PipelineExecutionArn": execution.arn}

    def retry(self, body: Json) -> Json:
        """Run the failed steps of an ended execution again, under the same ARN."""
        known = self._known(body)
        if known is not None:
            return {"PipelineExecutionArn": known}
        execution, now = self.execution(body), self.now()
        if execution.status(now) not in {"Failed", "Stopped"}:
            message = "Only failed or stopped pipeline executions can be retried."
            raise Refusal(400, "ConflictException", message)
        done = [each for each in execution.steps_json(now) if each["StepStatus"] == "Succeeded"]
        execution.first_step += len(done)
        execution.begun, execution.stopped = now, None
        self.tokens[body["ClientRequestToken"]] = execution.arn
        return {"PipelineExecutionArn": execution.arn}


def _check_parameters(pipeline: Json, given: list[Json]) -> None:
    declared = {
        each["Name"]: each
        for each in json.loads(pipeline["PipelineDefinition"]).get("Parameters", [])
    }
    unknown = sorted({each["Name"] for each in given} - set(declared))
    if unknown:
        message = f"Unknown parameters {unknown}: the pipeline does not declare them."
        raise Refusal(400, "ValidationException", message)
    if len(given) > _MAX_PARAMETERS or any(len(each["Value"]) > _MAX_VALUE for each in given):
        raise Refusal(400, "ValidationException", "The parameters are too many or too long.")
    missing = {name for name, each in declared.items() if "DefaultValue" not in each} - {
        each["Name"] for each in given
    }
    if missing:
        message = f"The parameters {sorted(missing)} have no value."
        raise Refusal(400, "ValidationException", message)
    for each in given:
        if declared[each["Name"]]["Type"] == "Integer" and not each["Value"].isdigit():
            message = f"The value of {each['Name']} is no Integer."
            raise Refusal(400, "ValidationException", message)


_OPERATIONS = (
    *("CreatePipeline", "DeletePipeline", "DescribePipeline", "ListPipelines"),
    *("StartPipelineExecution", "DescribePipelineExecution", "ListPipelineExecutions"),
    *("ListPipelineExecutionSteps", "StopPipelineExecution", "RetryPipelineExecution"),
)
SERVICE = AwsService(
    signing_name="sagemaker",
    control=(control(SageMaker),),
    target="SageMaker",
    operations={name: operation(SageMaker, name) for name in _OPERATIONS},
)
