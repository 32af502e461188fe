"""Maps error responses of Databricks to errors with a remedy."""

from __future__ import annotations

import re
from functools import wraps

from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.calls import Refusal, RefusalMapping
from polysync_core.platforms.connector import ArtefactNotFound, RunNotFound
from polysync_core.platforms.refusal_rules import (
    ADDRESS_REMEDY,
    asks_to_try_later,
    blocks_address,
)

_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
# The code is INVALID_PARAMETER_VALUE; the official SDK also matches the text.
_RUN_IS_GONE = re.compile(
    r"Run .{0,100} does not exist|Run: .{0,100} in job: .{0,100} doesn't exist"
)

_RUN_OF_TOKEN_IS_DELETED = re.compile(
    r"idempotency.{0,100}deleted|deleted.{0,100}idempotency", re.I | re.S
)

NOTEBOOK_MISSING = (
    "the notebook does not exist: it was moved or deleted, or the path is wrong;"
    " import the platform's notebooks again"
)
_REMEDIES = {
    "RESOURCE_DOES_NOT_EXIST": NOTEBOOK_MISSING,
    "DIRECTORY_NOT_FOUND": "the folder does not exist in the workspace: check defaultNotebookPath",
    "PERMISSION_DENIED": (
        "the identity lacks a permission: add it to the workspace's users or service principals,"
        " and grant it the notebook (Can Run) and the compute (Can Attach To, or cluster creation)"
    ),
    "INVALID_PARAMETER_VALUE": (
        "a value is invalid in this workspace: check the compute attributes of the platform and the"
        " notebook's path"
    ),
    "FEATURE_DISABLED": "the feature, such as serverless compute, is disabled: enable it",
    "QUOTA_EXCEEDED": "a quota of the workspace is exhausted: raise it or limit the runs",
    "MAX_NOTEBOOK_SIZE_EXCEEDED": "the notebook is too large to be exported: split it",
    "INVALID_STATE": "the object's current state does not allow the request",
}
_BY_STATUS = {
    403: _REMEDIES["PERMISSION_DENIED"],
    404: "it does not exist in this workspace: check the id",
}
_TRANSIENT = frozenset(
    {
        "ABORTED",
        "DEADLINE_EXCEEDED",
        "INTERNAL_ERROR",
        "REQUEST_LIMIT_EXCEEDED",
        "RESOURCE_EXHAUSTED",
        "TEMPORARILY_UNAVAILABLE",
    }
)
# The official clients repeat a call for these texts.
_IS_PASSING = re.compile(
    r"UnknownWorkerEnvironmentException|does not have any associated worker environment"
    r"|no worker environment|unknown worker environment|ClusterNotReadyException"
    r"|RPC token bucket limit has been exceeded|try a faster operation",
    re.IGNORECASE,
)
_PARAMETERS_DO_NOT_FIT = re.compile(
    r"\b(?:job|notebook|python|sql|jar|spark_submit|base)[ _](?:named[ _])?param(?:eter)?s?\b"
    r"|\bparameters?\b[^.;]{0,80}\b(?:undefined|not (?:defined|declared|found|allowed|supported))",
    re.IGNORECASE,
)


def error_code(refusal: Refusal) -> str:
    """Return the `error_code` of a refusal, or an empty text."""
    code = refusal.body.get("error_code")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def says_run_is_gone(refusal: Refusal) -> bool:
    """Return whether a call was refused because its run does not exist."""
    message = refusal.body.get("message")
    gone = isinstance(message, str) and _RUN_IS_GONE.search(message[:1000]) is not None
    return gone or refusal.status == 404 or error_code(refusal) == "RESOURCE_DOES_NOT_EXIST"


def run_of_token_is_gone(refusal: Refusal) -> PlatformRefused | None:
    """Return the error for a submit whose token belongs to a deleted run, or None."""
    message = refusal.body.get("message")
    if not isinstance(message, str) or not _RUN_OF_TOKEN_IS_DELETED.search(message[:1000]):
        return None
    return PlatformRefused(
        "the run of this attempt was deleted in Databricks: start a new run",
        cause=FailureCause.LOST,
        status=refusal.status,
    )


def refused(refusal: Refusal) -> PolysyncError:
    """Return the error for a refusal, with its code and a known remedy."""
    code = error_code(refusal)
    code_text = f"{code}, " if code else ""
    if is_temporary(refusal):
        return Unavailable(f"Databricks is busy ({code_text}status {refusal.status})")
    remedy = (
        _REMEDIES.get(code) or _BY_STATUS.get(refusal.status) or "the answer gives no known reason"
    )
    if blocks_address(refusal):
        remedy = ADDRESS_REMEDY
    return PlatformRefused(
        f"Databricks refused the request ({code_text}status {refusal.status}): {remedy}",
        cause=FailureCause.SUBMIT,
        status=refusal.status,
    )


