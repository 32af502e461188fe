"""Removes the secrets of a run from the platform's messages, links and outputs.

The secrets are those of the run's parameters and of its platform's sign-in. If they cannot be read,
the platform's texts and links are dropped, because nothing shows whether they hold a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace

from polysync_core.application.platforms.connections import Connections
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import PolysyncError, Unavailable, VaultUnavailable
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.security.redaction import NO_SECRETS, Redactor
from polysync_core.domain.security.secrets import Secret, is_secret_reference
from polysync_core.platforms.connector import ProviderStatus, Report, Submitted
from polysync_core.platforms.filtered_connector import clean_error, clean_report

OUTPUTS_UNCOMPARED = (
    "Its outputs are not kept, because they may hold a secret of the run, which can no longer be "
    "read."
)
MESSAGE_UNCOMPARED = (
    "The platform's message is not kept, because it may hold a secret of the run, which cannot be "
    "read."
)


@dataclass(frozen=True, slots=True)
class PlatformTexts:
    """Removes secrets from platforms' texts; only activities and reads of platforms use it."""

    connections: Connections
    resolve_secret: Callable[[str], Secret]

    def report(self, run: TaskRun, report: Report) -> tuple[Report, Redactor]:
        """Return a report without secrets, and the redactor for its outputs.

        A report without texts and with a known link asks no vault. Raises `Unavailable` only for
        outputs, which can be compared later.
        """
        if not _says_something(run, report):
            return report, NO_SECRETS
        try:
            redactor = self._redactor(run.job, run.parameters.values(), report.credentials)
        except Unavailable:
            if report.outputs:
                raise
            return silent(report), NO_SECRETS
        except PolysyncError:
            return silent(report), NO_SECRETS
        return clean_report(report, redactor), redactor

    def reports(
        self, job: Job, values: Iterable[JsonValue], reports: Iterable[Report]
    ) -> list[Report]:
        """Return the reports of a Job's runs without the secrets that `values` names."""
        reports = list(reports)
        credentials = {secret: None for each in reports for secret in each.credentials}
        try:
            redactor = self._redactor(job, values, credentials)
        except PolysyncError:
            return [silent(each) for each in reports]
        return [clean_report(each, redactor) for each in reports]

    def submitted(self, run: TaskRun, submitted: Submitted) -> tuple[Submitted, Redactor]:
        """Return the answer to a submit without secrets, and the redactor for its outputs."""
        report = submitted.report or Report(status=ProviderStatus.STARTING)
        report = replace(report, monitor_url=report.monitor_url or submitted.monitor_url)
        redactor = NO_SECRETS
        try:
            report, redactor = self.report(run, report)
        except Unavailable:
            report = silent(report)
        first = None if submitted.report is None else report
        return replace(submitted, monitor_url=report.monitor_url, report=first), redactor

    def redactor_of(self, run: TaskRun) -> Redactor:
        """Return the redactor for the secrets of a run; raises the errors of the vault."""
        return self._redactor(run.job, run.parameters.values(), ())

    def filter_error(self, platform: Platform, error: PolysyncError) -> None:
        """Remove the secrets of a Platform's sign-in from the error of its connection test."""
        self._filter(error, lambda: self._redactor_of(platform, (), ()))

    @contextmanager
    def filtered_errors(self, job: Job, values: Iterable[JsonValue]) -> Generator[None]:
        """Remove the secrets that `values` names from the error of a call within this block."""
        try:
            yield
        except PolysyncError as error:
            self._filter(error, lambda: self._redactor(job, values, ()))
            raise

    def _filter(self, error: PolysyncError, redactor_of: Callable[[], Redactor]) -> None:
        if isinstance(error, VaultUnavailable):
            # The text is our own, and a silent vault would be awaited a second time.
            return
        try:
            redactor = redactor_of()
        except PolysyncError:
            error.platform_message = None
            if error.quoted is not None:
                error.args = (str(error).replace(error.quoted, "another host"),)
            return
        clean_error(error, redactor)

    def _redactor(
        self, job: Job, values: Iterable[JsonValue], credentials: Iterable[Secret]
    ) -> Redactor:
        return self._redactor_of(self.connections.platform(job.platform), values, credentials)

    def _redactor_of(
        self, platform: Platform, values: Iterable[JsonValue], credentials: Iterable[Secret]
    ) -> Redactor:
        sign_in = platform.auth.secret_references()
        given = (each for each in values if isinstance(each, str) and is_secret_reference(each))
        references = dict.fromkeys((*given, *sign_in))
        return Redactor([*map(self.resolve_secret, references), *credentials])


def silent(report: Report) -> Report:
    """Return a report without the platform's own texts, link and outputs."""
    return replace(
        report,
        provider_state="",
        message=MESSAGE_UNCOMPARED if report.message and report.status.is_final else None,
        monitor_url=None,
        outputs={},
        outputs_missing=OUTPUTS_UNCOMPARED if report.outputs else None,
    )


def _says_something(run: TaskRun, report: Report) -> bool:
    known = run.attempt and run.attempt.monitor_url
    new_link = report.monitor_url is not None and report.monitor_url != known
    return bool(report.message or report.outputs or report.outputs_missing or new_link)
