"""Checks the path of a notebook in a workspace."""

from __future__ import annotations

import re

from polysync_core.outbound.urls import deceptive_character

MAX_PATH_LENGTH = 1024

_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")


def path_problem(path: str) -> str | None:
    """Return the problem of a notebook path, or None.

    Letters of any script are allowed, as in Databricks; deceptive characters are not.
    """
    if len(path) > MAX_PATH_LENGTH:
        return f"a notebook path has at most {MAX_PATH_LENGTH} characters"
    if not path.startswith("/"):
        return "must be the absolute workspace path of a notebook, such as /Shared/etl/load"
    deceptive = deceptive_character(path)
    if deceptive is not None:
        return f"a notebook path must not contain {deceptive}"
    if any(character in path for character in "\\?#") or _ENCODED.search(path):
        return "a notebook path must not contain a backslash, '?', '#' or percent-encoding"
    parts = path.split("/")[1:]
    if any(part.strip() in {"", ".", ".."} for part in parts):
        return "a notebook path must not contain empty parts, '.' or '..', or end with a slash"
    return None
