"""Parses and fills route templates such as `users/{id:int}/reports/{day?}`.

The syntax is that of ASP.NET, except for constraints that contain braces.
https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote

from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.urls import url_character_problem

_PLACEHOLDER = re.compile(
    r"\{(?P<all>\*{0,2})(?P<name>[A-Za-z_][A-Za-z0-9_]{0,127})"
    r"(?P<constraint>(?::[^{}?=]+)?)(?P<default>=[^{}?]*)?(?P<optional>\?)?\}"
)
_LITERAL = re.compile(r"[^{}?#%\\*]*")
_DIVIDED = "must not hold '/' or a backslash, also not encoded: use {*name} in the route for a path"
_TYPES = {
    "int": DataType.INT,
    "long": DataType.INT,
    "float": DataType.FLOAT,
    "double": DataType.FLOAT,
    "decimal": DataType.FLOAT,
    "bool": DataType.BOOL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder:
    """A part of a route that takes the value of a parameter."""

    name: str
    data_type: DataType
    optional: bool
    """True if the route matches without it."""
    catches_all: bool
    """True if it matches the rest of the path, slashes included."""


@dataclass(frozen=True, slots=True)
class Route:
    """A route template; a segment consists of literal texts and placeholders."""

    segments: tuple[tuple[str | Placeholder, ...], ...]

    @classmethod
    def parse(cls, text: str, *, path: str) -> Self:
        """Return the template; raise `Invalid` at `path`."""
        segments = tuple(_segment(part, path) for part in text.split("/"))
        names = [each.name.casefold() for each in _placeholders(segments)]
        if len(names) > len(set(names)):
            raise Invalid.at(path, "the route contains a placeholder twice: rename one")
        return cls(segments)

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """The placeholders, from left to right."""
        return _placeholders(self.segments)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The placeholders as parameters of a Job."""
        return tuple(
            Parameter(name=each.name, data_type=each.data_type, required=not each.optional)
            for each in self.placeholders
        )

    def fill(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """Return the segments of the address for the given values.

        Raises `PlatformRefused` (cause `Parameters`) without the value in its text.
        """
        filled: list[str] = []
        for index, segment in enumerate(self.segments):
            last = index == len(self.segments) - 1
            match segment:
                case (Placeholder(optional=True, name=name),) if last and not values.get(name):
                    continue
                case (Placeholder(catches_all=True, name=name),):
                    filled += _checked(_value(values, name).split("/"), name)
                case _:
                    text = "".join(
                        each if isinstance(each, str) else _value(values, each.name)
                        for each in segment
                    )
                    names = " and ".join(each.name for each in _placeholders((segment,)))
                    if names and _is_divided(text):
                        raise _refused(names, _DIVIDED)
                    filled += _checked([text], names)
        return tuple(filled)


def _placeholders(segments: tuple[tuple[str | Placeholder, ...], ...]) -> tuple[Placeholder, ...]:
    return tuple(each for segment in segments for each in segment if isinstance(each, Placeholder))


def _segment(text: str, path: str) -> tuple[str | Placeholder, ...]:
    pieces: list[str | Placeholder] = []
    end = 0
    for found in _PLACEHOLDER.finditer(text):
        pieces += [text[end : found.start()], _placeholder(found)]
        end = found.end()
    pieces.append(text[end:])
    for piece in pieces:
        if isinstance(piece, str) and not _is_plain(piece):
            raise Invalid.at(path, "the route cannot be parsed: write it like users/{id}/{day?}")
    found_any = tuple(piece for piece in pieces if piece != "")
    if not found_any or found_any in {(".",), ("..",)}:
        raise Invalid.at(path, "a part of a route must not be empty, '.' or '..'")
    return found_any


def _is_plain(text: str) -> bool:
    return _LITERAL.fullmatch(text) is not None and url_character_problem(text) is None


def _placeholder(found: re.Match[str]) -> Placeholder:
    kinds = [part.partition("(")[0].lower() for part in found["constraint"].split(":")]
    return Placeholder(
        name=found["name"],
        data_type=next((_TYPES[kind] for kind in kinds if kind in _TYPES), DataType.STRING),
        optional=found["optional"] is not None or found["default"] is not None,
        catches_all=bool(found["all"]),
    )


def _value(values: Mapping[str, str], name: str) -> str:
    if name not in values:
        raise _refused(name, "the route needs a value: set the parameter")
    return values[name]


def _is_divided(text: str) -> bool:
    """Return whether a server that decodes the address may see several parts in a text.

    A server may decode more than once, so a percent sign is decoded here as often.
    """
    decoded = unquote(text)
    while decoded != text:
        text, decoded = decoded, unquote(decoded)
    return "/" in text or "\\" in text or text in {".", ".."}


def _checked(segments: list[str], name: str) -> list[str]:
    for segment in segments:
        if segment in {"", ".", ".."}:
            raise _refused(
                name, "must not be empty, '.' or '..', because it is a part of the address"
            )
        if any(unicodedata.category(character) in {"Cc", "Cs"} for character in segment):
            raise _refused(
                name, "must not contain control characters, because it is a part of the address"
            )
    return segments


def _refused(name: str, problem: str) -> PlatformRefused:
    return PlatformRefused(f"parameters.{name}: {problem}", cause=FailureCause.PARAMETERS)
