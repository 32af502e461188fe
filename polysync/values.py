"""Converts Python arguments to JSON, and JSON responses of the API to models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, cast
from uuid import uuid4

from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from polysync import models
from polysync.calls import IDEMPOTENCY_KEY, Json
from polysync.errors import MalformedAnswer

MAX_PAGE_SIZE = 100
PROFILE = "StoredConcurrencyProfile"
"""The model of a contention profile of an unknown type."""
RECEIVER = "StoredTeamsReceiver"
"""The model of a receiver of an unknown type."""


def decoded[M: BaseModel](model: type[M], answer: Any) -> M:
    """Return an answer as a model.

    Raises:
        MalformedAnswer: the answer has not the fields of the model.
    """
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, each["loc"])) for each in error.errors()[:3])
        raise MalformedAnswer(
            f"The answer is no {model.__name__} ({fields}): the host and this client have different"
            " versions, so upgrade the older one."
        ) from error


_MODELS = {
    PROFILE: {
        "Concurrency": "StoredConcurrencyProfile",
        "RateLimit": "StoredRateLimitProfile",
    },
    RECEIVER: {
        "Teams": "StoredTeamsReceiver",
        "Slack": "StoredSlackReceiver",
        "Email": "StoredEmailReceiver",
        "Webhook": "StoredWebhookReceiver",
    },
}
"""The models by the type of a contention profile or a receiver."""


def stored(model: str, answer: Json) -> Any:
    """Return a stored definition; the type of a profile or a receiver selects its model."""
    name = _MODELS[model].get(str(answer.get("type")), model) if model in _MODELS else model
    return decoded(getattr(models, name), answer)


def given(**arguments: Any) -> Json:
    """Return the arguments that are not None as members of a body, in camelCase."""
    return {to_camel(name): to_json(each) for name, each in arguments.items() if each is not None}


def query_of(arguments: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """Return the arguments that are not None as query parameters, in camelCase."""
    named = {to_camel(name): each for name, each in arguments.items() if each is not None}
    return {name: _query_value(each) for name, each in named.items()}


def to_json(value: Any) -> Any:
    """Return a value as JSON; a model keeps only the fields that were given."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        members = cast("Mapping[Any, Any]", value)
        return {str(name): to_json(each) for name, each in members.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_json(each) for each in cast("Iterable[Any]", value)]
    return value


def key_header(key: str | None) -> dict[str, str]:
    """Return the header with an idempotency key, which is new unless it is given."""
    return {IDEMPOTENCY_KEY: key or str(uuid4())}


def _query_value(value: Any) -> str | list[str]:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [str(to_json(each)) for each in cast("Iterable[Any]", value)]
    return str(to_json(value))
