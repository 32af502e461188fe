"""Finds the HTTP function for a path and method, by the rules of Azure Functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from devhost.app.functions import Function

ALL_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"})

_PARAMETER = re.compile(r"^\{(\*{0,2})([A-Za-z_]\w*)((?::[^}?=]+)?)(\?|=[^}]*)?\}$")
#: Inline constraints of ASP.NET Core routing that depend on the text of the segment.
_CONSTRAINTS = {
    "int": r"-?\d+",
    "long": r"-?\d+",
    "bool": r"(?:true|false)",
    "alpha": r"[a-z]+",
    # A segment without a character: the template of the root.
    "maxlength(0)": "",
    "guid": r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}",
}


class BadTemplate(ValueError):
    """A route template is invalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One template: its pattern and its rank among other templates that match."""

    function: Function
    methods: frozenset[str]
    pattern: re.Pattern[str]
    rank: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The result of a match: the function and its route parameters."""

    function: Function
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MethodNotAllowed:
    """The path has a route, but not for this method."""

    allowed: frozenset[str]


class RouteTable:
    """All routes of an app under its prefix."""

    def __init__(self, functions: Iterable[Function], prefix: str) -> None:
        routes = [route_of(function, prefix) for function in functions]
        self._routes = sorted(routes, key=lambda route: route.rank)

    def find(self, method: str, path: str) -> Match | MethodNotAllowed | None:
        """Return the match of an encoded path, or None if no route matches."""
        allowed: set[str] = set()
        for route in self._routes:
            found = route.pattern.fullmatch(path)
            if found is None:
                continue
            if method in route.methods:
                params = {
                    name: unquote(value)
                    for name, value in found.groupdict().items()
                    if value is not None
                }
                return Match(function=route.function, params=params)
            allowed |= route.methods
        return MethodNotAllowed(frozenset(allowed)) if allowed else None


def route_of(function: Function, prefix: str) -> Route:
    """Return the route that an HTTP function declares.

    Raises:
        BadTemplate: a part of the template is invalid.
    """
    template = function.trigger.get("route")
    template = function.name if template is None else str(template)
    path = "/".join(part for part in (prefix.strip("/"), template.strip("/")) if part)
    methods = frozenset(str(method).upper() for method in function.trigger.get("methods") or ())
    pattern, rank = compile_template(path)
    return Route(function=function, methods=methods or ALL_METHODS, pattern=pattern, rank=rank)


def compile_template(path: str) -> tuple[re.Pattern[str], tuple[int, ...]]:
    """Return the pattern of a template and its rank; the lowest rank is tried first.

    In each segment the order is: literal, constrained parameter, free parameter, catch-all.

    Raises:
        BadTemplate: a part is invalid.
    """
    pattern, rank = "", []
    for segment in path.split("/") if path else ():
        text, weight = _segment(segment)
        pattern += text
        rank.append(weight)
    return re.compile(pattern + "/?", re.IGNORECASE), (*rank, 0)


def _segment(segment: str) -> tuple[str, int]:
    if "{" not in segment:
        return "/" + re.escape(segment), 1
    parameter = _PARAMETER.match(segment)
    if parameter is None:
        raise BadTemplate(f"The route segment {segment!r} is invalid.")
    stars, name, constraints, optional = parameter.groups()
    if stars:
        return f"(?:/(?P<{name}>.*?))?", 4
    names = [each for each in constraints.split(":") if each]
    text = "[^/]+"
    for each in names:
        text = _CONSTRAINTS.get(each, text)
    piece = f"/(?P<{name}>{text})"
    return (f"(?:{piece})?" if optional else piece), 2 if names else 3
