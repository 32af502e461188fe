"""Starts, polls and stops HttpJob runs by the HTTP calls in the Job's settings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.urls import url
from polysync_core.platforms.calls import (
    Call,
    RefusalMapping,
    UnexpectedAnswer,
)
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
from polysync_core.platforms.http_service.answers import first_value_at, value_at, word_of
from polysync_core.platforms.http_service.path_templates import PathTemplate
from polysync_core.platforms.http_service.refusals import refused_for_run, refused_submit
from polysync_core.platforms.http_service.settings import (
    HttpCall,
    HttpJobSettings,
    ReadCall,
    url_uses_parameters,
    words_by_status,
)
from polysync_core.platforms.http_service.templates import (
    PARAMETERS,
    Values,
    fill_json,
    fill_text,
    parameter_placeholder,
)
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.values import as_json

_MAX_ID = 512
_STATUSES: Mapping[str, ProviderStatus] = {
    "succeeded": ProviderStatus.SUCCESS,
    "failed": ProviderStatus.FAILED,
    "cancelled": ProviderStatus.CANCELLED,
    "running": ProviderStatus.RUNNING,
    "starting": ProviderStatus.STARTING,
}


@dataclass(frozen=True, slots=True)
class HttpJobConnector:
    """Runs Jobs of the type HttpJob."""

    client: PlatformClient

    def submit(self, request: SubmitRequest) -> Submitted:
        """Start a run; without `read` in the settings, the answer is the result."""
        settings = HttpJobSettings.of(request.job)
        submit = settings.submit
        may_repeat = submit.one_run_per_token or request.job.may_run_twice
        if request.is_resend and not may_repeat:
            raise OutcomeUnknown(
                "the service may have started the run, and cannot be asked: set"
                " submit.oneRunPerToken if it starts one run for each token"
            )
        values = _values_of(request)
        _refuse_secrets_in_address(submit, request)
        call = _call(submit, values, repeatable=submit.one_run_per_token, refused=refused_submit)
        if settings.read is None:
            return self.client.exchange(call, lambda answer: _result(answer, settings, request))
        if submit.chooses_run_id:
            call = replace(call, accepts=_has_status(submit.exists_statuses))
            run_id = fill_text(submit.run_id or "", values)
            self.client.exchange(call, lambda _: None)
        else:
            run_id = self.client.execute(call, lambda answer: _run_id(answer, submit.run_id))
        return Submitted(external_run_id=run_id, monitor_url=self._monitor_url(request.job, run_id))

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run."""
        settings = HttpJobSettings.of(job)
        if settings.read is None:
            raise RunNotFound("The Job has no call that reads a run.")
        read = settings.read
        call = self._call_about(job, external_run_id, read, reads=True)
        return self.client.execute(call, lambda answer: _report(answer, settings, read))

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Ask the service to stop a run; a refusal counts only while the run is active."""
        cancel = HttpJobSettings.of(job).cancel
        if cancel is None:
            raise CannotStop("The Job has no call that stops a run: add settings.cancel.")
        call = self._call_about(job, external_run_id, cancel, reads=False)
        try:
            self.client.exchange(call, lambda _: None)
        except PlatformRefused as refusal:
            if refusal.cause is not FailureCause.SUBMIT:
                raise
            if not self.read(job, external_run_id).status.is_final:
                raise

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return no details: the service has no such call."""
        return FailureDetails()

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return no parameters: the service does not describe its artefacts."""
        return ArtefactSchema(parameters=(), complete=False)

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield nothing: the service has no list."""
        return iter(())

    def _call_about(self, job: Job, run_id: str, call: HttpCall, *, reads: bool) -> Call:
        read = HttpJobSettings.of(job).read
        refused = refused_for_run(() if read is None else read.missing_statuses)
        values: Values = {"externalId": job.external_id, "runId": run_id}
        try:
            # Every call about a run can be repeated: it changes nothing but the state of the run.
            made = _call(call, values, repeatable=True, refused=refused, effect=not reads)
            url("", *made.segments)
        except (Invalid, PlatformRefused):
            # The service has given no such id.
            made = None
        if made is None or not run_id:
            raise RunNotFound("The service has no run with this id.")
        return made

    def _monitor_url(self, job: Job, run_id: str) -> str | None:
        path = HttpJobSettings.of(job).monitor_path
        if path is None:
            return None
        values: Values = {"externalId": job.external_id, "runId": run_id}
        return url(self.client.base.url, *PathTemplate(path).segments(values))


