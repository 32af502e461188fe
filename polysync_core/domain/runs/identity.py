"""Creates and checks run ids, and derives the ids and submit tokens of attempts.

The id of a repeatable request's run is derived from the request. So a repeated request leads to
the same id, and the table refuses the second row.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from typing import NewType

from polysync_core.domain.errors import NotFound
from polysync_core.domain.json_types import JsonObject

RunId = NewType("RunId", str)
BackfillId = NewType("BackfillId", str)

_LENGTH = 26
MIN_PREFIX = 4
"""The minimum number of first characters that may replace a run id."""
_RUN_ID = re.compile(rf"r[a-z2-7]{{{_LENGTH - 1}}}")
_NUMBER = re.compile(r"[0-9]{1,20}")
"""The ids of Databricks' runs, which job keys of the AppKit surface start."""
_PREFIX = re.compile(rf"r[a-z2-7]{{{MIN_PREFIX - 1},{_LENGTH - 2}}}")


def _encoded(digest: bytes) -> RunId:
    text = base64.b32encode(digest).decode().rstrip("=").lower()
    return RunId("r" + text[:25])


def new_run_id() -> RunId:
    """Return a random id: 26 letters and digits, starting with `r`."""
    return _encoded(uuid.uuid4().bytes)


def derived_run_id(*parts: str) -> RunId:
    """Return the id derived from some parts; other parts give another id.

    The hash includes the length of each part, so `("ab", "c")` and `("a", "bc")` differ.
    """
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(4) + encoded)
    return _encoded(digest.digest())


def request_digest(content: JsonObject) -> str:
    """Return the digest that must be equal in all requests with one idempotency key."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def is_run_id(text: str) -> bool:
    """Return whether a text has the form of a complete run id."""
    return _RUN_ID.fullmatch(text) is not None


def parse_run_id(text: str) -> RunId:
    """Return a text as a run id, or raise `NotFound` for an impossible id."""
    if not is_run_id(text):
        raise NotFound("There is no task run of this id.")
    return RunId(text)


def parse_run_id_prefix(text: str) -> str:
    """Return a text as the first characters of a run id, or raise `NotFound`."""
    if _PREFIX.fullmatch(text) is None:
        raise NotFound(
            databricks_run_hint(text)
            or "There is no task run of this id: a run id begins with r and has "
            f"{_LENGTH} characters, of which the first {MIN_PREFIX} or more are enough."
        )
    return text


def databricks_run_hint(text: str) -> str | None:
    """Return a hint for a numeric id of a Databricks run; None for another text."""
    if _NUMBER.fullmatch(text) is None:
        return None
    return (
        "A number is the id of a run that only Databricks stores: "
        f"GET /api/jobs/JOB_KEY/runs/{text} shows its state, and the page at its run_page_url "
        "shows its errors and logs."
    )


def submit_token(run_id: RunId, attempt: int) -> str:
    """Return the idempotency token of an attempt for its platform: 64 hexadecimal digits.

    Two attempts never share a token, because a platform binds a token to its first run permanently.
    """
    return hashlib.sha256(f"{run_id}~{attempt}".encode()).hexdigest()


def instance_id(run_id: RunId, attempt: int) -> str:
    """Return the orchestration id of an attempt."""
    return f"{run_id}~{attempt}"


def completion_id(run_id: RunId) -> str:
    """Return the id of the orchestration that notifies a run's dependents on its own."""
    return f"{run_id}~end"
