"""Submits, polls and cancels runs of the job type LogicAppsWorkflow.

A submit calls the request trigger of a workflow. The client tracking id of a run is the attempt's
token, so the run can be found after a lost answer. A stateless workflow stores no runs: the
connector calls it once and cannot poll it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import Job, JobType, SubmitSettings
from polysync_core.domain.errors import Invalid, PlatformRefused, Problem, Uncertain
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.outbound.attributes import settings_problems
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.azure_logic_apps.client import TriggerEndpoint, WorkflowClient
from polysync_core.platforms.azure_logic_apps.failure_details import failed_actions
from polysync_core.platforms.azure_logic_apps.refusals import REFUSALS, SIGNATURE_RULES
from polysync_core.platforms.azure_logic_apps.states import (
    is_run_id,
    report_of,
    run_id_of,
    tracking_id_of,
)
from polysync_core.platforms.azure_logic_apps.workflow_definition import Workflow, read_workflow
from polysync_core.platforms.calls import Call
from polysync_core.platforms.connector import (
    Artefact,
    ArtefactSchema,
    ExternalRun,
    ProviderStatus,
    Report,
    RunNotFound,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.http_functions.client import exchange_once
from polysync_core.platforms.platform_client import HttpOptions, PlatformClient
from polysync_core.platforms.values import as_json, as_texts

LIST_DELAY = timedelta(minutes=4)
"""The maximum delay until a new run appears in the list."""
TRACKING_ID = "x-ms-client-tracking-id"
RUN_ID = "x-ms-workflow-run-id"

SEND_PARAMETERS_AS = "sendParametersAs"

_NO_REQUEST_TRIGGER = "the workflow has no request trigger"
_NAME = re.compile(r"(?!\.)[A-Za-z0-9_().-]{1,80}")


class ValueForm(StrEnum):
    """The forms of the values in the body of a trigger's call."""

    JSON_TOKENS = "JsonTokens"
    """Each value has the data type of its parameter: the engine converts no texts."""
    TEXTS = "Texts"


