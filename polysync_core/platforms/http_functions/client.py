"""Calls an HTTP function once, and polls the status URL in the response."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import PolysyncError, Unavailable
from polysync_core.domain.json_types import JsonObject
from polysync_core.outbound.call_budget import read_retry_after
from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.urls import OwnAddress
from polysync_core.platforms.calls import Call, Refusal, RefusalMapping
from polysync_core.platforms.connector import (
    OutcomeUnknown,
    ProviderStatus,
    Report,
    RunNotFound,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.http_functions.outputs import outputs_of, text_outputs
from polysync_core.platforms.http_functions.refusals import FunctionRefusals
from polysync_core.platforms.http_functions.single_call import SingleCall
from polysync_core.platforms.http_functions.states import (
    ACCEPTED,
    ends_orchestration,
    is_final_answer,
    link_in,
    run_id_of,
    status_report,
)
from polysync_core.platforms.platform_client import PlatformClient

_ADVICE = (
    "It is not called again automatically: check its work, and rerun if needed. A function with"
    " long work should answer 202 with a status address, and an idempotent one may have the job's"
    " setting resubmit: WhenIdempotent"
)

_SHORT = "answer with a link to the data instead"


def call_once(
    client: PlatformClient, call: Call, request: SubmitRequest, *, name: str, now: Clock
) -> Submitted:
    """Call a function at most once for an attempt."""
    return exchange_once(
        client, call, request, name, lambda answer: _submitted(answer, client, request, name, now)
    )


def exchange_once[T](
    client: PlatformClient,
    call: Call,
    request: SubmitRequest,
    name: str,
    read: Callable[[Answer], T],
) -> T:
    """Call a function at most once and return the answer that `read` decodes."""
    repeats = request.job.may_run_twice
    single = SingleCall(
        client=client,
        request=request,
        name=name,
        outcome_advice=_ADVICE,
        accepts=ends_orchestration,
    )
    # The code of a function may answer 503 itself.
    once = replace(
        call,
        busy_proves_not_started=False,
        refused=_unless_starting(call.refused) if repeats else call.refused,
    )
    return single.exchange(once, read)


def _unless_starting(mapping: RefusalMapping | None) -> RefusalMapping | None:
    """Return a mapping that treats an empty 404 as temporary: a starting app may answer so."""
    if mapping is None:
        return None

    def judged(refusal: Refusal) -> PolysyncError:
        if refusal.status == 404 and not refusal.text:
            return Unavailable(f"{refusal.host} does not know the function yet", status=404)
        return mapping(refusal)

    return judged


def poll(
    client: PlatformClient, address: OwnAddress, job: Job, *, refused: FunctionRefusals, now: Clock
) -> Report:
    """Return the state of the work at a status address."""
    return client.exchange(
        poll_call(address, refused), lambda answer: status_report(answer, job, now)
    )


def poll_call(address: OwnAddress, refused: FunctionRefusals) -> Call:
    """Return the call that reads a status address; missing work is `RunNotFound`."""

    def mapping(refusal: Refusal) -> PolysyncError:
        if refusal.status in {404, 410}:
            return RunNotFound("The function has no work with this id.")
        return refused(refusal)

    return Call(
        method="GET",
        segments=address.segments,
        query=address.query,
        repeatable=True,
        refused=mapping,
        accepts=is_final_answer,
    )


def _submitted(
    answer: Answer, client: PlatformClient, request: SubmitRequest, name: str, now: Clock
) -> Submitted:
    too_long = f"{name} answered with more than {client.longest_answer}"
    link = link_in(answer, client.base.url)
    if link is not None:
        return Submitted(
            external_run_id=_id_of_work(link, client.base, name),
            report=Report(
                status=ProviderStatus.STARTING,
                retry_after=read_retry_after(answer.retry_after, now()),
            ),
        )
    if answer.status == ACCEPTED:
        if not answer.is_whole:
            raise OutcomeUnknown(f"{too_long}, and its work continues. Check it on the platform.")
        if answer.content.strip() and answer.json() is None:
            raise OutcomeUnknown(
                f"The work of {name} continues, but its answer cannot be read."
                " Check it on the platform."
            )
    run_id = f"{name}/{request.token}"
    if ends_orchestration(answer):
        return Submitted(external_run_id=run_id, report=status_report(answer, request.job, now))
    return Submitted(
        external_run_id=run_id,
        report=Report(
            status=ProviderStatus.SUCCESS,
            provider_state=str(answer.status),
            outputs=_outputs(answer, request.job) if answer.is_whole else {},
            outputs_missing=None
            if answer.is_whole
            else f"{too_long}, so its outputs are missing: {_SHORT}.",
        ),
    )


def _id_of_work(link: str, base: BaseAddress, name: str) -> str:
    run_id = run_id_of(link, base.url)
    if run_id is None:
        raise OutcomeUnknown(
            f"The work of {name} continues, but its status address is too long or not on the host"
            f" {base.host}, so it is not polled. Check it on the platform."
        )
    return run_id


def _outputs(answer: Answer, job: Job) -> JsonObject:
    value = answer.value()
    if value is None and answer.content.strip() != b"null":
        return text_outputs(answer.content.decode(errors="replace"))
    return outputs_of(value, job)
