"""Checks the id and the settings of a Job that calls a procedure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from polysync_core.domain.definitions.jobs import Job, SubmitSettings
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.snowflake.attributes import SnowflakeName
from polysync_core.platforms.snowflake.external_id import ProcedureName

_WEEK = 604_800


class ProcedureSettings(SubmitSettings):
    """`settings` of a Job that calls a procedure."""

    warehouse: SnowflakeName | None = None
    """The warehouse in place of that of the platform."""
    role: SnowflakeName | None = None
    """The role in place of that of the platform."""
    timeout_seconds: Annotated[int, Field(ge=1, le=_WEEK)] | None = None
    """The seconds after which Snowflake stops the statement; None uses the account's parameter."""


def check_procedure_job(job: Job) -> list[Problem]:
    """Return the problems of a Job that calls a procedure."""
    problems = settings_problems(ProcedureSettings, job.settings)
    try:
        ProcedureName.parse(job.external_id)
    except Invalid as error:
        problems = [*error.problems, *problems]
    return problems
