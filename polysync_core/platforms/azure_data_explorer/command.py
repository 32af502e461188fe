"""Runs Data Explorer queries and commands, either synchronously or as polled operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from polysync_core.domain.definitions.jobs import DataType, Direction, Job
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.platforms.azure_data_explorer.client import ClusterClient, Table
from polysync_core.platforms.azure_data_explorer.settings import (
    CommandSettings,
    check_command,
    is_query,
)
from polysync_core.platforms.azure_data_explorer.states import report_of
from polysync_core.platforms.calls import AnswerTooLarge
from polysync_core.platforms.connector import (
    ArtefactSchema,
    CannotStop,
    ExternalRun,
    OutcomeUnknown,
    ProviderStatus,
    Report,
    RunNotFound,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.values import as_texts

_OPERATION_ID = "OperationId"
_STRUCTURED = frozenset({DataType.JSON, DataType.JSON_ARRAY})


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandConnector:
    """Runs the commands of Jobs in a cluster; implements `JobConnector`."""

    service: ClusterClient
    page: Callable[[str], str]
    """Returns the address of a database's page."""

    def submit(self, request: SubmitRequest) -> Submitted:
        """Run the text of the Job; only a query is sent again without a doubt."""
        job = request.job
        problems = check_command(job)
        if problems:
            raise Invalid(problems)
        command = CommandSettings.of(job).command
        query = is_query(command)
        if request.is_resend and not query and not job.may_run_twice:
            raise OutcomeUnknown(
                "The command may have been executed, and Data Explorer cannot tell. Check its work"
                " by .show commands, then rerun if needed. To avoid this, set resubmit:"
                " WhenIdempotent if the command may run twice."
            )
        token = f"polysync-{request.token}"
        values = _values(request)
        table = self.service.run(job.external_id, command, values, token=token, query=query)
        page = self.page(job.external_id)
        operation = None if query else _operation_in(table)
        if operation is not None:
            return Submitted(external_run_id=operation, monitor_url=page)
        report = Report(status=ProviderStatus.SUCCESS, monitor_url=page, outputs=_first_row(table))
        if table.failure is not None:
            report = Report(status=ProviderStatus.FAILED, message=table.failure, monitor_url=page)
        return Submitted(external_run_id=token, monitor_url=page, report=report)

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of an operation; a successful one includes its results."""
        operation = _checked(external_run_id)
        newest = f".show operations {operation}"
        # The short form knows operations of the last 6 hours only.
        kept = (
            f".show operations | where OperationId == guid({operation})"
            " | top 1 by LastUpdatedOn desc"
        )
        for command in (newest, kept):
            table = self.service.manage(job.external_id, command, is_reading=True)
            if table.rows:
                report = report_of(table.rows[0], self.page(job.external_id))
                return self._with_outputs(job, operation, report)
        raise RunNotFound("Azure Data Explorer has no operation with this id")

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return nothing more than the report: an operation has no parts."""
        return FailureDetails(parts=())

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Ask the cluster to stop an operation; it can stop only the ingestion from a query."""
        operation = _checked(external_run_id)
        if self.read(job, operation).status.is_final:
            return
        command = f'.cancel operation {operation} with (reason="Cancelled in Polysync")'
        table = self.service.manage(job.external_id, command, is_reading=False)
        state = str(table.rows[0].get("CancellationState")) if table.rows else ""
        is_cancelled = state.lower().startswith(("cancelled", "canceled"))
        if not is_cancelled and not self.read(job, operation).status.is_final:
            raise CannotStop(
                "Data Explorer cannot stop this operation: it stops only commands that ingest from"
                " a query, such as .set-or-append async"
            )

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return no parameters: the Job itself holds the command."""
        return ArtefactSchema(parameters=())

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Return no runs: an operation does not tell its command."""
        return iter(())

    def _with_outputs(self, job: Job, operation: str, report: Report) -> Report:
        """Return a successful report with the results of the operation, if the Job has outputs."""
        wants = any(each.direction is not Direction.INPUT for each in job.parameters)
        if report.status is not ProviderStatus.SUCCESS or not wants:
            return report
        command = f".show operation {operation} details"
        try:
            table = self.service.manage(job.external_id, command, is_reading=True)
            return replace(report, outputs=_first_row(table))
        except PlatformRefused as error:
            if error.cause is FailureCause.SECRET:
                raise
            reason = str(error)
        except AnswerTooLarge as error:
            reason = str(error)
        return replace(report, outputs_missing=f"The operation's results are missing: {reason}.")


def _values(request: SubmitRequest) -> dict[str, str]:
    """Return the values as texts; a structured value is a literal of the type `dynamic`."""
    types = {each.name: each.data_type for each in request.job.parameters}
    texts = as_texts(request.parameters, request.job.parameters)
    return {
        name: f"dynamic({text})" if types.get(name) in _STRUCTURED else text
        for name, text in texts.items()
    }


def _operation_in(table: Table) -> str | None:
    """Return the id of the operation that an asynchronous command started."""
    if table.columns != (_OPERATION_ID,) or len(table.rows) != 1:
        return None
    return _guid(table.rows[0].get(_OPERATION_ID))


def _guid(text: object) -> str | None:
    try:
        return str(UUID(text)) if isinstance(text, str) and len(text) == 36 else None
    except ValueError:
        return None


def _checked(run_id: str) -> str:
    operation = _guid(run_id)
    if operation is None:
        raise RunNotFound("the id of an operation in Azure Data Explorer is a GUID")
    return operation


def _first_row(table: Table) -> JsonObject:
    return dict(table.rows[0]) if table.rows else {}