class WorkflowSettings(SubmitSettings):
    """`settings` of a Job that runs a workflow."""

    send_parameters_as: ValueForm = ValueForm.JSON_TOKENS
    """The form of the values in the body of the trigger's call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowConnector:
    """Runs workflows; implements `JobConnector`."""

    service: WorkflowClient
    http: HttpOptions
    now: Clock

    def submit(self, request: SubmitRequest) -> Submitted:
        """Call the workflow's trigger once per token."""
        problems = check_workflow(request.job)
        if problems:
            raise Invalid(problems)
        name = request.job.external_id
        workflow = self.service.workflow(name)
        if workflow.is_stateless:
            return self._start_stateless(request, workflow)
        if request.is_resend:
            found = self._find_started(request)
            if found is not None:
                return self._submitted(request, found)
            if self.now() < request.begun_at + LIST_DELAY:
                raise Uncertain(
                    "Azure Logic Apps may have started a run that is not yet in its list."
                )
        return self._submitted(request, self._start(request, workflow))

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run."""
        return report_of(self.service.run(job.external_id, _checked(external_run_id)), job)

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the failed actions of a run with their errors."""
        return failed_actions(self.service, job.external_id, _checked(external_run_id))

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Request the cancellation of a run; an ended run is not an error."""
        run_id = _checked(external_run_id)
        refusal: PlatformRefused | None = None
        try:
            self.service.cancel(job.external_id, run_id)
        except PlatformRefused as error:
            refusal = error
        # The engine refuses to cancel an ended run.
        if refusal is not None and not self.read(job, run_id).status.is_final:
            raise refusal

    def describe(self, external_id: str) -> ArtefactSchema:
        """Read the parameters of a trigger's schema and the declared outputs."""
        problem = _name_problem(external_id)
        if problem is not None:
            raise Invalid.at("externalId", problem)
        workflow = self.service.workflow(external_id)
        _trigger_of(workflow)
        return workflow.schema()

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield all runs of the workflow, by any caller."""
        for run in self.service.runs(job.external_id):
            yield ExternalRun(external_run_id=run_id_of(run), report=report_of(run, job))

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the workflows; one that no request starts has a problem."""
        wanted = (search or "").casefold()
        for listed in self.service.workflows():
            # The resource name of a Standard workflow is `<app>/<workflow>`.
            name = str(listed.get("name") or "").rpartition("/")[2]
            if not name or wanted not in name.casefold():
                continue
            # The list may leave the definition out.
            workflow = read_workflow(listed) or self.service.workflow(name)
            has_trigger = workflow.trigger is not None
            yield Artefact(
                external_id=name,
                job_type=JobType.LOGIC_APPS_WORKFLOW,
                name=name,
                problem=_name_problem(name) if has_trigger else _NO_REQUEST_TRIGGER,
                is_skipped=not has_trigger,
            )

    def _start(self, request: SubmitRequest, workflow: Workflow) -> str:
        """Start a run and return its id; the workflow itself may answer with a refusal."""
        trigger_endpoint = self.service.trigger_endpoint(
            request.job.external_id, _trigger_of(workflow)
        )
        refusal: PlatformRefused | None = None
        run_id: str | None = None
        try:
            run_id = self._client(trigger_endpoint).exchange(
                _call(request, trigger_endpoint), _run_id_in
            )
        except PlatformRefused as error:
            refusal = error
        if run_id is None:
            run_id = self._find_started(request)
        if run_id is not None:
            return run_id
        if refusal is not None:
            raise refusal
        raise Uncertain("Azure Logic Apps accepted the call without a run id.")

    def _start_stateless(self, request: SubmitRequest, workflow: Workflow) -> Submitted:
        name = request.job.external_id
        trigger_endpoint = self.service.trigger_endpoint(name, _trigger_of(workflow))
        exchange_once(
            self._client(trigger_endpoint),
            _call(request, trigger_endpoint),
            request,
            name,
            lambda _: None,
        )
        return Submitted(
            external_run_id=f"{name}/{request.token}",
            monitor_url=self.service.attributes.page(name),
            report=Report(status=ProviderStatus.SUCCESS, provider_state="Accepted"),
        )

    def _find_started(self, request: SubmitRequest) -> str | None:
        runs = self.service.runs(request.job.external_id, tracking_id=request.token)
        # The engine may ignore the filter.
        return next((run_id_of(run) for run in runs if tracking_id_of(run) == request.token), None)

    def _submitted(self, request: SubmitRequest, run_id: str) -> Submitted:
        page = self.service.attributes.page(request.job.external_id)
        return Submitted(external_run_id=run_id, monitor_url=page)

    def _client(self, trigger_endpoint: TriggerEndpoint) -> PlatformClient:
        return PlatformClient(
            trigger_endpoint.base,
            None,
            refused=REFUSALS,
            credential=SIGNATURE_RULES,
            http=self.http,
        )


def check_workflow(job: Job) -> list[Problem]:
    """Return the problems of a workflow's Job."""
    problems = settings_problems(WorkflowSettings, job.settings)
    problem = _name_problem(job.external_id)
    return problems if problem is None else [*problems, Problem("externalId", problem)]


def _name_problem(name: str) -> str | None:
    if _NAME.fullmatch(name) is None:
        return "must be a workflow name of letters, digits and _ ( ) . -, such as send-report"
    return None


def _call(request: SubmitRequest, trigger_endpoint: TriggerEndpoint) -> Call:
    return Call(
        method="POST",
        segments=trigger_endpoint.address.segments,
        query=trigger_endpoint.address.query,
        headers={TRACKING_ID: request.token},
        body=_body(request),
        refused=REFUSALS,
        busy_proves_not_started=False,
        accept_oversized=True,
    )


def _body(request: SubmitRequest) -> JsonObject:
    schema = request.job.parameters
    form = request.job.settings.get(SEND_PARAMETERS_AS, ValueForm.JSON_TOKENS)
    if form == ValueForm.TEXTS:
        return {**as_texts(request.parameters, schema)}
    return {**as_json(request.parameters, schema)}


def _run_id_in(answer: Answer) -> str | None:
    found = answer.headers.get(RUN_ID, "")
    return found if is_run_id(found) else None


def _trigger_of(workflow: Workflow) -> str:
    if workflow.trigger is None:
        raise PlatformRefused(
            f"{_NO_REQUEST_TRIGGER}: import the platform's workflows again",
            cause=FailureCause.SUBMIT,
        )
    return workflow.trigger


def _checked(external_run_id: str) -> str:
    if not is_run_id(external_run_id):
        raise RunNotFound("A stateless workflow stores no runs, so its state cannot be read.")
    return external_run_id
