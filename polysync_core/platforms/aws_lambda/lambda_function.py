"""Invokes Lambda functions for the job type AwsLambdaFunction; the response ends the run."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import Direction, Job
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.answer_messages import refusal_in
from polysync_core.platforms.aws_lambda.attributes import InvocationType, LambdaAttributes
from polysync_core.platforms.aws_lambda.discovery import FUNCTIONS, LambdaDiscovery
from polysync_core.platforms.aws_lambda.refusals import REFUSALS, did_not_start
from polysync_core.platforms.aws_lambda.settings import MAX_SECONDS, Invocation, function_name
from polysync_core.platforms.calls import Call, UnexpectedAnswer
from polysync_core.platforms.connector import (
    ArtefactSchema,
    CannotStop,
    ExternalRun,
    ProviderStatus,
    Report,
    RunNotFound,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.http_functions.outputs import outputs_of, text_outputs
from polysync_core.platforms.http_functions.single_call import SingleCall
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.values import as_json

STATES = {
    "200": ProviderStatus.SUCCESS,
    "202": ProviderStatus.SUCCESS,
    "204": ProviderStatus.SUCCESS,
    "Handled": ProviderStatus.FAILED,
    "Unhandled": ProviderStatus.FAILED,
}
"""The statuses of answers, and the values of the header `X-Amz-Function-Error`."""

_ADVICE = (
    "It is not invoked again automatically: check its work, and rerun if needed. Polysync waits for"
    f" an answer at most {MAX_SECONDS:.0f} s, so start a function with long work by"
    " settings.invocationType: Event, or by a state machine. An idempotent function may have the"
    " job's setting resubmit: WhenIdempotent"
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_NO_ANSWER = {
    InvocationType.EVENT: "Lambda has queued the event; the function's answer is not returned.",
    InvocationType.DRY_RUN: "A dry run does not invoke the function.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaConnector:
    """Invokes functions of AWS Lambda; implements `JobConnector`."""

    client: PlatformClient
    attributes: LambdaAttributes
    discovery: LambdaDiscovery

    def submit(self, request: SubmitRequest) -> Submitted:
        """Invoke the function; its answer ends the run."""
        invocation = Invocation.of(request.job, self.attributes)
        call = Call(
            method="POST",
            segments=(*FUNCTIONS, invocation.function, "invocations"),
            query={"Qualifier": invocation.qualifier} if invocation.qualifier else None,
            headers={
                "X-Amz-Invocation-Type": invocation.type.value,
                "X-Amz-Client-Context": _client_context(request.token),
            },
            body=as_json(request.parameters, request.job.parameters),
            refused=REFUSALS,
        )
        single = SingleCall(
            client=self.client,
            request=request,
            name=invocation.name,
            outcome_advice=_ADVICE,
            accepts=did_not_start,
            seconds=MAX_SECONDS,
        )
        return single.exchange(call, lambda answer: self._submitted(answer, request, invocation))

    def read(self, job: Job, external_run_id: str) -> Report:
        """Raise `RunNotFound`: Lambda does not keep invocations."""
        raise RunNotFound("AWS Lambda does not keep invocations: the run ended with its answer.")

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Raise `RunNotFound`: the message of the run has all that Lambda tells."""
        raise RunNotFound("AWS Lambda does not keep invocations: see the function's log.")

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Raise `CannotStop`: Lambda cannot stop a function."""
        raise CannotStop("An invocation of AWS Lambda cannot be stopped.")

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return the notes about a function; raises `ArtefactNotFound`."""
        function_name(external_id, self.attributes.region)
        return self.discovery.describe(external_id)

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield nothing: Lambda does not list invocations."""
        return iter(())

    def _submitted(
        self, answer: Answer, request: SubmitRequest, invocation: Invocation
    ) -> Submitted:
        if answer.status >= 400:
            raise REFUSALS(refusal_in(answer, self.client.base.host))
        request_id = answer.headers.get("x-amzn-requestid", "")
        if _REQUEST_ID.fullmatch(request_id) is None:
            # Each answer of Lambda has an id, so this is the answer of another server.
            raise UnexpectedAnswer
        return Submitted(
            external_run_id=request_id,
            monitor_url=invocation.page,
            report=self._report(answer, request.job, invocation.type),
        )

    def _report(self, answer: Answer, job: Job, kind: InvocationType) -> Report:
        error = answer.headers.get("x-amz-function-error")
        if error:
            return Report(
                status=ProviderStatus.FAILED,
                provider_state=shortened_line(error, limit=64) or "",
                message=_message(answer.json() or {}),
            )
        has_outputs = any(each.direction is not Direction.INPUT for each in job.parameters)
        missing = _NO_ANSWER.get(kind) if has_outputs else None
        if not answer.is_whole:
            missing = (
                f"The function answered with more than {self.client.longest_answer}, so its"
                " outputs are missing: answer with a link to the data instead."
            )
        return Report(
            status=ProviderStatus.SUCCESS,
            provider_state=str(answer.status),
            outputs={} if missing else _outputs(answer, job),
            outputs_missing=missing,
        )


def _client_context(token: str) -> str:
    """Return the context by which a function can recognise a repeated attempt."""
    return base64.b64encode(json.dumps({"custom": {"idempotencyKey": token}}).encode()).decode()


def _message(body: JsonObject) -> str:
    kind, text = body.get("errorType"), body.get("errorMessage")
    shown = ": ".join(each for each in (kind, text) if isinstance(each, str) and each.strip())
    return shortened_line(shown) or "the function failed without a message: see its log"


def _outputs(answer: Answer, job: Job) -> JsonObject:
    value = answer.value()
    if value is None and answer.content.strip() not in {b"", b"null"}:
        return text_outputs(answer.content.decode(errors="replace"))
    return outputs_of(value, job)
