"""Submits, polls, stops and redrives runs of the job type StepFunctionsStateMachine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.aws.answers import text_in
from polysync_core.platforms.aws.client import AwsJsonApi
from polysync_core.platforms.aws_step_functions.attributes import StepFunctionsAttributes
from polysync_core.platforms.aws_step_functions.discovery import EXPRESS, StateMachines
from polysync_core.platforms.aws_step_functions.external_id import Execution, StateMachine
from polysync_core.platforms.aws_step_functions.failure_details import failed_state
from polysync_core.platforms.aws_step_functions.refusals import (
    REFUSALS,
    AlreadyStarted,
    refused_for_execution,
    refused_start,
)
from polysync_core.platforms.aws_step_functions.repairs import redrive
from polysync_core.platforms.aws_step_functions.settings import (
    StateMachineSettings,
    check_state_machine_job,
)
from polysync_core.platforms.aws_step_functions.states import (
    page_of_execution,
    page_of_express,
    report_of,
)
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import (
    ArtefactSchema,
    ExternalRun,
    Report,
    RunNotFound,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.http_functions.single_call import SingleCall
from polysync_core.platforms.values import as_json

MAX_INPUT_BYTES = 262_144
"""The largest input of an execution."""

_PAGE_SIZE = 100
_EXPRESS_SECONDS = 310.0
"""AWS ends an EXPRESS execution after five minutes."""
_ADVICE = (
    "It is not started again automatically: check its work, and rerun if needed. An idempotent"
    " state machine may have the job's setting resubmit: WhenIdempotent"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMachineConnector:
    """Runs state machines; implements `JobConnector`."""

    api: AwsJsonApi
    sync_api: AwsJsonApi
    """The host that runs EXPRESS state machines and waits for their end."""
    machines: StateMachines
    attributes: StepFunctionsAttributes

    def submit(self, request: SubmitRequest) -> Submitted:
        """Start an execution, or redrive one."""
        machine = self._machine(request.job)
        if request.repairs is not None:
            execution = redrive(self.api, request, request.repairs, self._described)
        elif self.machines.type_of(machine) == EXPRESS:
            return self._run_express(machine, request)
        else:
            execution = self._started(machine, request)
        return Submitted(
            external_run_id=execution.external_run_id,
            monitor_url=page_of_execution(machine, execution.arn),
        )

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of an execution; a successful one includes its output."""
        execution = Execution.of(self._machine(job), external_run_id)
        return self.api.read(
            "DescribeExecution",
            {"executionArn": execution.arn},
            lambda answer: report_of(answer, job, execution),
            refused=refused_for_execution,
        )

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the failed state of an execution."""
        return failed_state(self.api, Execution.of(self._machine(job), external_run_id).arn)

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Stop an execution; one that has ended is not an error."""
        execution = Execution.of(self._machine(job), external_run_id)
        body: JsonObject = {"executionArn": execution.arn, "cause": "Stopped by Polysync."}
        call = self.api.call("StopExecution", body, has_effect=True, refused=refused_for_execution)
        try:
            self.api.client.execute(call, lambda answer: answer)
        except PlatformRefused as error:
            refusal = error
        else:
            return
        if not self.read(job, external_run_id).status.is_final:
            raise refusal

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return the notes about a state machine; raises `ArtefactNotFound`."""
        return self.machines.schema(self._own(StateMachine.parse(external_id)))

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the executions of a STANDARD state machine; AWS lists no EXPRESS executions."""
        machine = self._machine(job)
        if self.machines.type_of(machine) == EXPRESS:
            return
        body: JsonObject = {"stateMachineArn": job.external_id, "maxResults": _PAGE_SIZE}
        for execution in self.api.listed("ListExecutions", body, "executions"):
            arn = text_in(execution, "executionArn")
            if arn is not None:
                yield ExternalRun(external_run_id=arn, report=report_of(execution, job))

    def _machine(self, job: Job) -> StateMachine:
        problems = check_state_machine_job(job)
        if problems:
            raise Invalid(problems)
        return self._own(StateMachine.parse(job.external_id))

    def _own(self, machine: StateMachine) -> StateMachine:
        if machine.region != self.attributes.region:
            message = f"is in the region {machine.region}, but the platform in"
            raise Invalid.at("externalId", f"{message} {self.attributes.region}")
        return machine

    def _described(self, execution: Execution) -> JsonObject:
        return self.api.read(
            "DescribeExecution",
            {"executionArn": execution.arn},
            lambda answer: answer,
            refused=refused_for_execution,
        )

    def _started(self, machine: StateMachine, request: SubmitRequest) -> Execution:
        """Start an execution whose name is the token, which AWS accepts once in 90 days."""
        call = self.api.call(
            "StartExecution", self._body(request), has_effect=True, refused=refused_start
        )

        try:
            return self.api.client.execute(call, lambda answer: _execution_in(answer, machine))
        except AlreadyStarted:
            # An earlier submit of this attempt started it, and it has ended, or its values differ.
            return machine.execution(request.token)

    def _run_express(self, machine: StateMachine, request: SubmitRequest) -> Submitted:
        single = SingleCall(
            client=self.sync_api.client,
            request=request,
            name=machine.name,
            outcome_advice=_ADVICE,
            seconds=_EXPRESS_SECONDS,
        )
        call = self.sync_api.call(
            "StartSyncExecution", self._body(request), has_effect=True, refused=REFUSALS
        )

        def submitted(answer: Answer) -> Submitted:
            body = answer.json()
            arn = text_in(body, "executionArn") if body else None
            if body is None or arn is None:
                raise UnexpectedAnswer
            report = report_of(body, request.job)
            return Submitted(
                external_run_id=arn,
                monitor_url=page_of_express(machine, arn, report.started_at),
                report=report,
            )

        return single.exchange(call, submitted)

    def _body(self, request: SubmitRequest) -> JsonObject:
        values = as_json(request.parameters, request.job.parameters)
        text = json.dumps(values, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        if len(text.encode()) > MAX_INPUT_BYTES:
            raise PlatformRefused(
                f"the values are larger than the {MAX_INPUT_BYTES // 1024} KiB that an execution"
                " accepts: send a link to the data",
                cause=FailureCause.PARAMETERS,
            )
        settings = StateMachineSettings.model_validate(request.job.settings)
        trace = settings.trace_header or self.attributes.trace_header
        body: JsonObject = {
            "stateMachineArn": request.job.external_id,
            "name": request.token,
            "input": text,
        }
        return body if trace is None else {**body, "traceHeader": trace}


def _execution_in(answer: JsonObject, machine: StateMachine) -> Execution:
    try:
        return Execution.of(machine, text_in(answer, "executionArn") or "")
    except RunNotFound:
        pass
    raise UnexpectedAnswer
