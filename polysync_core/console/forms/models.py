"""Converts pydantic models to descriptions of form fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeIs, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from polysync_core.console.forms.annotations import Annotation, read_annotation
from polysync_core.console.forms.fields import (
    Choice,
    Control,
    Field,
    Flag,
    Group,
    Json,
    Number,
    Option,
    Pairs,
    Reference,
    Rows,
    Secret,
    Several,
    Shape,
    Text,
    ThreeState,
    Value,
)
from polysync_core.console.forms.labels import (
    label_of,
    option_label,
    own_help,
    sentence,
    type_label,
)
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.jobs import DataType, Direction, Parameter
from polysync_core.domain.definitions.types.descriptions import description_of
from polysync_core.domain.json_types import JsonValue

_REFERENCES = {
    "Dependency.task": Kind.TASK,
    "EventFilter.tasks": Kind.TASK,
    "Job.platform": Kind.PLATFORM,
    "Platform.contentionProfiles": Kind.CONTENTION_PROFILE,
    "Schedule.calendars": Kind.CALENDAR,
    "Task.contentionProfiles": Kind.CONTENTION_PROFILE,
    "Task.job": Kind.JOB,
}
"""The kinds of the definitions that fields refer to."""
_TYPED_BY = {"Parameter.default": "dataType"}
"""The fields that name the types of other fields of the same object."""
_NAMES = frozenset({"ObjectName", "TypeName"})


@cache
def fields_of(model: type[BaseModel], *, is_explicit: bool = False) -> tuple[Field, ...]:
    """Return the fields of a model.

    Args:
        model: the model.
        is_explicit: true if the document keeps the difference between an absent value and a value
            that equals the default, as the attributes and settings of types do.
    """
    return with_conditions(
        _field(model, name, info, is_explicit=is_explicit)
        for name, info in model.model_fields.items()
    )


def with_conditions(fields: Iterable[Field]) -> tuple[Field, ...]:
    """Return the fields of one object with the words of their conditions."""
    given = tuple(fields)
    return tuple(_conditional(each, given) for each in given)


def _conditional(each: Field, siblings: Iterable[Field]) -> Field:
    hint = each.shown_when
    if hint is None:
        return each
    other = next(sibling for sibling in siblings if sibling.name == hint.field)
    if not isinstance(other.control, Choice):
        return each
    words = {option.value: option.label for option in other.control.options}
    shown = " or ".join(words.get(value, value) for value in hint.values)
    blank = ("",) if other.control.blank_means in hint.values else ()
    condition = f"Only with {other.label.lower()}: {shown}."
    return replace(each, condition=condition, shown_for=(*hint.values, *blank))


def group_of(model: type[BaseModel], *, is_explicit: bool = False) -> Group:
    """Return the fields of a model as a group, the required ones first."""
    is_open = model.model_config.get("extra") == "allow"
    fields = fields_of(model, is_explicit=is_explicit)
    ordered = sorted(fields, key=lambda each: not each.is_required)
    return Group(fields=tuple(ordered), is_open=is_open)


def parameter_values(parameters: Iterable[Parameter]) -> Pairs:
    """Return the control for values of a Job's parameters, by their types."""
    inputs = [each for each in parameters if each.direction is not Direction.OUTPUT]
    return Pairs(value=Value(), known={each.name: _parameter(each) for each in inputs})


def _parameter(parameter: Parameter) -> Control:
    if parameter.data_type is DataType.SECRET:
        return Secret()
    return Value(data_type=parameter.data_type)


def _field(model: type[BaseModel], attribute: str, info: FieldInfo, *, is_explicit: bool) -> Field:
    name, owner = info.alias or attribute, model.__name__
    found = read_annotation(info.annotation, info.metadata)
    default = _default(info)
    control = _Controls(owner=owner, name=name, info=info, is_explicit=is_explicit).of(found)
    if is_explicit:
        control = _with_blank(control, info, default)
        default = None
    return Field(
        name=name,
        label=label_of(owner, name),
        control=control,
        help=own_help(owner, name) or info.description or description_of(owner, name) or "",
        is_required=info.is_required(),
        default=default,
        shown_when=found.shown_when,
    )


def _default(info: FieldInfo) -> JsonValue:
    if info.is_required():
        return None
    value = info.get_default(call_default_factory=True, validated_data={})
    return cast("JsonValue", TypeAdapter(Any).dump_python(value, mode="json", by_alias=True))


def _is_model(plain: Any) -> TypeIs[type[BaseModel]]:
    return isinstance(plain, type) and issubclass(plain, BaseModel)


