"""Validates the type-specific attributes and settings of a definition with a pydantic model."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from polysync_core.domain.definitions.validation.messages import problems_of
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonValue


def read_attributes[M: BaseModel](model: type[M], attributes: Mapping[str, object]) -> M:
    """Return the attributes as `model`, without a conversion of types.

    Raises `Invalid` with a path for each problem.
    """
    try:
        return _validated(model, attributes)
    except ValidationError as error:
        raise Invalid(problems_of(error, model, prefix="attributes")) from error


def settings_problems(model: type[BaseModel], settings: Mapping[str, JsonValue]) -> list[Problem]:
    """Return the problems of a Job's settings, which have exactly the types of `model`.

    The problems have the order of the settings.
    """
    try:
        _validated(model, settings)
    except ValidationError as error:
        order = {f"settings.{name}": index for index, name in enumerate(settings)}
        problems = problems_of(error, model, prefix="settings")
        return sorted(problems, key=lambda each: order.get(each.path, len(order)))
    return []


def _validated[M: BaseModel](model: type[M], values: Mapping[str, object]) -> M:
    return model.model_validate_json(json.dumps(values), strict=True, by_alias=True, by_name=False)
