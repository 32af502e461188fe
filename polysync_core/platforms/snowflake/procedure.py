"""Calls, polls and cancels procedures of the job type SnowflakeProcedure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.json_types import text_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetail, FailureDetails
from polysync_core.platforms.connector import (
    Artefact,
    ArtefactSchema,
    ExternalRun,
    Report,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.snowflake.client import SnowflakeClient, Statement
from polysync_core.platforms.snowflake.discovery import describe_procedure, find_procedures
from polysync_core.platforms.snowflake.external_id import ProcedureName, quoted
from polysync_core.platforms.snowflake.parameters import bound_arguments
from polysync_core.platforms.snowflake.refusals import refused_call, refused_for_run
from polysync_core.platforms.snowflake.settings import check_procedure_job
from polysync_core.platforms.snowflake.states import history_report, report_of
from polysync_core.platforms.values import as_json

_LONGEST_TAG = 2000
_HISTORY = (
    "SELECT QUERY_ID, EXECUTION_STATUS, ERROR_CODE, ERROR_MESSAGE,"
    " TO_VARCHAR(CONVERT_TIMEZONE('UTC', START_TIME), 'YYYY-MM-DD HH24:MI:SS.FF3') AS STARTED,"
    " TO_VARCHAR(CONVERT_TIMEZONE('UTC', END_TIME), 'YYYY-MM-DD HH24:MI:SS.FF3') AS ENDED"
    " FROM TABLE({database}.INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 1000))"
    " WHERE STARTSWITH(QUERY_TEXT, ?) ORDER BY START_TIME DESC"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureConnector:
    """Calls the procedures of one account; implements `JobConnector`."""

    service: SnowflakeClient

    def submit(self, request: SubmitRequest) -> Submitted:
        """Call the procedure; Snowflake runs one statement for each request id."""
        problems = check_procedure_job(request.job)
        if problems:
            raise Invalid(problems)
        statement, names = _call_of(request)
        handle = self.service.start(statement, request.token, refused_call(names))
        return Submitted(external_run_id=handle, monitor_url=self.service.run_page(handle))

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a call; a successful call includes its result."""
        page = self.service.run_page(external_run_id)
        return self.service.poll(external_run_id, lambda answer: report_of(answer, page))

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the error of a failed call."""
        message = self.read(job, external_run_id).message
        return FailureDetails(parts=(FailureDetail(error=message),) if message else ())

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Request the cancellation of a call; a refusal counts only while it is active."""
        refusal: PlatformRefused | None = None
        try:
            self.service.cancel(external_run_id, refused_for_run)
        except PlatformRefused as error:
            refusal = error
        if refusal is None:
            return
        is_about_call = refusal.cause is not FailureCause.SECRET and refusal.status == 422
        if not (is_about_call and self.read(job, external_run_id).status.is_final):
            raise refusal

    def describe(self, external_id: str) -> ArtefactSchema:
        """Read the arguments of a procedure."""
        return describe_procedure(self.service, external_id)

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the calls of the procedure in the form that Polysync sends, newest first."""
        name = ProcedureName.parse(job.external_id)
        text = _HISTORY.format(database=quoted(self.service.attributes.database))
        for row in self.service.rows(text, f"CALL {name.quoted}("):
            handle = text_in(row, "QUERY_ID")
            if handle:
                report = history_report(row, self.service.run_page(handle))
                yield ExternalRun(external_run_id=handle, report=report)

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the procedures of the database."""
        return find_procedures(self.service, search)


def _call_of(request: SubmitRequest) -> tuple[Statement, list[str]]:
    """Return the call of a procedure, and the names of its arguments."""
    job = request.job
    name = ProcedureName.parse(job.external_id)
    values = as_json(request.parameters, job.parameters)
    arguments = list(bound_arguments(values))
    timeout = job.settings.get("timeoutSeconds")
    context = {"schema": name.schema, "database": name.database}
    for setting in ("warehouse", "role"):
        if isinstance(given := job.settings.get(setting), str):
            context[setting] = given
    statement = Statement(
        text=f"CALL {name.quoted}({', '.join(argument for argument, _, _ in arguments)})",
        bindings=[(kind, text) for _, kind, text in arguments],
        timeout=timeout if isinstance(timeout, int) else None,
        tag=f"polysync {request.token} {request.run_name}"[:_LONGEST_TAG],
        context=context,
    )
    return statement, list(values)
