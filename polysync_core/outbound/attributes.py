"""Validates the attributes of a definition with the pydantic model of its type."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from polysync_core.domain.definitions.validation.messages import problems_of
from polysync_core.domain.errors import Invalid


def read_attributes[M: BaseModel](model: type[M], attributes: Mapping[str, object]) -> M:
    """Return the attributes as `model`; raises `Invalid` with a path for each problem."""
    try:
        return model.model_validate(attributes)
    except ValidationError as error:
        raise Invalid(problems_of(error, model, prefix="attributes")) from error
