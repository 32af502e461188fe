"""What a path in a Databricks workspace looks like."""

from __future__ import annotations

import re

from polysync_core.outbound.urls import deceptive_character

LONGEST_PATH = 1024

_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")


def path_problem(path: str) -> str | None:
    """Say why a text cannot be the path of a notebook; None where it can.

    Letters of any script are fine, as Databricks has them; what only looks like a path is not.
    """
    if len(path) > LONGEST_PATH:
        return f"a notebook's path has at most {LONGEST_PATH} characters"
    if not path.startswith("/"):
        return "a notebook is named by its absolute workspace path, such as /Shared/etl/load"
    deceptive = deceptive_character(path)
    if deceptive is not None:
        return f"a notebook's path holds no {deceptive.removeprefix('the ')}"
    if any(mark in path for mark in "\\?#") or _ENCODED.search(path):
        return "a notebook's path is written plainly: no backslash, '?', '#' or percent-encoding"
    parts = path.split("/")[1:]
    if any(part.strip() in {"", ".", ".."} for part in parts):
        return "a notebook's path has no empty part, no '.' and no '..', and no slash at its end"
    return None
