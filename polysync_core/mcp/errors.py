"""What went wrong in a call, told so that a model can put it right.

Every error is `{"error": {...}}`: a status as of HTTP, a sentence, and for each problem its field,
the rule, what is allowed and which names are nearest. `retryAfterSeconds` is there where it helps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http import HTTPStatus

from polysync_core.domain.errors import PolysyncError, Problem, TooLarge, Unauthenticated
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.mcp.answers import AnswerTooLong, compact, items_of, shown, untrusted
from polysync_core.mcp.in_process_api import ApiRefusal
from polysync_core.mcp.suggestions import Choice

_MOST_PROBLEMS = 20
_FOREIGN = frozenset({HTTPStatus.BAD_GATEWAY})
"""Answers whose sentence may repeat what a platform said."""
_STATUS: tuple[tuple[type[PolysyncError], HTTPStatus], ...] = (
    (Unauthenticated, HTTPStatus.UNAUTHORIZED),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
)


def of_ours(error: PolysyncError) -> JsonObject:
    """Return the error of a call that never reached the API."""
    status = next((each for family, each in _STATUS if isinstance(error, family)), None)
    problems: Sequence[Problem] = getattr(error, "problems", ())
    listed: list[JsonObject] = [{"path": each.path, "message": each.message} for each in problems]
    return _error(status or HTTPStatus.BAD_REQUEST, str(error), listed)


def of_api(refusal: ApiRefusal, missing: Iterable[Choice]) -> JsonObject:
    """Return the error that the API answered, with the names that there are instead."""
    problem = refusal.problem
    problems = items_of(problem, "errors") + [each.problem() for each in missing]
    detail = problem.get("detail")
    message = untrusted(detail) if refusal.status in _FOREIGN else detail
    content = _error(refusal.status, message, problems)
    if refusal.retry_after is not None and isinstance(content["error"], dict):
        content["error"]["retryAfterSeconds"] = int(refusal.retry_after)
    return content


def of_choices(choices: Iterable[Choice]) -> JsonObject:
    """Return the error of arguments that name what there is not."""
    listed = [each.problem() for each in choices]
    message = "There is nothing of that name: " + ", ".join(str(each["path"]) for each in listed)
    return _error(HTTPStatus.NOT_FOUND, message, listed)


def of_size(error: AnswerTooLong) -> JsonObject:
    """Return the error of an answer that is too long for a model."""
    return _error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error), [])


def unexpected() -> JsonObject:
    """Return the error of what must not happen: it tells nothing; the log tells it all."""
    message = "Something went wrong; it is in the log of the app."
    return _error(HTTPStatus.INTERNAL_SERVER_ERROR, message, [])


def _error(status: int, message: JsonValue, problems: Sequence[JsonObject]) -> JsonObject:
    listed: list[JsonValue] = [shown(_problem(each)) for each in problems[:_MOST_PROBLEMS]]
    more = len(problems) - len(listed)
    error = {"status": int(status), "message": shown(message), "problems": listed}
    return {"error": compact({**error, "moreProblems": more or None})}


def _problem(problem: JsonObject) -> JsonObject:
    told = {"field": problem.get("path"), **problem}
    return compact({name: value for name, value in told.items() if name != "path"})