def _values_of(request: SubmitRequest) -> Values:
    job = request.job
    given = as_json(request.parameters, job.parameters)
    return {
        "externalId": job.external_id,
        "token": request.token,
        "runName": request.run_name,
        PARAMETERS: given,
        **{parameter_placeholder(name): value for name, value in given.items()},
    }


def _refuse_secrets_in_address(call: HttpCall, request: SubmitRequest) -> None:
    """Raise if a value of an address is a secret: addresses stand in logs of servers."""
    used = set(url_uses_parameters(call))
    for name, value in request.parameters.items():
        if isinstance(value, Secret) and used & {PARAMETERS, parameter_placeholder(name)}:
            raise PlatformRefused(
                f"the parameter {name} is a secret, and the call sends it in its address: send it"
                " in a header or in the body",
                cause=FailureCause.PARAMETERS,
            )


def _call(
    call: HttpCall,
    values: Values,
    *,
    repeatable: bool,
    refused: RefusalMapping,
    effect: bool | None = True,
) -> Call:
    path = PathTemplate(call.path)
    return Call(
        method=call.method.value,
        segments=path.segments(values),
        ending="/" if path.ends_with_slash else "",
        query={name: fill_text(text, values) for name, text in call.query.items()} or None,
        headers={name: _header(text, values) for name, text in call.headers.items()} or None,
        body=None if call.body is None else fill_json(call.body, values),
        repeatable=repeatable,
        effect=effect,
        refused=refused,
    )


def _header(text: str, values: Values) -> str:
    filled = fill_text(text, values)
    if not filled.isascii() or any(not " " <= character < "\x7f" for character in filled):
        raise PlatformRefused(
            "a header holds a character that no header has: send the value in the body",
            cause=FailureCause.PARAMETERS,
        )
    return filled


def _has_status(statuses: Collection[int]) -> Callable[[Answer], bool]:
    return lambda answer: answer.status in statuses


def _run_id(answer: JsonObject, path: str | None) -> str:
    found = value_at(answer, path)
    text = str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
    if not text or len(text) > _MAX_ID or text in {".", ".."} or not text.isprintable():
        raise UnexpectedAnswer
    return text


def _result(answer: Answer, settings: HttpJobSettings, request: SubmitRequest) -> Submitted:
    content = answer.json()
    if content is None and settings.outputs:
        raise UnexpectedAnswer
    found = value_at(content or {}, settings.submit.run_id)
    run_id = found if isinstance(found, str) and found else request.token
    outputs = _outputs(content or {}, settings)
    report = Report(
        status=ProviderStatus.SUCCESS, provider_state=str(answer.status), outputs=outputs
    )
    return Submitted(external_run_id=run_id[:_MAX_ID], report=report)


def _report(answer: JsonObject, settings: HttpJobSettings, read: ReadCall) -> Report:
    word = word_of(first_value_at(answer, read.status))
    if word is None:
        raise UnexpectedAnswer
    status = next(
        (_STATUSES[name] for name, listed in words_by_status(read.words).items() if word in listed),
        ProviderStatus.UNKNOWN,
    )
    succeeded = status is ProviderStatus.SUCCESS
    message = value_at(answer, read.message)
    return Report(
        status=status,
        provider_state=shortened_line(word) or "",
        message=message if isinstance(message, str) and not succeeded else None,
        outputs=_outputs(answer, settings) if succeeded else {},
    )


def _outputs(answer: JsonObject, settings: HttpJobSettings) -> Mapping[str, JsonValue]:
    paths = settings.outputs or {}
    found = {name: value_at(answer, path) for name, path in paths.items()}
    return {name: value for name, value in found.items() if value is not None}
