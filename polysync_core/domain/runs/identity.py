"""The identity of runs and attempts.

A run that something may ask for twice has an id derived from what asked for it, so asking twice is
asking once: the table refuses the second row.
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

_RUN_ID = re.compile(r"r[a-z2-7]{25}")


def _encoded(digest: bytes) -> RunId:
    text = base64.b32encode(digest).decode().rstrip("=").lower()
    return RunId("r" + text[:25])


def new_run_id() -> RunId:
    """Return a random id: 26 letters and digits, starting with `r`."""
    return _encoded(uuid.uuid4().bytes)


def derived_run_id(*parts: str) -> RunId:
    """Return the one id of what the parts name; other parts give another id.

    Each part goes in with its length, so `("ab", "c")` and `("a", "bc")` differ.
    """
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(4) + encoded)
    return _encoded(digest.digest())


def request_digest(content: JsonObject) -> str:
    """Return what must be equal in two requests under one idempotency key."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def parse_run_id(text: str) -> RunId:
    """Return the id that a caller named, or raise `NotFound` where no run can have it."""
    if _RUN_ID.fullmatch(text) is None:
        raise NotFound("There is no task run of this id.")
    return RunId(text)


def attempt_token(run_id: RunId, attempt: int) -> str:
    """Return what identifies one attempt towards a platform: 64 hexadecimal digits.

    A token is never shared by two attempts: a platform binds it to its first run for good.
    """
    return hashlib.sha256(f"{run_id}~{attempt}".encode()).hexdigest()


def instance_id(run_id: RunId, attempt: int) -> str:
    """Return the id of the orchestration that carries one attempt."""
    return f"{run_id}~{attempt}"


def completion_id(run_id: RunId) -> str:
    """Return the id of the orchestration that tells a run's dependents where nothing else does."""
    return f"{run_id}~end"
