"""Calling a function once, and following what it goes on with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import PolysyncError, Uncertain
from polysync_core.domain.json_types import JsonObject
from polysync_core.outbound.call_budget import CallBudget, read_retry_after
from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.urls import OwnAddress
from polysync_core.platforms.calls import Call, Refusal
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
from polysync_core.platforms.http_functions.states import (
    ACCEPTED,
    link_in,
    run_id_of,
    status_report,
)
from polysync_core.platforms.platform_client import PlatformClient

LONGEST_CALL = 230.0
"""Seconds that a call may take: the front end of Azure Functions ends it then."""
IDEMPOTENCY_KEY = "Idempotency-Key"
"""The header with the attempt's token, the same whenever the attempt is sent."""

_PATIENCE = CallBudget(total=LONGEST_CALL + 10, read=LONGEST_CALL, attempts=1)
_ADVICE = (
    "It is not called again by itself: look whether its work was done, and rerun if it was not."
    " Work that takes long should answer 202 with a status address"
)

_SHORT = "answer with the place of the data instead"


def call_once(
    client: PlatformClient, call: Call, request: SubmitRequest, *, name: str, now: Clock
) -> Submitted:
    """Call a function for an attempt, and never a second time."""
    return answered_once(
        client, call, request, name, lambda answer: _submitted(answer, client, request, name, now)
    )


def answered_once[T](
    client: PlatformClient,
    call: Call,
    request: SubmitRequest,
    name: str,
    read: Callable[[Answer], T],
) -> T:
    """Return what `read` makes of the answer to a call that must not be made twice.

    Only a refusal, or a connection that was never made, proves that nothing was done; in any
    other doubt it raises `OutcomeUnknown`.
    """
    if request.is_resend:
        raise OutcomeUnknown(f"{name} may have been called. {_ADVICE}.")
    once = replace(
        call,
        headers={**(call.headers or {}), IDEMPOTENCY_KEY: request.token},
        repeatable=False,
        # Whatever the method: what a function does is its own affair, and so is a 503.
        effect=True,
        busy_is_unstarted=False,
        head_is_enough=True,
        budget=_PATIENCE,
    )
    try:
        return client.exchange(once, read)
    except OutcomeUnknown:
        raise
    except Uncertain:
        message = f"{name} was called, and there is no answer to be relied on."
    raise OutcomeUnknown(f"{message} {_ADVICE}.")


def look(
    client: PlatformClient, address: OwnAddress, job: Job, *, refused: FunctionRefusals, now: Clock
) -> Report:
    """Return what a status address says of the work."""

    def mapping(refusal: Refusal) -> PolysyncError:
        if refusal.status in {404, 410}:
            return RunNotFound("The function does not know of this work (any more).")
        return refused(refusal)

    call = Call(
        method="GET",
        segments=address.segments,
        query=address.query,
        repeatable=True,
        refused=mapping,
    )
    return client.exchange(call, lambda answer: status_report(answer, job, now))


def _submitted(
    answer: Answer, client: PlatformClient, request: SubmitRequest, name: str, now: Clock
) -> Submitted:
    too_long = f"{name} has answered with more than {client.most}"
    if answer.status == ACCEPTED:
        link = link_in(answer, client.base.url)
        if link is not None:
            return Submitted(
                external_run_id=_id_of_work(link, client.base, name),
                report=Report(
                    status=ProviderStatus.STARTING,
                    retry_after=read_retry_after(answer.retry_after, now()),
                ),
            )
        if not answer.is_whole:
            raise OutcomeUnknown(f"{too_long}, and goes on with its work. Look at it there.")
        if answer.content.strip() and answer.json() is None:
            raise OutcomeUnknown(
                f"{name} goes on with its work, and its answer cannot be read. Look at it there."
            )
    return Submitted(
        external_run_id=f"{name}/{request.token}",
        report=Report(
            status=ProviderStatus.SUCCESS,
            provider_state=str(answer.status),
            outputs=_outputs(answer, request.job) if answer.is_whole else {},
            outputs_missing=None
            if answer.is_whole
            else f"{too_long}, which is not kept: {_SHORT}.",
        ),
    )


def _id_of_work(link: str, base: BaseAddress, name: str) -> str:
    run_id = run_id_of(link, base.url)
    if run_id is None:
        raise OutcomeUnknown(
            f"{name} goes on with its work, and names a status address that is not on"
            f" its own host {base.host}, or too long: it is not followed. Look at it there."
        )
    return run_id


def _outputs(answer: Answer, job: Job) -> JsonObject:
    value = answer.value()
    if value is None and answer.content.strip() != b"null":
        return text_outputs(answer.content.decode(errors="replace"))
    return outputs_of(value, job)
