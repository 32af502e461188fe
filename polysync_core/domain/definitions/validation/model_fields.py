"""Finds the field names and the nested models of pydantic models."""

from __future__ import annotations

import typing
from types import UnionType
from typing import Any

from pydantic import BaseModel


def field_names(model: type[BaseModel], location: tuple[str, ...]) -> list[str]:
    """Return the valid field names inside the fields of `location`."""
    current: type[BaseModel] | None = model
    for part in location:
        if current is not None:
            current = model_in(_annotations(current).get(part))
    return list(_annotations(current)) if current is not None else []


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside an annotation such as `tuple[Schedule, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if isinstance(annotation, UnionType) or typing.get_origin(annotation) is not None:
        found = (model_in(each) for each in typing.get_args(annotation))
        return next((each for each in found if each is not None), None)
    return None


def _annotations(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}
