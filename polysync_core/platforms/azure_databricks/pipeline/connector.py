"""Submits, polls and cancels runs of the job type DatabricksPipeline.

Each run is one update of a Delta Live Tables pipeline.

The API has no idempotency token, but a pipeline has one active update at a time and lists all
updates. After a start with unknown result, the connector searches the updates since the attempt
began.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from polysync_core.domain.definitions.jobs import (
    DataType,
    Direction,
    Job,
    JobType,
    Parameter,
    SubmitSettings,
)
from polysync_core.domain.errors import Invalid, PlatformRefused, PolysyncError, Problem
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.azure_databricks.answers import (
    moment_of,
    next_token_of,
    objects_in,
    page_query,
)
from polysync_core.platforms.azure_databricks.job_source.parameter_fields import FULL_REFRESH
from polysync_core.platforms.azure_databricks.pipeline.states import (
    CLOCK_SKEW,
    ID,
    failed,
    failed_flows,
    has_ended,
    ids_of,
    is_of,
    may_belong_to_attempt,
    recovering,
    report_of,
    retried,
    retries_of,
    update_id_of,
    update_in,
)
from polysync_core.platforms.azure_databricks.refusals import (
    needing,
    refused_for_pipeline,
    refused_for_update,
)
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
from polysync_core.platforms.paging import Page, paged
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.values import as_json

PIPELINES_API = ("api", "2.0", "pipelines")
UPDATES_A_PAGE = 25

MAX_UPDATES = 100
"""The most updates that are searched for those of one attempt, in any order."""
MAX_EVENTS = 250
"""The maximum number of error events of a pipeline that are searched for those of one update."""

_CAN_RUN, _CAN_VIEW = "Can Run on the pipeline", "Can View on the pipeline"
_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class DatabricksPipelineConnector:
    """Runs updates of the pipelines of one workspace; implements `JobConnector`."""

    client: PlatformClient

    def submit(self, request: SubmitRequest) -> Submitted:
        """Start an update, unless an earlier submit of this attempt did."""
        problems = check_pipeline(request.job)
        if problems:
            raise Invalid(problems)
        pipeline_id, full_refresh = request.job.external_id, _full_refresh(request)
        update_id = self._started(request, full_refresh) if request.is_resend else None
        if update_id is None:
            update_id = self.client.post(
                *PIPELINES_API,
                pipeline_id,
                "updates",
                body={"full_refresh": full_refresh},
                repeatable=False,
                read=update_id_of,
                refused=needing(_CAN_RUN, refused_for_pipeline),
            )
        return Submitted(
            external_run_id=f"{pipeline_id}:{update_id}",
            monitor_url=self._page(pipeline_id, update_id),
        )

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of an update, or of the retry that Databricks itself started.

        A failure includes its error event.
        """
        pipeline_id, update_id = ids_of(external_run_id)
        page = self._page(pipeline_id, update_id)
        report = self.client.get(
            *PIPELINES_API,
            pipeline_id,
            "updates",
            update_id,
            read=lambda answer: report_of(update_in(answer), page),
            refused=needing(_CAN_VIEW, refused_for_update),
        )
        if report.status is not ProviderStatus.FAILED:
            return report
        retries = self._retries(pipeline_id, update_id)
        if retries:
            update_id = update_id_of(retries[-1])
            report = retried(report, retries[-1], self._page(pipeline_id, update_id))
        if report.status is not ProviderStatus.FAILED:
            return report
        if self._is_recovering(pipeline_id):
            return recovering(report)
        return failed(report, self._failure(pipeline_id, update_id))

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the error events of an update."""
        pipeline_id, update_id = ids_of(external_run_id)
        self.client.get(
            *PIPELINES_API,
            pipeline_id,
            "updates",
            update_id,
            read=update_in,
            refused=needing(_CAN_VIEW, refused_for_update),
        )
        retries = map(update_id_of, self._retries(pipeline_id, update_id))
        ids = {update_id, *retries}
        events = islice(self._errors(pipeline_id), MAX_EVENTS)
        return failed_flows(event for event in events if is_of(event, ids))

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Stop the pipeline if this update is active."""
        # Databricks stops the active update; another caller's update must continue.
        if self.read(job, external_run_id).status.is_final:
            return
        self.client.post(
            *PIPELINES_API,
            ids_of(external_run_id)[0],
            "stop",
            body={},
            repeatable=True,
            read=lambda _: None,
            refused=needing(_CAN_RUN, refused_for_update),
        )

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return the one parameter of an update; the remarks list the pipeline's configuration."""
        problem = _id_problem(external_id)
        if problem is not None:
            raise Invalid.at("externalId", problem)
        names = self.client.get(
            *PIPELINES_API,
            external_id,
            read=_configured,
            refused=needing(_CAN_VIEW, refused_for_pipeline),
        )
        parameter = Parameter(name=FULL_REFRESH, data_type=DataType.BOOL, default=False)
        notes = (f"a run cannot set the pipeline's configuration: {', '.join(names)}",)
        return ArtefactSchema(parameters=(parameter,), notes=notes if names else (), complete=True)

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the updates of a pipeline, newest first."""
        pipeline_id = job.external_id
        for update in self._updates(pipeline_id):
            update_id = update.get("update_id")
            if isinstance(update_id, str) and isinstance(update.get("state"), str):
                yield ExternalRun(
                    external_run_id=f"{pipeline_id}:{update_id}",
                    report=report_of(update, self._page(pipeline_id, update_id)),
                )

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the pipelines of the workspace."""
        wanted = (search or "").casefold()

        def fetch(token: str | None) -> Page[JsonObject]:
            query = page_query(token, max_results=_PAGE_SIZE)
            return self.client.get(*PIPELINES_API, query=query, read=_page_of_pipelines)

        for pipeline in paged(fetch):
            artefact = _artefact(pipeline)
            if artefact is not None and wanted in artefact.name.casefold():
                yield artefact

    def _updates(self, pipeline_id: str, until: str | None = None) -> Iterator[JsonObject]:
        """Yield the updates of a pipeline page by page, up to the id `until`."""
        end = {} if until is None else {"until_update_id": until}

        def fetch(token: str | None) -> Page[JsonObject]:
            return self.client.get(
                *PIPELINES_API,
                pipeline_id,
                "updates",
                query=page_query(token, max_results=UPDATES_A_PAGE, **end),
                read=lambda answer: Page(objects_in(answer, "updates"), next_token_of(answer)),
                refused=needing(_CAN_VIEW, refused_for_pipeline),
            )

        return paged(fetch)

    def _started(self, request: SubmitRequest, full_refresh: bool) -> str | None:
        """Return the update that an earlier submit of this attempt started."""
        found: dict[str, bool] = {}
        for update in islice(self._updates(request.job.external_id), MAX_UPDATES):
            created, update_id = moment_of(update, "creation_time"), update.get("update_id")
            if created is None or created < request.begun_at - CLOCK_SKEW:
                continue
            is_candidate = may_belong_to_attempt(update, created, request.begun_at, full_refresh)
            if is_candidate and isinstance(update_id, str) and ID.fullmatch(update_id):
                found[update_id] = has_ended(update)
        if len(found) <= 1:
            return next(iter(found), None)
        if not request.job.may_run_twice:
            raise OutcomeUnknown(
                "The pipeline has had several updates since the attempt began, so the attempt's"
                " own update cannot be identified. Check the updates, then rerun if needed. A Job"
                " whose updates may run twice may have the setting resubmit: WhenIdempotent."
            )
        # A pipeline has one active update at most, and refuses another one beside it.
        return next((update_id for update_id, ended in found.items() if not ended), None)

    def _retries(self, pipeline_id: str, update_id: str) -> list[JsonObject]:
        """Return the retries that Databricks started after a failed update."""
        try:
            updates = self._updates(pipeline_id, until=update_id)
            return retries_of(update_id, islice(updates, MAX_UPDATES))
        except PlatformRefused:
            # The failure is certain, and the list is not readable.
            return []

    def _is_recovering(self, pipeline_id: str) -> bool:
        """Return whether Databricks is between a failed update and its retry."""
        try:
            return self.client.get(
                *PIPELINES_API,
                pipeline_id,
                read=lambda answer: answer.get("state") == "RECOVERING",
                refused=needing(_CAN_VIEW, refused_for_pipeline),
            )
        except PlatformRefused:
            return False

    def _failure(self, pipeline_id: str, update_id: str) -> str | None:
        """Return the newest error event of an update."""
        try:
            events = list(islice(self._errors(pipeline_id), UPDATES_A_PAGE))
        except PolysyncError:
            # The failure is certain; the reason is optional.
            return None
        newest = next((event for event in events if is_of(event, {update_id})), None)
        return None if newest is None else shortened_line(newest.get("message"))

    def _errors(self, pipeline_id: str) -> Iterator[JsonObject]:
        """Yield the error events of a pipeline, newest first."""

        def fetch(token: str | None) -> Page[JsonObject]:
            query = page_query(token, filter="level='ERROR'", max_results=UPDATES_A_PAGE)
            return self.client.get(
                *PIPELINES_API,
                pipeline_id,
                "events",
                query=query,
                read=lambda answer: Page(objects_in(answer, "events"), next_token_of(answer)),
                refused=needing(_CAN_VIEW, refused_for_pipeline),
            )

        return paged(fetch)

    def _page(self, pipeline_id: str, update_id: str) -> str:
        base = self.client.base.url
        return f"{base}/#joblist/pipelines/{pipeline_id}/updates/{update_id}"


