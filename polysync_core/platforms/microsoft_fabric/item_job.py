"""Submits, polls and cancels runs of Fabric items, for all four Fabric job types."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from polysync_core.domain.definitions.jobs import Job, JobType, SubmitSettings
from polysync_core.domain.errors import Invalid, PlatformRefused, Problem, Unavailable
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import (
    Artefact,
    ArtefactSchema,
    ExternalRun,
    OutcomeUnknown,
    ProviderStatus,
    Report,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.microsoft_fabric.client import FabricClient, JobInstance, is_guid
from polysync_core.platforms.microsoft_fabric.refusals import refused
from polysync_core.platforms.microsoft_fabric.settings import check_item_job
from polysync_core.platforms.microsoft_fabric.states import (
    DEDUPED,
    failure_details_of,
    report_of,
    word_of,
)

_PORTAL = "https://app.fabric.microsoft.com/groups"
_CLOCK_SKEW = timedelta(minutes=5)
"""The assumed maximum difference between the clocks."""
_MAX_SHOWN = 5
"""The maximum number of runs that a message names."""
_PUBLISHES = frozenset({"applychanges", "publish"})
"""Fabric's jobs, in lower case, that publish an item and do not run it."""

type Finish = Callable[[FabricClient, Job, str, JsonObject, Report], Report]
"""Returns the report of a successful run with its outputs."""
type Details = Callable[[FabricClient, Job, str, Report], FailureDetails]
"""Returns the failed parts of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemKind:
    """One kind of Fabric item that a job type runs."""

    job_type: JobType
    item_type: str
    """Fabric's name of the item type, such as `Notebook`."""
    job: str
    """Fabric's name of the job that runs the item."""
    page: str
    """The folder of the item's page in the portal."""
    run_page: str | None = None
    """The folder of the pages of ended runs, below the item's page; None: they have no page."""
    title: str
    """The name of the item type for people."""
    settings: type[SubmitSettings]
    execution: Callable[[SubmitRequest, str], JsonObject]
    """Returns the data of a run in the workspace with an id."""
    describe: Callable[[FabricClient, str], ArtefactSchema]
    finish: Finish | None = None
    """None: a run has no outputs."""
    details: Details | None = None
    """None: the reason in the state of the run is the only detail."""
    more_problems: Callable[[Job], Sequence[Problem]] = lambda _: ()
    """Returns the problems of a Job that only this kind has."""

    def check(self, job: Job) -> Sequence[Problem]:
        """Return the problems of a Job."""
        return [*check_item_job(job, self.settings), *self.more_problems(job)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemConnector:
    """Runs the items of one kind in a workspace; implements `JobConnector`."""

    service: FabricClient
    kind: ItemKind

    def submit(self, request: SubmitRequest) -> Submitted:
        """Start the item; after a lost answer, only if the Job may run twice."""
        job = request.job
        problems = self.kind.check(job)
        if problems:
            raise Invalid(problems)
        if request.is_resend and not job.may_run_twice:
            raise OutcomeUnknown(
                "The item may have been started, and Fabric cannot tell which of its runs belongs"
                f" to the attempt. {self._runs_since(request)}, then rerun if needed. To avoid"
                " this, set resubmit: WhenIdempotent if the item may run twice."
            )
        execution = self.kind.execution(request, self.service.workspace_id)
        started = self.service.start(job.external_id, self.kind.job, {"executionData": execution})
        return Submitted(
            external_run_id=started.run_id,
            monitor_url=self._page(job),
            report=Report(status=ProviderStatus.STARTING, retry_after=started.pause),
        )

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run; a successful run includes its outputs."""
        instance = self.service.instance(job.external_id, external_run_id)
        report = self._report(job, external_run_id, instance)
        if report.status is ProviderStatus.SUCCESS and self.kind.finish is not None:
            return self.kind.finish(self.service, job, external_run_id, instance.fields, report)
        if word_of(instance.fields) == DEDUPED:
            return self._skipped(job, external_run_id, report)
        return report

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the failed parts of a run with their errors."""
        instance = self.service.instance(job.external_id, external_run_id)
        if self.kind.details is None:
            return failure_details_of(instance.fields)
        report = self._report(job, external_run_id, instance)
        return self.kind.details(self.service, job, external_run_id, report)

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Request the cancellation of a run; an ended run is not an error."""
        refusal: PlatformRefused | None = None
        try:
            self.service.stop(job.external_id, external_run_id)
        except PlatformRefused as error:
            refusal = error
        # Fabric refuses the cancellation of a run that has ended: `JobAlreadyCompleted`.
        if refusal is not None and not (
            refusal.status in {400, 409} and self.read(job, external_run_id).status.is_final
        ):
            raise refusal

    def describe(self, external_id: str) -> ArtefactSchema:
        """Read the parameters of an item."""
        if not is_guid(external_id):
            raise Invalid.at("externalId", "must be the id of the item, a GUID")
        return self.kind.describe(self.service, external_id)

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the runs of the item by any caller, newest first."""
        # Fabric keeps about 100 ended runs of an item, and does not promise an order.
        found = [
            each
            for each in self.service.instances(job.external_id)
            if str(each.get("jobType")).lower() not in _PUBLISHES
        ]
        found.sort(key=lambda each: str(each.get("startTimeUtc") or "~"), reverse=True)
        runs = (self._listed_run(job, instance) for instance in found)
        return (run for run in runs if run is not None)

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the items of the kind whose names contain a text."""
        wanted = (search or "").casefold()
        items = self.service.listed("items", query={"type": self.kind.item_type}, refused=refused)
        for item in items:
            item_id, name = _text_of(item, "id"), _text_of(item, "displayName")
            if item_id and wanted in (name or item_id).casefold():
                yield Artefact(
                    external_id=item_id.lower(),
                    job_type=self.kind.job_type,
                    name=name or item_id,
                    description=_text_of(item, "description") or None,
                    problem=None if is_guid(item_id) else "Fabric gives the item no usable id.",
                )

    def _skipped(self, job: Job, run_id: str, report: Report) -> Report:
        """Return the report of a run that Fabric skipped, with the run that was active."""
        active = [
            each.external_run_id
            for each in self._readable_runs(job)
            if each.external_run_id != run_id and not each.report.status.is_final
        ]
        name = f"the run {active[0]}" if active else "another run"
        message = (
            f"Fabric skipped this run, because {name} of the same item was active: limit the Task"
            " to one run at a time."
        )
        return replace(report, message=message)

    def _runs_since(self, request: SubmitRequest) -> str:
        """Name the runs since the begin of the attempt, for a person."""
        since = request.begun_at - _CLOCK_SKEW
        found = [
            each.external_run_id
            for each in self._readable_runs(request.job)
            if each.report.started_at is None or each.report.started_at >= since
        ]
        if not found:
            return "Check the recent runs of the item"
        shown = ", ".join(found[:_MAX_SHOWN]) + (" and others" if found[_MAX_SHOWN:] else "")
        return f"Check the runs that began since then ({shown})"

    def _readable_runs(self, job: Job) -> list[ExternalRun]:
        """Return the runs of the item; an unreadable list is empty."""
        try:
            return list(self.runs(job))
        except (PlatformRefused, Unavailable):
            return []

    def _listed_run(self, job: Job, instance: JsonObject) -> ExternalRun | None:
        """Return a run of a list, or None if the entry cannot be read."""
        run_id = instance.get("id")
        if not isinstance(run_id, str) or not is_guid(run_id):
            return None
        try:
            report = self._report(job, run_id, JobInstance(instance, None))
        except UnexpectedAnswer:
            return None
        return ExternalRun(external_run_id=run_id.lower(), report=report)

    def _report(self, job: Job, run_id: str, instance: JobInstance) -> Report:
        page, folder = self._page(job), self.kind.run_page
        report = report_of(instance, page)
        if folder is None or not report.status.is_final:
            return report
        return replace(report, monitor_url=f"{page}/{folder}/{run_id.lower()}")

    def _page(self, job: Job) -> str:
        return f"{_PORTAL}/{self.service.workspace_id}/{self.kind.page}/{job.external_id}"


def _text_of(source: JsonObject, name: str) -> str:
    """Return a text of an answer; any other value is empty."""
    found = source.get(name)
    return found if isinstance(found, str) else ""
