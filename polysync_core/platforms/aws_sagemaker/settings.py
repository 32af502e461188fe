"""Defines and checks the settings and the pipeline name of SageMakerPipeline Jobs."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from polysync_core.domain.definitions.jobs import Direction, Job, RetryFrom, SubmitSettings
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.outbound.attributes import settings_problems

MAX_PARAMETERS = 200
"""The maximum number of parameters that SageMaker accepts for one execution."""

_NAME = r"[A-Za-z0-9](?:-*[A-Za-z0-9]){0,255}"
_PIPELINE = re.compile(
    rf"(?:arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:[0-9]{{12}}:pipeline/)?(?P<name>{_NAME})"
)
_PARAMETER = re.compile(r"[A-Za-z0-9_-]{1,256}")


class SageMakerSettings(SubmitSettings):
    """`settings` of a Job of the type SageMakerPipeline."""

    execution_display_name: (
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9](?:-*[A-Za-z0-9]){0,81}$")] | None
    ) = None
    """The display name of each execution."""
    execution_description: (
        Annotated[str, StringConstraints(min_length=1, max_length=3072)] | None
    ) = None
    """The description of each execution."""
    max_parallel_execution_steps: Annotated[int, Field(ge=1)] | None = None
    """The maximum number of steps that run at the same time."""
    retry_from: RetryFrom = RetryFrom.START
    """The place from which a retry continues; `Failure` repairs the failed execution."""

    @classmethod
    def of(cls, job: Job) -> Self:
        """Return the settings of a checked Job."""
        return cls.model_validate(dict(job.settings), by_alias=True, by_name=False)

    def parallelism(self) -> JsonObject:
        """Return the option that limits the steps that run at the same time."""
        steps = self.max_parallel_execution_steps
        return {"ParallelismConfiguration": {"MaxParallelExecutionSteps": steps}} if steps else {}

    def options(self) -> JsonObject:
        """Return the options of a StartPipelineExecution call."""
        texts: dict[str, JsonValue] = {
            "PipelineExecutionDisplayName": self.execution_display_name,
            "PipelineExecutionDescription": self.execution_description,
        }
        given = {name: text for name, text in texts.items() if text is not None}
        return {**given, **self.parallelism()}


def check_pipeline_job(job: Job) -> list[Problem]:
    """Return the problems of a Job of the type SageMakerPipeline."""
    problems: list[Problem] = []
    if _PIPELINE.fullmatch(job.external_id) is None:
        message = "must be the name or the ARN of a pipeline; a name has letters, digits and '-'"
        problems.append(Problem("externalId", message))
    problems += settings_problems(SageMakerSettings, job.settings)
    sent = [each for each in job.parameters if each.direction is not Direction.OUTPUT]
    if len(sent) > MAX_PARAMETERS:
        message = f"SageMaker accepts at most {MAX_PARAMETERS} parameters: remove the others"
        problems.append(Problem("parameters", message))
    problems += [
        Problem(f"parameters[{index}].name", "may hold only letters, digits, '-' and '_'")
        for index, parameter in enumerate(job.parameters)
        if parameter.direction is not Direction.OUTPUT
        and _PARAMETER.fullmatch(parameter.name) is None
    ]
    return problems


def normal_pipeline(external_id: str) -> str:
    """Return the name of a pipeline in lower case, from its ARN or its name.

    The ARN of a pipeline has the name in lower case.
    """
    found = _PIPELINE.fullmatch(external_id)
    return external_id if found is None else found["name"].casefold()
