"""Defines and checks the settings and the DAG id of Jobs that run DAGs."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import StringConstraints

from polysync_core.domain.definitions.jobs import (
    Job,
    RetryFrom,
    SubmitSettings,
    hidden_character,
)
from polysync_core.domain.definitions.types.hints import ShownWhen
from polysync_core.domain.errors import Problem
from polysync_core.outbound.attributes import settings_problems

OUTPUTS_FROM_XCOM = "outputsFromXcom"
OUTPUT_TASK = "outputTask"
# airflow.utils.helpers.KEY_REGEX
_KEY = r"[\w.-]+"
_MAX_LENGTH = 250


class AirflowSettings(SubmitSettings):
    """`settings` of a Job that runs a DAG."""

    outputs_from_xcom: bool = False
    """True if the returned values (XCom `return_value`) of tasks become the outputs."""
    output_task: Annotated[
        Annotated[str, StringConstraints(pattern=f"^{_KEY}$", max_length=_MAX_LENGTH)] | None,
        ShownWhen(OUTPUTS_FROM_XCOM, ("true",)),
    ] = None
    """The task whose returned value becomes the outputs. None takes all tasks without a downstream
    task."""
    retry_from: RetryFrom = RetryFrom.START
    """The place from which a retry continues; `Failure` clears the failed tasks of the run."""


def check_dag_job(job: Job) -> list[Problem]:
    """Return the problems of a Job that runs a DAG."""
    problem = dag_id_problem(job.external_id)
    problems = [Problem("externalId", problem)] if problem else []
    problems += settings_problems(AirflowSettings, job.settings)
    if OUTPUT_TASK in job.settings and job.settings.get(OUTPUTS_FROM_XCOM) is not True:
        text = f"has no effect without settings.{OUTPUTS_FROM_XCOM}: set it to true"
        problems.append(Problem(f"settings.{OUTPUT_TASK}", text))
    return problems


def dag_id_problem(dag_id: str) -> str | None:
    """Return the problem of a DAG's id, or None."""
    hidden = hidden_character(dag_id)
    if hidden is not None:
        return f"the id of a DAG must not contain {hidden}"
    is_short = len(dag_id) <= _MAX_LENGTH
    if not is_short or re.fullmatch(_KEY, dag_id) is None or dag_id in {".", ".."}:
        return "must be the id of a DAG: 1-250 letters, digits, '_', '.' and '-'"
    return None
