"""Finds the definitions that refer to a given definition, by planning its deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polysync.errors import ApiProblem

if TYPE_CHECKING:
    from polysync_core.cli.api.client import ApiClient
    from polysync_core.domain.json_types import JsonObject

_FORBIDDEN = 403
_CONFLICT = 409


def planned_delete(api: ApiClient, path: str, name: str) -> JsonObject:
    """Return the plan of a delete, which names its consequences.

    Raises:
        ApiProblem: there is no such object, or others refer to it.
    """
    return api.delete(path, name, query={"dryRun": "true"})


def referrers(api: ApiClient, path: str, name: str) -> list[str] | None:
    """Return the definitions that refer to an object; None if the caller may not know them."""
    try:
        planned_delete(api, path, name)
    except ApiProblem as problem:
        if problem.status == _CONFLICT:
            return [each.path or each.message for each in problem.errors]
        if problem.status == _FORBIDDEN:
            # Only an administrator may plan a delete; the rest of the description stays useful.
            return None
        raise
    return []