def is_temporary(refusal: Refusal) -> bool:
    """Return whether the same request may succeed later; its status may be 400."""
    return (
        error_code(refusal) in _TRANSIENT
        or _IS_PASSING.search(refusal.text) is not None
        or asks_to_try_later(refusal)
    )


def unless_temporary(mapping: RefusalMapping) -> RefusalMapping:
    """Return a mapping that applies to lasting refusals only."""

    @wraps(mapping)
    def judged(refusal: Refusal) -> PolysyncError:
        return refused(refusal) if is_temporary(refusal) else mapping(refusal)

    return judged


def needing(permission: str, mapping: RefusalMapping) -> RefusalMapping:
    """Return a mapping that names the permission of a call if the identity lacks it."""

    def judged(refusal: Refusal) -> PolysyncError:
        error = mapping(refusal)
        is_denied = refusal.status == 403 and not blocks_address(refusal)
        if not is_denied or not isinstance(error, PlatformRefused):
            return error
        code = error_code(refusal)
        code_text = f"{code}, " if code else ""
        return PlatformRefused(
            f"Databricks refused the request ({code_text}status 403): the identity lacks a"
            f" permission: grant it {permission}",
            cause=error.cause,
            status=refusal.status,
        )

    return judged


@unless_temporary
def _refused_for_folder(refusal: Refusal) -> PolysyncError:
    missing = refusal.status == 404 or error_code(refusal) == "RESOURCE_DOES_NOT_EXIST"
    if not missing or blocks_address(refusal):
        return refused(refusal)
    return PlatformRefused(
        f"Databricks refused the request (status {refusal.status}):"
        f" {_REMEDIES['DIRECTORY_NOT_FOUND']}",
        cause=FailureCause.SUBMIT,
        status=refusal.status,
    )


refused_for_folder = needing("Can Read on the folder", _refused_for_folder)
"""Maps the refusals of calls about a folder of the workspace."""


def refused_for_run(run_id: str) -> RefusalMapping:
    """Return the mapping for calls about one run; a missing run is `RunNotFound`."""

    @unless_temporary
    def mapping(refusal: Refusal) -> PolysyncError:
        if says_run_is_gone(refusal):
            return RunNotFound(f"Databricks does not know the run {run_id}")
        return refused(refusal)

    return mapping


@unless_temporary
def refused_for_repair(refusal: Refusal) -> PolysyncError:
    """Return the error for the repair of a run."""
    if says_run_is_gone(refusal):
        return PlatformRefused(
            "Databricks does not know the failed run any more, so it cannot be repaired: start a"
            " new run",
            cause=FailureCause.SUBMIT,
            status=refusal.status,
        )
    if refusal.status in {400, 409} and not blocks_address(refusal):
        return PlatformRefused(
            "Databricks refused to repair the run: it is active, too old, or its job has changed;"
            " start a new run",
            cause=FailureCause.SUBMIT,
            status=refusal.status,
        )
    return refused(refusal)


@unless_temporary
def refused_for_notebook(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a notebook."""
    error = refused(refusal)
    if error_code(refusal) != "RESOURCE_DOES_NOT_EXIST" or blocks_address(refusal):
        return error
    return ArtefactNotFound(str(error), cause=FailureCause.SUBMIT, status=refusal.status)


@unless_temporary
def refused_for_pipeline(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a pipeline."""
    if refusal.status == 409:
        return PlatformRefused(
            "the pipeline already has an active update: limit its runs to one with a concurrency"
            " profile, and check for other callers",
            cause=FailureCause.CONTENTION_REJECTED,
            status=refusal.status,
        )
    if refusal.status == 404:
        return ArtefactNotFound(
            "the workspace has no pipeline with this id: it was deleted, or the id is wrong;"
            " import the platform's pipelines again",
            cause=FailureCause.SUBMIT,
            status=refusal.status,
        )
    return refused(refusal)


@unless_temporary
def refused_for_update(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about an update; a missing update is `RunNotFound`."""
    if refusal.status == 404:
        return RunNotFound("Databricks does not know this update of the pipeline")
    return refused(refusal)


@unless_temporary
def refused_for_job(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about one job."""
    message = refusal.body.get("message")
    gone = isinstance(message, str) and "does not exist" in message and "Job" in message
    if not gone and refusal.status == 400 and _PARAMETERS_DO_NOT_FIT.search(refusal.text):
        return PlatformRefused(
            "the job does not accept these parameters: import the job's parameters again, or choose"
            " another sendParametersAs",
            cause=FailureCause.PARAMETERS,
            status=refusal.status,
        )
    if not gone and refusal.status != 404:
        return refused(refusal)
    return ArtefactNotFound(
        "the workspace has no job with this id: it was deleted, or the id is wrong;"
        " import the platform's jobs again",
        cause=FailureCause.SUBMIT,
        status=refusal.status,
    )
