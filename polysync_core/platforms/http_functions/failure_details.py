"""Reads the failure reason of a function call from the call's status URL."""

from __future__ import annotations

from polysync_core.domain.runs.failures.details import FailureDetail, FailureDetails
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.urls import OwnAddress
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.http_functions.client import poll_call
from polysync_core.platforms.http_functions.refusals import FunctionRefusals
from polysync_core.platforms.http_functions.states import reason_in
from polysync_core.platforms.platform_client import PlatformClient


def answered_failure(
    client: PlatformClient, address: OwnAddress, refused: FunctionRefusals
) -> FailureDetails:
    """Return the reason and the body at a status address; raises `RunNotFound`."""
    return client.exchange(poll_call(address, refused), _failure)


def _failure(answer: Answer) -> FailureDetails:
    found = answer.json()
    if found is None:
        raise UnexpectedAnswer
    body = answer.content.decode(errors="replace")
    return FailureDetails(parts=(FailureDetail(error=reason_in(found) or "", trace=body),))