def check_pipeline(job: Job) -> list[Problem]:
    """Return the problems of a pipeline's Job."""
    problem = _id_problem(job.external_id)
    problems = [Problem("externalId", problem)] if problem else []
    problems += settings_problems(SubmitSettings, job.settings)
    problems += [
        Problem(
            f"parameters[{index}].name",
            f"an update accepts only {FULL_REFRESH}: remove the parameter",
        )
        for index, parameter in enumerate(job.parameters)
        if parameter.name != FULL_REFRESH or parameter.direction is Direction.OUTPUT
    ]
    return problems


def _full_refresh(request: SubmitRequest) -> bool:
    value = as_json(request.parameters, request.job.parameters).get(FULL_REFRESH, False)
    # A Job may declare the parameter as a String.
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def _id_problem(external_id: str) -> str | None:
    if ID.fullmatch(external_id) is None:
        return "must be the id of a pipeline, such as 2f1e5c4a-0000-0000-0000-000000000000"
    return None


def _configured(answer: JsonObject) -> list[str]:
    spec = answer.get("spec")
    if not isinstance(spec, dict):
        raise UnexpectedAnswer
    configuration = spec.get("configuration")
    return sorted(configuration)[:50] if isinstance(configuration, dict) else []


def _page_of_pipelines(answer: JsonObject) -> Page[JsonObject]:
    return Page(objects_in(answer, "statuses"), next_token_of(answer))


def _artefact(pipeline: JsonObject) -> Artefact | None:
    pipeline_id, name = pipeline.get("pipeline_id"), pipeline.get("name")
    if not isinstance(pipeline_id, str):
        return None
    return Artefact(
        external_id=pipeline_id,
        job_type=JobType.DATABRICKS_PIPELINE,
        name=name if isinstance(name, str) and name else pipeline_id,
        problem=_id_problem(pipeline_id),
    )
