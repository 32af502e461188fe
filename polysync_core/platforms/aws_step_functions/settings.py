"""Defines and checks the settings and state machine ARN of StepFunctionsStateMachine Jobs."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import Job, RetryFrom, SubmitSettings
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.aws_step_functions.attributes import TraceHeader
from polysync_core.platforms.aws_step_functions.external_id import StateMachine


class StateMachineSettings(SubmitSettings):
    """`settings` of a Job that runs a state machine."""

    trace_header: TraceHeader | None = None
    """The X-Ray header of the executions; None: as the platform's attribute says."""
    retry_from: RetryFrom = RetryFrom.START
    """The place from which a retry continues; `Failure` redrives the failed execution."""


def check_state_machine_job(job: Job) -> list[Problem]:
    """Return the problems of a Job that runs a state machine."""
    problems = settings_problems(StateMachineSettings, job.settings)
    try:
        StateMachine.parse(job.external_id)
    except Invalid as error:
        problems += error.problems
    return problems
