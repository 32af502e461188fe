"""Validates the type-specific attributes and settings of a definition with a pydantic model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, StringConstraints, ValidationError

from polysync_core.domain.definitions.base import Value
from polysync_core.domain.definitions.validation.messages import problems_of
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonValue
from polysync_core.outbound.hosts import BaseAddress, simulator_address


class StandInAttributes(Value):
    """The attribute by which a simulator replaces a service in development."""

    endpoint: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    """The base address of a simulator, which then receives all calls."""

    def address(self, service: BaseAddress, *, allow_loopback: bool) -> BaseAddress:
        """Return the address for calls to a service: the simulator's, if one is set."""
        if self.endpoint is None:
            return service
        return simulator_address(self.endpoint, allow_loopback=allow_loopback)


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
