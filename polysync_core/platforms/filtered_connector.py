"""Wraps connectors to remove the connection's credentials from platform texts and errors.

The secrets that a run was given are unknown here; `application.runs.platform_texts` filters them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from polysync_core.domain.definitions.jobs import Job, Parameter
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.runs.failures.details import FailureDetails, cleaned
from polysync_core.domain.security.redaction import Redactor
from polysync_core.outbound.credentials import CredentialsInUse
from polysync_core.platforms.connector import (
    Artefact,
    ArtefactSchema,
    Connector,
    ExternalRun,
    JobConnector,
    Report,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.text import without_keys


@dataclass(frozen=True, slots=True)
class FilteredConnector:
    """A connection whose texts hold none of its credentials; implements `Connector`."""

    inner: Connector
    credentials: CredentialsInUse

    def job(self, job_type: str) -> JobConnector:
        """Return the filtered connector of a job type."""
        return _FilteredJobConnector(self.inner.job(job_type), self.credentials)

    def artefacts(
        self, *, job_type: str | None = None, search: str | None = None
    ) -> Iterator[Artefact]:
        """Yield the artefacts whose names contain `search`."""
        with _cleaned_errors(self.credentials):
            for artefact in self.inner.artefacts(job_type=job_type, search=search):
                yield _cleaned_artefact(artefact, self.credentials.redactor)

    def test(self) -> str:
        """Make one cheap call and describe the reached service."""
        with _cleaned_errors(self.credentials):
            sentence = self.inner.test()
        return self.credentials.redactor.clean(sentence)


@dataclass(frozen=True, slots=True)
class _FilteredJobConnector:
    inner: JobConnector
    credentials: CredentialsInUse

    def submit(self, request: SubmitRequest) -> Submitted:
        with _cleaned_errors(self.credentials):
            submitted = self.inner.submit(request)
        redactor, report = self.credentials.redactor, submitted.report
        return replace(
            submitted,
            monitor_url=_cleaned(submitted.monitor_url, redactor.clean_link),
            report=None if report is None else self._cleaned_report(report),
        )

    def read(self, job: Job, external_run_id: str) -> Report:
        with _cleaned_errors(self.credentials):
            return self._cleaned_report(self.inner.read(job, external_run_id))

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        with _cleaned_errors(self.credentials):
            found = self.inner.failure_details(job, external_run_id)
        return cleaned(found, self.credentials.redactor.clean)

    def cancel(self, job: Job, external_run_id: str) -> None:
        with _cleaned_errors(self.credentials):
            self.inner.cancel(job, external_run_id)

    def describe(self, external_id: str) -> ArtefactSchema:
        with _cleaned_errors(self.credentials):
            schema = self.inner.describe(external_id)
        return _cleaned_schema(schema, self.credentials.redactor)

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        with _cleaned_errors(self.credentials):
            for run in self.inner.runs(job):
                yield replace(run, report=self._cleaned_report(run.report))

    def _cleaned_report(self, report: Report) -> Report:
        cleaned = clean_report(report, self.credentials.redactor)
        outputs = {name: without_keys(value) for name, value in report.outputs.items()}
        return replace(cleaned, outputs=outputs, credentials=self.credentials.secrets)


def clean_report(report: Report, redactor: Redactor) -> Report:
    """Return a report whose texts and link hold no secret; its outputs stay."""
    return replace(
        report,
        provider_state=redactor.clean(report.provider_state),
        message=_cleaned(report.message, redactor.clean),
        monitor_url=_cleaned(report.monitor_url, redactor.clean_link),
        outputs_missing=_cleaned(report.outputs_missing, redactor.clean),
    )


def clean_error(error: PolysyncError, redactor: Redactor) -> None:
    """Remove the secrets from an error that a platform caused."""
    error.args = (redactor.clean(str(error)),)
    error.platform_message = _cleaned(error.platform_message, redactor.clean)


@contextmanager
def _cleaned_errors(credentials: CredentialsInUse) -> Generator[None]:
    try:
        yield
    except PolysyncError as error:
        clean_error(error, credentials.redactor)
        raise


def _cleaned(text: str | None, clean: Callable[[str], str | None]) -> str | None:
    return None if text is None else clean(text)


def _cleaned_artefact(artefact: Artefact, redactor: Redactor) -> Artefact:
    schema = artefact.schema
    return replace(
        artefact,
        name=redactor.clean(artefact.name),
        description=_cleaned(artefact.description, redactor.clean),
        problem=_cleaned(artefact.problem, redactor.clean),
        schema=None if schema is None else _cleaned_schema(schema, redactor),
    )


def _cleaned_schema(schema: ArtefactSchema, redactor: Redactor) -> ArtefactSchema:
    parameters = tuple(_cleaned_parameter(each, redactor) for each in schema.parameters)
    notes = tuple(map(redactor.clean, schema.notes))
    return replace(schema, parameters=parameters, notes=notes)


def _cleaned_parameter(parameter: Parameter, redactor: Redactor) -> Parameter:
    kept = None if redactor.holds(parameter.default) else parameter.default
    description = _cleaned(parameter.description, redactor.clean)
    return parameter.model_copy(update={"default": kept, "description": description})
