"""What a Job that runs a pipeline may hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from polysync_core.domain.definitions.jobs import DataType, Direction, Job
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.outbound.urls import deceptive_character

ATTEMPT_TOKEN_PARAMETER = "attemptTokenParameter"  # noqa: S105 - a setting's name
WHEN_ANSWER_LOST = "whenAnswerLost"

_LONGEST_NAME = 260
# https://learn.microsoft.com/rest/api/datafactory/pipelines/get
_NAME = re.compile(r"[^\W](?:[^<>*#.%&:\\+?/])*")


class WhenAnswerLost(StrEnum):
    """What to do where a start has no answer and no run of the attempt is found."""

    RESEND = "Resend"
    """Start the pipeline again: it runs at least once."""
    ASK = "Ask"
    """End the attempt as lost and leave it to people: it runs at most once."""


@dataclass(frozen=True, slots=True)
class LostAnswerRule:
    """How a Job has a start dealt with whose answer is lost."""

    token_parameter: str | None
    """The pipeline's parameter that carries the token of the attempt."""
    policy: WhenAnswerLost

    @classmethod
    def of(cls, job: Job) -> LostAnswerRule:
        """Return the rule of a checked Job."""
        name = job.settings.get(ATTEMPT_TOKEN_PARAMETER)
        # Without a token nothing tells one run of the pipeline from another.
        default = WhenAnswerLost.ASK if name is None else WhenAnswerLost.RESEND
        return cls(
            name if isinstance(name, str) else None,
            WhenAnswerLost(str(job.settings.get(WHEN_ANSWER_LOST, default))),
        )


def check_pipeline_job(job: Job) -> list[Problem]:
    """Return what cannot be right in a Job that runs a pipeline."""
    problem = name_problem(job.external_id)
    problems = [Problem("externalId", problem)] if problem else []
    known = (ATTEMPT_TOKEN_PARAMETER, WHEN_ANSWER_LOST)
    problems += [
        Problem(f"settings.{name}", f"a pipeline has the settings {' and '.join(known)}")
        for name in job.settings
        if name not in known
    ]
    if ATTEMPT_TOKEN_PARAMETER in job.settings:
        problem = _token_problem(job, job.settings[ATTEMPT_TOKEN_PARAMETER])
        problems += [Problem(f"settings.{ATTEMPT_TOKEN_PARAMETER}", problem)] if problem else []
    policy = job.settings.get(WHEN_ANSWER_LOST, WhenAnswerLost.ASK)
    if policy not in set(WhenAnswerLost):
        problem = f"must be one of {', '.join(WhenAnswerLost)}"
        problems.append(Problem(f"settings.{WHEN_ANSWER_LOST}", problem))
    return problems


def checked_name(external_id: str) -> str:
    """Return the name of a pipeline; raises `Invalid` where it cannot be one."""
    problem = name_problem(external_id)
    if problem is not None:
        raise Invalid.at("externalId", problem)
    return external_id


def name_problem(name: str) -> str | None:
    """Say why a text cannot be the name of a pipeline; None where it can."""
    if len(name) > _LONGEST_NAME:
        return f"a pipeline's name has at most {_LONGEST_NAME} characters"
    deceptive = deceptive_character(name)
    if deceptive is not None:
        return f"a pipeline's name holds no {deceptive.removeprefix('the ')}"
    if _NAME.fullmatch(name) is None:
        return (
            "a pipeline is named as in the studio: it begins with a letter, a digit or '_', and"
            " holds none of < > * # . % & : \\ + ? /"
        )
    return None


def _token_problem(job: Job, name: object) -> str | None:
    """Say why a parameter cannot carry the attempt's token."""
    parameter = job.parameter(name) if isinstance(name, str) else None
    if parameter is None:
        return (
            "must name a parameter of the pipeline: add one of type String to it, publish it, and"
            " import the job's parameters again"
        )
    if parameter.data_type is not DataType.STRING:
        # A secure string would not be shown among the parameters of a run.
        return f"'{name}' is a {parameter.data_type}, and must be a String"
    if parameter.direction is not Direction.INPUT or parameter.required:
        return f"'{name}' gets its value from Polysync: it is an Input that is not required"
    return None
