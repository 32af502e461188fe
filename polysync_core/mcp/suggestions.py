"""What a model may have meant by a name that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.mcp.answers import items_of, untrusted
from polysync_core.mcp.arguments import Arguments
from polysync_core.mcp.in_process_api import Api, ApiRefusal

_PAGE = 100
_MOST_PAGES = 5
"""Of names that are looked through; where there are more, the nearest may be missed."""
_MOST_SHOWN = 20
_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """A word in an argument that is none of the known ones."""

    field: str
    word: str
    known: Sequence[str]
    foreign: bool = False
    """Whether the known words are a platform's."""

    def problem(self) -> JsonObject:
        """Return what is wrong, and what there is instead."""
        told: JsonObject = {"path": self.field, "message": f"there is no '{self.word}'"}
        told["nearest"] = self._shown(nearest(self.word, self.known))
        if len(self.known) <= _MOST_SHOWN:
            told["allowed"] = self._shown(self.known)
        return told

    def _shown(self, words: Sequence[str]) -> JsonValue:
        return untrusted([*words]) if self.foreign else [*words]


class NoSuchChoice(Exception):
    """Arguments name what there is not."""

    def __init__(self, choices: Iterable[Choice]) -> None:
        super().__init__()
        self.choices = tuple(choices)


def nearest(word: str, known: Sequence[str]) -> list[str]:
    """Return the known words that are closest to a word, the closest first."""
    lowered = {each.lower(): each for each in reversed(known)}
    close = difflib.get_close_matches(word.lower(), lowered, n=_NEAREST, cutoff=0.5)
    return [lowered[each] for each in close]


async def missing_names(
    api: Api, refusal: ApiRefusal, arguments: Arguments, names: Mapping[str, str]
) -> list[Choice]:
    """Return the arguments whose name is not there, of those that name something.

    `names` are these, each with the path of the API that lists what there is.
    """
    if refusal.status != HTTPStatus.NOT_FOUND:
        return []
    given = arguments.model_dump(by_alias=True)
    found: list[Choice] = []
    for field, path in names.items():
        word = given.get(field)
        if isinstance(word, str):
            known = await _names(api, path)
            if word not in known:
                found.append(Choice(field, word, known))
    return found


async def _names(api: Api, path: str) -> list[str]:
    names: list[str] = []
    token: str | None = None
    for _ in range(_MOST_PAGES):
        page = await api.get(path, limit=_PAGE, continuationToken=token)
        names += [str(each["name"]) for each in items_of(page, "items")]
        given = page["continuationToken"]
        token = given if isinstance(given, str) else None
        if token is None:
            break
    return names
