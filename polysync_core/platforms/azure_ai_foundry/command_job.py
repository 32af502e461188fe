"""Defines the job type AIFoundryCommandJob, which runs copies of a command job."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.platforms.azure_ai_foundry.pipeline_job import describe_inputs, with_inputs
from polysync_core.platforms.azure_ai_foundry.settings import COMMAND, COMPUTE, ENVIRONMENT
from polysync_core.platforms.azure_ai_foundry.template_job import TemplateJobType

COMMAND_JOB = TemplateJobType(
    job_type=JobType.AI_FOUNDRY_COMMAND_JOB,
    kind="Command",
    settings={
        "aiFoundryComputeName": COMPUTE,
        "aiFoundryEnvironmentName": ENVIRONMENT,
        "aiFoundryCommand": COMMAND,
    },
    with_values=with_inputs,
    describe=describe_inputs,
)
