"""Validates the attributes of a definition by the pydantic model of its type."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from polysync_core.domain.errors import Invalid, Problem


def read_attributes[M: BaseModel](model: type[M], attributes: Mapping[str, object]) -> M:
    """Return the attributes as `model`; raises `Invalid` with a path for each problem."""
    problems: list[Problem] = []
    try:
        return model.model_validate(attributes)
    except ValidationError as error:
        for found in error.errors(include_url=False, include_context=False, include_input=False):
            path = ".".join(str(part) for part in ("attributes", *found["loc"]))
            problems.append(Problem(path, _message(found["type"], found["msg"])))
    raise Invalid(problems)


def _message(kind: str, message: str) -> str:
    match kind:
        case "missing":
            return "is required"
        case "extra_forbidden":
            return "there is no such attribute"
        case "value_error":
            return message.removeprefix("Value error, ")
        case _:
            return message[:1].lower() + message[1:]
