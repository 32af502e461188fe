"""Maps error responses of Microsoft Fabric to errors with a remedy."""

from __future__ import annotations

import re

from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.answer_messages import quote_answer, refusal_in
from polysync_core.platforms.azure.refusals import AzureRefusals, error_code
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import RunNotFound

CAPACITY_IS_FULL = (
    "the capacity of the workspace is at its limit: run fewer items at the same time, retry later,"
    " or choose a larger capacity"
)
_SERVICE = "Microsoft Fabric"
_PERMISSION = (
    "give it the role Contributor in the workspace, and let a Fabric administrator allow service"
    " principals to call Fabric public APIs in the tenant settings"
)
_ROLE = f"the identity lacks a permission: {_PERMISSION}"
_WORKSPACE = "no workspace has this id, or the identity has no role in it: check fabricWorkspaceId"
_PAUSED = "the capacity of the workspace is paused or missing: resume it, or assign another one"
ITEM_MISSING = (
    "the workspace has no item with this id that the identity can see: it was deleted, or belongs"
    " to another workspace; import the platform's items again"
)
_START_REFUSED = (
    "the item does not accept the request: compare the Job's parameters and their types with the"
    " item, and sync them"
)
_REFUSALS = AzureRefusals(
    service=_SERVICE,
    permission=_PERMISSION,
    remedies={
        "CapacityNotActive": _PAUSED,
        "Forbidden": _ROLE,
        "InsufficientPrivileges": _ROLE,
        "InsufficientWorkspaceRole": _ROLE,
        "InvalidJobType": "the item is of another type than the Job: import it again",
        "MissingMinimalPermissions": _ROLE,
        "OperationNotSupportedForItem": (
            "the definition cannot be read, such as of an item with a protected sensitivity label:"
            " declare the parameters by hand"
        ),
        "PrincipalTypeNotSupported": (
            "Fabric does not accept a service principal or a managed identity for this call: run"
            " the item from a Fabric pipeline instead"
        ),
        "WorkspaceNotFound": _WORKSPACE,
    },
)
_WORKSPACE_IS_GONE = frozenset({"WorkspaceNotFound"})
_CAPACITY_CODES = frozenset({"CapacityLimitExceeded", "TooManyRequestsForCapacity"})
_SPARK_LIMIT = 430
"""The status for a Spark job that exceeds the limits of its capacity."""
_CAPACITY = re.compile(r"\b(?:TooManyRequestsForCapacity|CapacityLimitExceeded)\b")


def says_capacity_is_full(text: str) -> bool:
    """Return whether a text of Fabric says that the capacity is at its limit."""
    return _CAPACITY.search(text) is not None


def is_capacity_limit(answer: Answer) -> bool:
    """Return whether an answer refuses work because the capacity is at its limit."""
    return answer.status == _SPARK_LIMIT or (
        400 <= answer.status < 500 and error_code(answer.json() or {}) in _CAPACITY_CODES
    )


def capacity_error(answer: Answer, host: str) -> PolysyncError:
    """Return the error for a start that the limit of the capacity refuses."""
    code = error_code(refusal_in(answer, host).body)
    code_text = f"{code}, " if code else ""
    error = PlatformRefused(
        f"{_SERVICE} refused the run ({code_text}status {answer.status}): {CAPACITY_IS_FULL}",
        cause=FailureCause.CONTENTION_REJECTED,
        status=answer.status,
    )
    quote_answer(error, answer)
    return error


def refused(refusal: Refusal, remedy: str | None = None) -> PolysyncError:
    """Return the error for a refusal, with a more specific remedy of the call."""
    if refusal.body.get("isRetriable") is True:
        return Unavailable(f"{_SERVICE} is busy (status {refusal.status})")
    return _REFUSALS.error(refusal, remedy)


def refused_for_item(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about an item."""
    if refusal.status == 404 and error_code(refusal.body) not in _WORKSPACE_IS_GONE:
        return _REFUSALS.missing(refusal, ITEM_MISSING)
    return refused(refusal)


def refused_for_start(refusal: Refusal) -> PolysyncError:
    """Return the error for the start of an item."""
    if refusal.status == 400 and error_code(refusal.body) not in _REFUSALS.remedies:
        return refused(refusal, _START_REFUSED)
    return refused_for_item(refusal)


def refused_for_run(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a run; a missing run is `RunNotFound`."""
    if refusal.status == 404 and error_code(refusal.body) not in _WORKSPACE_IS_GONE:
        return RunNotFound(f"{_SERVICE} has no run with this id")
    return refused(refusal)
