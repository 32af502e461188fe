"""Reads the type and the limits of a pydantic field from its type annotation."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAliasType, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from polysync_core.domain.definitions.types.hints import ShownWhen


@dataclass(slots=True)
class Annotation:
    """The plain type of a field, with everything that was around it."""

    plain: Any = None
    is_optional: bool = False
    aliases: set[str] = field(default_factory=set[str])
    """The names of the type aliases around the type, such as `SecretText`."""
    metadata: list[Any] = field(default_factory=list[Any])

    def limit(self, *names: str) -> Any:
        """Return the first limit of one of the names, such as `ge`; None without a limit."""
        for name in names:
            for each in self.metadata:
                value = getattr(each, name, None)
                if value is not None:
                    return value
        return None

    @property
    def shown_when(self) -> ShownWhen | None:
        """The hint that shows the field only with certain values of another field."""
        return next((each for each in self.metadata if isinstance(each, ShownWhen)), None)

    @property
    def items(self) -> tuple[Any, ...]:
        """The annotations inside a list, a tuple or a dictionary."""
        return get_args(self.plain)

    @property
    def origin(self) -> Any:
        """The generic type, such as `tuple`; the type itself if it is not generic."""
        return get_origin(self.plain) or self.plain

    @property
    def is_literal(self) -> bool:
        """True if the type is one of certain values."""
        return get_origin(self.plain) is Literal


def read_annotation(annotation: Any, metadata: list[Any] | None = None) -> Annotation:
    """Return the plain type of an annotation, such as of `Seconds | None`."""
    found = Annotation(metadata=list(metadata or ()))
    _unwrap(annotation, found)
    return found


def _unwrap(annotation: Any, found: Annotation) -> None:
    if isinstance(annotation, TypeAliasType):
        found.aliases.add(annotation.__name__)
        if annotation.__name__ == "JsonValue":
            # The alias contains itself.
            found.plain = annotation
            return
        _unwrap(annotation.__value__, found)
    elif get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        for each in metadata:
            found.metadata += each.metadata if isinstance(each, FieldInfo) else [each]
        _unwrap(inner, found)
    elif get_origin(annotation) in {UnionType, Union}:
        members = [each for each in get_args(annotation) if each is not NoneType]
        found.is_optional = len(members) < len(get_args(annotation))
        if len(members) == 1:
            _unwrap(members[0], found)
        else:
            found.plain = annotation
    else:
        found.plain = annotation
