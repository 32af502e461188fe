"""Submits runs that call a model once; the response is the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol

from polysync_core.domain.definitions.jobs import Job, Parameter
from polysync_core.domain.errors import Invalid, PlatformRefused, PolysyncError, Problem
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.azure_openai.client import OpenAIApi
from polysync_core.platforms.azure_openai.refusals import (
    MODEL_REFUSALS,
    TOKEN_LIMIT,
    refuses_token_limit,
)
from polysync_core.platforms.calls import Refusal, RefusalMapping, UnexpectedAnswer
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
from polysync_core.platforms.http_functions.single_call import SingleCall

_OLD_TOKEN_LIMIT = "max_tokens"  # noqa: S105 - the name of a field
_TIMED_OUT = 408
_ADVICE = (
    "It is not called again automatically, because a second call costs its tokens again: rerun if"
    " needed, or set resubmit: WhenIdempotent"
)


class ModelOperation(Protocol):
    """One operation of models, such as a chat completion."""

    path: ClassVar[tuple[str, ...]]
    """The segments of its path."""
    parameters: ClassVar[tuple[Parameter, ...]]
    """The parameters of every deployment."""

    def check(self, job: Job) -> Sequence[Problem]:
        """Return the problems of a Job."""
        ...

    def body(self, request: SubmitRequest) -> JsonObject:
        """Return the body of the request."""
        ...

    def report(self, answer: JsonObject, job: Job) -> Report:
        """Return the result in the answer."""
        ...


class _TokenLimitRefused(PlatformRefused):
    """The model knows only the older name of the token limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCallConnector:
    """Runs calls of models; implements `JobConnector`."""

    api: OpenAIApi
    operation: Callable[[Job], ModelOperation]
    """Returns the operation of a Job."""
    describe_deployment: Callable[[str], ArtefactSchema]
    page: str | None
    """The address of the account's page in the portal."""
    refused: RefusalMapping = MODEL_REFUSALS
    """Maps the refusals of the service to errors."""
    _older: set[str] = field(default_factory=set[str])
    """The deployments that know only the older name of the token limit."""

    def submit(self, request: SubmitRequest) -> Submitted:
        """Call the model once; its answer ends the run."""
        operation = self.operation(request.job)
        problems = operation.check(request.job)
        if problems:
            raise Invalid(problems)
        deployment, body = request.job.external_id, operation.body(request)
        submitted: Submitted | None = None
        if deployment not in self._older:
            try:
                submitted = self._send(request, operation, body)
            except _TokenLimitRefused:
                self._older.add(deployment)
        return submitted or self._send(request, operation, _with_old_limit(body))

    def read(self, job: Job, external_run_id: str) -> Report:
        """Raise `RunNotFound`: the answer of the model is the end of the run."""
        raise RunNotFound("The model has answered; its service keeps no state of the call.")

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return no details: the service keeps nothing of a call."""
        return FailureDetails()

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Raise `CannotStop`: a call of a model cannot be stopped."""
        raise CannotStop("A call of a model cannot be stopped; it ends within minutes.")

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return the parameters of a deployment."""
        return self.describe_deployment(external_id)

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield nothing: the service lists no calls."""
        return iter(())

    def _send(
        self, request: SubmitRequest, operation: ModelOperation, body: JsonObject
    ) -> Submitted:
        name = request.job.external_id
        client = self.api.client
        single = SingleCall(
            client=client,
            request=request,
            name=name,
            outcome_advice=_ADVICE,
            # The service gives up while the model works, so the call has had its effect.
            accepts=lambda answer: answer.status == _TIMED_OUT,
        )
        call = replace(
            self.api.model_call(name, operation.path, body),
            headers={"x-ms-client-request-id": request.token},
            refused=_with_token_limit(self.refused, body),
        )

        def read(answer: Answer) -> Report:
            if answer.status == _TIMED_OUT:
                raise UnexpectedAnswer
            if not answer.is_whole:
                reason = f"{name} answered with more than {client.longest_answer}."
                return Report(status=ProviderStatus.SUCCESS, outputs_missing=reason)
            content = answer.json()
            if content is None:
                raise UnexpectedAnswer
            return operation.report(content, request.job)

        return Submitted(
            external_run_id=f"{name}/{request.token}",
            monitor_url=self.page,
            report=single.exchange(call, read),
        )


def _with_token_limit(refused: RefusalMapping, body: JsonObject) -> RefusalMapping:
    """Return a mapping that tells the refusal of the newer token limit from the others."""

    def mapping(refusal: Refusal) -> PolysyncError:
        error = refused(refusal)
        if TOKEN_LIMIT in body and refuses_token_limit(refusal):
            return _TokenLimitRefused(
                str(error), cause=FailureCause.PARAMETERS, status=refusal.status
            )
        return error

    return mapping


def _with_old_limit(body: JsonObject) -> JsonObject:
    limit = {_OLD_TOKEN_LIMIT: body[TOKEN_LIMIT]} if TOKEN_LIMIT in body else {}
    return {name: value for name, value in body.items() if name != TOKEN_LIMIT} | limit
