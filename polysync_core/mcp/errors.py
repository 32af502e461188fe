"""Converts API errors to MCP tool errors with hints for the language model.

An error is `{"error": {...}}` with an HTTP status, a message and problems. A problem has the field,
the rule, the allowed values and the nearest names. `retryAfterSeconds` is set if a retry may help.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from polysync_core.domain.definitions.validation.messages import similar
from polysync_core.domain.errors import PolysyncError, Problem, TooLarge, Unauthenticated
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.mcp.answers import AnswerTooLong, compact, items_of, sanitised, untrusted
from polysync_core.mcp.arguments import Arguments
from polysync_core.mcp.in_process_api import ApiError

_MAX_PROBLEMS = 20
_FOREIGN = frozenset({HTTPStatus.BAD_GATEWAY})
"""Statuses whose detail may contain a platform's text."""
_STATUS: tuple[tuple[type[PolysyncError], HTTPStatus], ...] = (
    (Unauthenticated, HTTPStatus.UNAUTHORIZED),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
)

_MAX_ALLOWED = 20


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A name in an argument that does not exist."""

    field: str
    name: str
    known: Sequence[str]
    foreign: bool = False
    """The known names come from a platform."""
    nearest: Sequence[str] | None = None
    """The most similar names, if the API has found them."""

    def problem(self) -> JsonObject:
        """Return the problem with the nearest and the allowed names."""
        problem: JsonObject = {"path": self.field, "message": f"there is no '{self.name}'"}
        found = similar(self.name, self.known) if self.nearest is None else self.nearest
        problem["nearest"] = self._marked(found)
        if 0 < len(self.known) <= _MAX_ALLOWED:
            problem["allowed"] = self._marked(self.known)
        return problem

    def _marked(self, names: Sequence[str]) -> JsonValue:
        return untrusted([*names]) if self.foreign else [*names]


class UnknownNames(Exception):
    """Arguments contain names that do not exist."""

    def __init__(self, names: Iterable[UnknownName]) -> None:
        super().__init__()
        self.names = tuple(names)


def unknown_arguments(error: ApiError, arguments: Arguments) -> list[UnknownName]:
    """Return the arguments whose value is the name that the API could not find."""
    problem = error.problem
    given = arguments.model_dump(by_alias=True)
    if "nearest" not in problem:
        return []
    return [
        UnknownName(field, str(value), texts(problem, "allowed"), nearest=texts(problem, "nearest"))
        for field, value in given.items()
        if value == problem["name"]
    ]


def texts(problem: JsonObject, member: str) -> list[str]:
    """Return a member that is a list of texts; an empty list if it is missing."""
    value = problem.get(member)
    return [str(each) for each in value] if isinstance(value, list) else []


def call_error(error: PolysyncError) -> JsonObject:
    """Return the error of a call that did not reach the API."""
    status = next((status for family, status in _STATUS if isinstance(error, family)), None)
    problems: Sequence[Problem] = getattr(error, "problems", ())
    described: list[JsonObject] = [
        {"path": each.path, "message": each.message} for each in problems
    ]
    omitted = int(getattr(error, "omitted", 0))
    return _error(status or HTTPStatus.BAD_REQUEST, str(error), described, omitted)


def api_error(error: ApiError, unknown: Iterable[UnknownName]) -> JsonObject:
    """Return the error of the API with suggestions for unknown names."""
    problem = error.problem
    problems = items_of(problem, "errors") + [each.problem() for each in unknown]
    detail = problem.get("detail")
    message = untrusted(detail) if error.status in _FOREIGN else detail
    omitted = problem.get("omittedErrors")
    content = _error(error.status, message, problems, omitted if isinstance(omitted, int) else 0)
    if error.retry_after is not None and isinstance(content["error"], dict):
        content["error"]["retryAfterSeconds"] = int(error.retry_after)
    return content


def unknown_names_error(names: Iterable[UnknownName]) -> JsonObject:
    """Return the error of arguments with unknown names."""
    problems = [each.problem() for each in names]
    message = "Not found: " + ", ".join(str(each["path"]) for each in problems)
    return _error(HTTPStatus.NOT_FOUND, message, problems)


def size_error(error: AnswerTooLong) -> JsonObject:
    """Return the error of an answer that is too long."""
    return _error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error), [])


def internal_error() -> JsonObject:
    """Return a generic internal error; details are only in the log."""
    message = "An internal error occurred; the log of the app has the details."
    return _error(HTTPStatus.INTERNAL_SERVER_ERROR, message, [])


def _error(
    status: int, message: JsonValue, problems: Sequence[JsonObject], omitted: int = 0
) -> JsonObject:
    shown: list[JsonValue] = [sanitised(_problem(each)) for each in problems[:_MAX_PROBLEMS]]
    more = len(problems) - len(shown) + omitted
    error = {"status": int(status), "message": sanitised(message), "problems": shown}
    return {"error": compact({**error, "moreProblems": more or None})}


def _problem(problem: JsonObject) -> JsonObject:
    details = {name: value for name, value in problem.items() if name != "path"}
    return compact({"field": problem.get("path"), **details})
