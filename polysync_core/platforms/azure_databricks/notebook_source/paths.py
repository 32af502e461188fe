"""Checks and compares the paths of notebooks in a Databricks workspace."""

from __future__ import annotations

import unicodedata
from urllib.parse import unquote

from polysync_core.domain.definitions.jobs import hidden_character

MAX_PATH_LENGTH = 1024

_WORKSPACE = "/Workspace"
_DECODINGS = 3
"""The number of times that a careless server might decode a path."""


def path_problem(path: str) -> str | None:
    """Return the problem of a notebook path, or None.

    A name may hold any letter or sign, as in Databricks, but no control character.
    """
    if len(path) > MAX_PATH_LENGTH:
        return f"a notebook path has at most {MAX_PATH_LENGTH} characters"
    if not path.startswith("/"):
        return "must be the absolute workspace path of a notebook, such as /Shared/etl/load"
    hidden = hidden_character(path)
    if hidden is not None:
        return f"a notebook path must not contain {hidden}"
    if "\\" in path:
        return "a notebook path must not contain a backslash"
    if has_relative_part(path):
        return "a notebook path must not contain empty parts, '.' or '..', or end with a slash"
    return None


def normalised_path(path: str) -> str:
    """Return a path without `/Workspace`: both spellings name one object."""
    if path == _WORKSPACE or path.startswith(f"{_WORKSPACE}/"):
        return path[len(_WORKSPACE) :] or "/"
    return path


def is_below(path: str, folder: str) -> bool:
    """Return whether a path lies below a folder, in any spelling of both."""
    above = normalised_path(folder).rstrip("/") + "/"
    below = normalised_path(path)
    return len(below) > len(above) and below.startswith(above) and not has_relative_part(path)


def has_relative_part(path: str) -> bool:
    """Return whether a part of a path is empty or moves elsewhere, even if encoded."""
    return any(_is_navigation(part) for part in path.split("/")[1:])


def _is_navigation(part: str) -> bool:
    for _ in range(_DECODINGS):
        # Look-alikes of dots become dots in the form NFKC.
        if unicodedata.normalize("NFKC", part).strip() in {"", ".", ".."}:
            return True
        if "/" in part or "\\" in part:
            return True
        part = unquote(part)
    return False