class _Controls:
    """Finds the control for a field."""

    def __init__(self, *, owner: str, name: str, info: FieldInfo, is_explicit: bool) -> None:
        self._path = f"{owner}.{name}"
        self._name = name
        self._info = info
        self._is_explicit = is_explicit

    def of(self, found: Annotation) -> Control:
        """Return the control for an annotation."""
        if found.origin in {tuple, list}:
            return self._list(found)
        if found.origin is dict:
            return self._mapping(found)
        if _is_model(found.plain):
            if self._is_explicit:
                # Only JSON keeps the difference between an absent value and an empty one.
                return Json(shape=Shape.OBJECT)
            group = group_of(found.plain)
            return Group(fields=group.fields, is_open=group.is_open, is_optional=found.is_optional)
        return self._scalar(found)

    def _list(self, found: Annotation) -> Control:
        item = read_annotation(found.items[0])
        # Only JSON keeps the difference between an absent list and an empty one.
        needs_json = self._is_explicit and (found.is_optional or _is_model(item.plain))
        if item.origin is dict or "JsonValue" in item.aliases or needs_json:
            return Json(shape=Shape.LIST)
        if isinstance(item.plain, type) and issubclass(item.plain, StrEnum):
            return Several(tuple(_option(each) for each in item.plain))
        label = sentence(self._name).removesuffix("s")
        entry = Field(name="", label=label, control=self.of(item))
        return Rows(item=entry, most=found.limit("max_length"))

    def _mapping(self, found: Annotation) -> Control:
        if found.is_optional:
            return Json(shape=Shape.OBJECT)
        value = read_annotation(found.items[1])
        return Pairs(value=self.of(value), most=found.limit("max_length"))

    def _scalar(self, found: Annotation) -> Control:
        plain = found.plain
        if found.is_literal:
            return Choice(options=tuple(_option(each) for each in found.items))
        if isinstance(plain, type) and issubclass(plain, StrEnum):
            blank = "Not set" if found.is_optional else None
            return Choice(options=tuple(_option(each) for each in plain), blank=blank)
        if plain is bool:
            return ThreeState() if found.is_optional else Flag()
        if plain is int or plain is float:
            return _number(found)
        if plain is date:
            return Text(input_type="date", is_stripped=True)
        if plain is datetime:
            return Text(placeholder="2026-01-01T00:00:00Z", is_stripped=True, is_code=True)
        if plain is str:
            return self._text(found)
        return Value(typed_by=_TYPED_BY.get(self._path))

    def _text(self, found: Annotation) -> Control:
        if "SecretText" in found.aliases:
            return Secret()
        if self._path in _REFERENCES:
            return Reference(_REFERENCES[self._path])
        extra = cast("Mapping[str, object] | None", self._info.json_schema_extra)
        examples = cast("Sequence[object]", (extra or {}).get("examples", ()))
        suggestions = tuple(map(str, examples))
        if "ZoneName" in found.aliases:
            return Text(is_zone=True, is_stripped=True)
        return Text(
            is_multiline="Lines" in found.aliases,
            max_length=found.limit("max_length"),
            is_stripped=bool(_NAMES & found.aliases),
            is_code="Cron" in found.aliases,
            suggestions=(lambda: suggestions) if suggestions else None,
        )


def _number(found: Annotation) -> Number:
    return Number(
        least=found.limit("ge", "gt"), most=found.limit("le", "lt"), is_whole=found.plain is int
    )


def _option(value: Any) -> Option:
    if isinstance(value, StrEnum):
        return Option(value.value, option_label(value))
    return Option(str(value), type_label(str(value)))


def _with_blank(control: Control, info: FieldInfo, default: JsonValue) -> Control:
    """Return a control that can also leave out a value that has a default."""
    if info.is_required():
        return control
    match control:
        case Choice(options=options):
            words = next((each.label for each in options if each.value == default), None)
            blank = f"Default: {words}" if words else "Not set"
            meaning = default if isinstance(default, str) else None
            return Choice(options=options, blank=blank, blank_means=meaning)
        case Flag():
            return ThreeState(blank="Default: yes" if default is True else "Default: no")
        case Number() if default is not None:
            return replace(control, placeholder=f"Default: {default}")
        case Text() if isinstance(default, str) and default:
            empty = _accepts_empty(info)
            return replace(control, placeholder=f"Default: {default}", may_be_empty=empty)
        case _:
            return control


def _accepts_empty(info: FieldInfo) -> bool:
    """Return whether the form of a text allows the empty text; a text without a form does not."""
    if read_annotation(info.annotation, info.metadata).limit("pattern") is None:
        return False
    try:
        TypeAdapter(info.rebuild_annotation()).validate_python("")
    except ValidationError:
        return False
    return True
