"""What a model may have meant by a name that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from polysync_core.domain.json import JsonObject
from polysync_core.mcp.arguments import Arguments
from polysync_core.mcp.asking import Api, ApiRefusal

_PAGE = 100
_MOST_PAGES = 5
"""Of names that are looked through; where there are more, the nearest may be missed."""
_MOST_SHOWN = 20
_NEAREST = 3


def nearest(word: str, known: Sequence[str]) -> list[str]:
    """Return the known words that are closest to a word, the closest first."""
    lowered = {each.lower(): each for each in reversed(known)}
    close = difflib.get_close_matches(word.lower(), lowered, n=_NEAREST, cutoff=0.5)
    return [lowered[each] for each in close]


def choice(field: str, word: str, known: Sequence[str]) -> JsonObject:
    """Return what is wrong with a word that is none of the known ones."""
    problem: JsonObject = {"path": field, "message": f"there is no '{word}'"}
    problem["nearest"] = list(nearest(word, known))
    if len(known) <= _MOST_SHOWN:
        problem["allowed"] = list(known)
    return problem


async def missing_names(
    api: Api, refusal: ApiRefusal, arguments: Arguments, names: Mapping[str, str]
) -> dict[str, JsonObject]:
    """Return, for each argument whose name is not there, what could have been meant.

    `names` are the arguments that name something, with the path that lists what there is.
    """
    if refusal.status != HTTPStatus.NOT_FOUND:
        return {}
    found: dict[str, JsonObject] = {}
    for field, path in names.items():
        word = arguments.model_dump(by_alias=True).get(field)
        if isinstance(word, str):
            known = await _names(api, path)
            if word not in known:
                found[field] = choice(field, word, known)
    return found


async def _names(api: Api, path: str) -> list[str]:
    names: list[str] = []
    token: str | None = None
    for _ in range(_MOST_PAGES):
        page = await api.get(path, limit=_PAGE, continuationToken=token)
        items = page.get("items")
        for each in items if isinstance(items, list) else ():
            if isinstance(each, dict):
                names.append(str(each["name"]))
        given = page.get("continuationToken")
        token = given if isinstance(given, str) else None
        if token is None:
            break
    return names
