"""Looks up the role that a request needs in a table of routes.

A route without a row cannot be reached; a test reports it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache

from polysync_core.domain.security.roles import Role

type Route = tuple[str, str]
"""A method and a path template, such as `("GET", "/tasks/{name}")`."""


class RoleTable:
    """The routes of an app with the role of each, and its routes without authentication."""

    def __init__(self, rules: Mapping[Route, Role], open_routes: Collection[Route] = ()) -> None:
        self._rules = dict(rules)
        self._open = frozenset(open_routes)

    def is_open(self, method: str, path: str) -> bool:
        """Return whether a request needs no authentication."""
        return any(
            row_method == method and _pattern(template).fullmatch(path)
            for row_method, template in self._open
        )

    def role_for(self, method: str, path: str) -> Role | None:
        """Return the role that a request needs; None if the app has no such route.

        If several rows match a path, the strictest one counts.
        """
        roles = [
            role
            for (row_method, template), role in self._rules.items()
            if row_method == method and _pattern(template).fullmatch(path)
        ]
        return max(roles, key=lambda role: len(role.includes), default=None)

    def methods_of(self, path: str) -> list[str]:
        """Return the methods that a path has; empty for an unknown path."""
        rows = {*self._rules, *self._open}
        methods = {method for method, template in rows if _pattern(template).fullmatch(path)}
        if not methods:
            return []
        return sorted(methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set()))


class EveryRoute(RoleTable):
    """A table for parts of an app in isolation: each route needs the role of a reader."""

    def __init__(self) -> None:
        super().__init__({})

    def role_for(self, method: str, path: str) -> Role | None:
        """Return the role of a reader."""
        return Role.READER


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{\w+\}", template)
    return re.compile("[^/]+".join(map(re.escape, parts)))
