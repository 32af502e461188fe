"""Defines and checks the settings of pipeline Jobs, with the rule for lost responses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import (
    RESUBMIT,
    DataType,
    Direction,
    Job,
    Resubmit,
    RetryFrom,
    SubmitSettings,
    hidden_character,
)
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.outbound.attributes import settings_problems

ATTEMPT_TOKEN_PARAMETER = "attemptTokenParameter"  # noqa: S105 - a setting's name

_MAX_NAME_LENGTH = 260
# https://learn.microsoft.com/rest/api/datafactory/pipelines/get
_NAME = re.compile(r"[^\W](?:[^<>*#.%&:\\+?/])*")


class PipelineSettings(SubmitSettings):
    """`settings` of a Job that runs a pipeline."""

    attempt_token_parameter: str = ""
    """The pipeline's parameter that receives the attempt's token, by which its run is found."""
    retry_from: RetryFrom = RetryFrom.START
    """The place from which a retry continues; `Failure` repairs the failed run."""


@dataclass(frozen=True, slots=True)
class LostAnswerRule:
    """The rule of a Job for a start whose answer is lost."""

    token_parameter: str | None
    """The pipeline's parameter that receives the attempt's token."""
    asks: bool
    """True if a person decides even if the list of runs shows that nothing was started."""
    may_run_twice: bool
    """True if the pipeline may be started again although a run may belong to the attempt."""

    @classmethod
    def of(cls, job: Job) -> LostAnswerRule:
        """Return the rule of a checked Job."""
        name, rule = job.settings.get(ATTEMPT_TOKEN_PARAMETER), job.settings.get(RESUBMIT)
        # Without a token, the attempt's run cannot be identified.
        default = Resubmit.NEVER if name is None else None
        return cls(
            name if isinstance(name, str) else None,
            (rule or default) == Resubmit.NEVER,
            job.may_run_twice,
        )


def check_pipeline_job(job: Job) -> list[Problem]:
    """Return the problems of a pipeline's Job."""
    problem = name_problem(job.external_id)
    problems = [Problem("externalId", problem)] if problem else []
    problems += settings_problems(PipelineSettings, job.settings)
    if isinstance(job.settings.get(ATTEMPT_TOKEN_PARAMETER), str):
        problem = _token_problem(job, job.settings[ATTEMPT_TOKEN_PARAMETER])
        problems += [Problem(f"settings.{ATTEMPT_TOKEN_PARAMETER}", problem)] if problem else []
    return problems


def checked_name(external_id: str) -> str:
    """Return a valid pipeline name; raise `Invalid`."""
    problem = name_problem(external_id)
    if problem is not None:
        raise Invalid.at("externalId", problem)
    return external_id


def name_problem(name: str) -> str | None:
    """Return the problem of a pipeline name, or None."""
    if len(name) > _MAX_NAME_LENGTH:
        return f"a pipeline's name has at most {_MAX_NAME_LENGTH} characters"
    hidden = hidden_character(name)
    if hidden is not None:
        return f"a pipeline's name must not contain {hidden}"
    if _NAME.fullmatch(name) is None:
        return (
            "must be a pipeline's name as in the studio: it starts with a letter, a digit or '_',"
            " and contains none of < > * # . % & : \\ + ? /"
        )
    return None


def _token_problem(job: Job, name: object) -> str | None:
    """Return the problem of the parameter for the attempt's token, or None."""
    parameter = job.parameter(name) if isinstance(name, str) else None
    if parameter is None:
        return (
            "must name a parameter of the pipeline: add one of type String to it, publish it, and"
            " import the job's parameters again"
        )
    if parameter.data_type is not DataType.STRING:
        # A run does not show the value of a secure string.
        return f"'{name}' is a {parameter.data_type}, but it must be a String"
    if parameter.direction is not Direction.INPUT or parameter.required:
        return f"'{name}' gets its value from Polysync, so it must be an Input and not required"
    return None
