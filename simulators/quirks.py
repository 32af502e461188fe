"""Switches rare, poorly documented behaviours of real services on and off in simulators.

A simulator names its quirks. `PUT /simulator/quirks` selects those that are on, and `GET` lists
them with their meanings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from aiohttp import web


class Quirks:
    """The quirks of one simulator, and those that are on."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known
        self._on: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        """Return whether a quirk is on; raise for a name that the simulator does not have."""
        if name not in self._known:
            raise KeyError(name)
        return name in self._on

    def select(self, names: object) -> None:
        """Turn on these quirks only; raise `ValueError` for an unknown name."""
        if not isinstance(names, list) or not set(map(str, names)) <= self._known.keys():
            raise ValueError(f"the quirks are: {', '.join(self._known)}")
        self._on = frozenset(map(str, names))

    def as_json(self) -> list[dict[str, object]]:
        """Return every quirk with its meaning."""
        return [
            {"name": name, "meaning": meaning, "on": name in self._on}
            for name, meaning in self._known.items()
        ]


QUIRKS = web.AppKey("quirks", Quirks)


def quirk_routes() -> list[web.RouteDef]:
    """Return the control routes for quirks; they need `app[QUIRKS]`."""
    return [web.put("/simulator/quirks", _select), web.get("/simulator/quirks", _list)]


async def _select(request: web.Request) -> web.Response:
    try:
        body = json.loads(await request.read())
        request.app[QUIRKS].select(body.get("quirks") if isinstance(body, dict) else body)
    except ValueError as error:
        return web.json_response({"message": str(error)}, status=422)
    return await _list(request)


async def _list(request: web.Request) -> web.Response:
    return web.json_response({"quirks": request.app[QUIRKS].as_json()})
