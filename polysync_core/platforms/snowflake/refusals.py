"""Maps the refusals of Snowflake and the codes of failed statements to remedies.

https://docs.snowflake.com/en/developer-guide/sql-api/reference#response-codes
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.json_types import text_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.calls import Refusal, RefusalMapping
from polysync_core.platforms.connector import ArtefactNotFound, RunNotFound
from polysync_core.platforms.refusal_rules import (
    ADDRESS_REMEDY,
    asks_to_try_later,
    blocks_address,
)

UNKNOWN_STATEMENT = "000709"
_CODE = re.compile(r"[0-9]{4,6}")
_MISSING = (
    "the procedure or its schema does not exist, or the role may not use it: grant the role USAGE"
    " on the database, the schema and the procedure, or import the platform's procedures again"
)
_ARGUMENTS = "the procedure does not accept these arguments: sync the job's parameters"
_WAREHOUSE = "no warehouse is active: set warehouse, and grant the role USAGE on it"
CODES: Mapping[str, tuple[FailureCause, str]] = {
    "002003": (FailureCause.SUBMIT, _MISSING),
    "002140": (FailureCause.SUBMIT, _MISSING),
    "002141": (FailureCause.SUBMIT, _MISSING),
    "002043": (FailureCause.SUBMIT, _MISSING),
    "001044": (FailureCause.PARAMETERS, _ARGUMENTS),
    "000606": (FailureCause.SUBMIT, _WAREHOUSE),
    "000604": (FailureCause.ARTEFACT, "the statement was cancelled"),
    "000630": (FailureCause.TIMEOUT, "the statement took longer than its time-out: raise it"),
}
"""The causes and remedies by the codes of Snowflake."""
_BY_STATUS = {
    403: "the user or its role lacks a permission, or a network policy blocks the app",
    404: "the account does not exist: check accountUrl",
}


def refused(refusal: Refusal) -> PolysyncError:
    """Return the error for a refusal, with its code and a known remedy."""
    if refusal.status != 404 and asks_to_try_later(refusal):
        return Unavailable(f"Snowflake is busy (status {refusal.status})")
    code = error_code(refusal)
    cause, remedy = CODES.get(code, (FailureCause.SUBMIT, _BY_STATUS.get(refusal.status)))
    if blocks_address(refusal):
        remedy = ADDRESS_REMEDY
    return _error(refusal, cause, remedy or "the answer gives no known reason")


def refused_call(names: Iterable[str]) -> RefusalMapping:
    """Return the mapping for the call of a procedure with arguments of these names."""
    given = ", ".join(names) or "none"

    def mapped(refusal: Refusal) -> PolysyncError:
        code = error_code(refusal)
        if code in CODES and CODES[code][0] is FailureCause.PARAMETERS:
            remedy = f"{_ARGUMENTS} (sent: {given})"
            return _error(refusal, FailureCause.PARAMETERS, remedy)
        if CODES.get(code, (None, ""))[1] == _MISSING:
            error = _error(refusal, FailureCause.SUBMIT, _MISSING)
            return ArtefactNotFound(str(error), cause=error.cause, status=refusal.status)
        return refused(refusal)

    return mapped


def refused_for_run(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a statement; a missing one is `RunNotFound`."""
    is_missing = refusal.status == 404 or error_code(refusal) == UNKNOWN_STATEMENT
    if is_missing and not blocks_address(refusal):
        return RunNotFound("Snowflake has no statement with this handle, or has deleted it")
    return refused(refusal)


def error_code(refusal: Refusal) -> str:
    """Return the code of an error, such as `002003`; empty if it has none."""
    code = text_in(refusal.body, "code")
    return code.zfill(6) if _CODE.fullmatch(code) else ""


def _error(refusal: Refusal, cause: FailureCause, remedy: str) -> PlatformRefused:
    code = error_code(refusal)
    code_text = f"code {code}, " if code else ""
    return PlatformRefused(
        f"Snowflake refused the statement ({code_text}status {refusal.status}): {remedy}",
        cause=cause,
        status=refusal.status,
    )
