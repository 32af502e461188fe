"""Defines the types of form fields, such as text, number, choice, group and list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.jobs import DataType
from polysync_core.domain.definitions.types.hints import ShownWhen
from polysync_core.domain.json_types import JsonValue

OTHER = "~other"
"""The name of the rows for entries of an object that have no field of their own."""
EMPTY = "~empty"
"""The end of the name of a box that sets a text to the empty text."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a choice, with its words."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text of one line or of several lines."""

    is_multiline: bool = False
    max_length: int | None = None
    suggestions: Callable[[], tuple[str, ...]] | None = None
    is_zone: bool = False
    """True for the name of a time zone, which is found by place."""
    placeholder: str | None = None
    is_stripped: bool = False
    """True if spaces around the text are removed."""
    may_be_empty: bool = False
    """True if the empty text differs from no text, so that a box is needed."""
    is_code: bool = False
    input_type: str = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number within bounds."""

    least: float | None = None
    most: float | None = None
    is_whole: bool = True
    placeholder: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several words."""

    options: tuple[Option, ...]
    blank: str | None = None
    """The label of the option without a value; None if a value is always chosen."""
    blank_means: str | None = None
    """The value that applies while the option without a value is chosen."""


@dataclass(frozen=True, slots=True)
class Several:
    """Any number of several words, as boxes."""

    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreeState:
    """True, false, or no value."""

    blank: str = "Not set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A `vault://` reference; a secret itself is never in a form."""

    may_be_plain: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """The name of another definition."""

    kind: Kind


class Shape(StrEnum):
    """The shape of a JSON value; the value is the message for other shapes."""

    OBJECT = "must be an object (name: value)"
    LIST = "must be a list"

    @property
    def type(self) -> type:
        """The type of a value of the shape."""
        return dict if self is Shape.OBJECT else list


@dataclass(frozen=True, slots=True, kw_only=True)
class Json:
    """A JSON value in a text area."""

    shape: Shape | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value of a parameter: JSON, or a plain text that need not be quoted."""

    data_type: DataType | None = None
    """The type of the value, which decides about the control; None if it is not known."""
    typed_by: str | None = None
    """The field of the same object that names the type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """An object with fields."""

    fields: tuple[Field, ...]
    is_optional: bool = False
    """True if an object with only empty fields is left out of the document."""
    is_open: bool = False
    """True if the object may have entries without a field of their own."""

    def field(self, name: str) -> Field:
        """Return the field of a name; raises `KeyError`."""
        for each in self.fields:
            if each.name == name:
                return each
        raise KeyError(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A list with one row for each entry."""

    item: Field
    most: int | None = None

    @property
    def is_simple(self) -> bool:
        """True if an entry is a single value."""
        return not isinstance(self.item.control, Group)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """An object with free names, as rows of a name and a value.

    The rows of the known names come first. A known name without a value is left out.
    """

    value: Control
    most: int | None = None
    known: Mapping[str, Control] = MappingProxyType({})
    """The controls of the values whose names are known."""

    def control_of(self, name: str) -> Control:
        """Return the control of the value of a name."""
        return self.known.get(name, self.value)


type Control = (
    Text
    | Number
    | Choice
    | Several
    | Flag
    | ThreeState
    | Secret
    | Reference
    | Json
    | Value
    | Group
    | Rows
    | Pairs
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a form."""

    name: str
    """The name in the document, in camelCase."""
    label: str
    control: Control
    help: str = ""
    is_required: bool = False
    default: JsonValue = None
    """The value that the form shows if the document has none."""
    shown_when: ShownWhen | None = None
    shown_for: tuple[str, ...] = ()
    """The values of `shown_when`, with the empty text where the default is one of them."""
    condition: str = ""
    """The words of `shown_when`, for readers without scripts."""
    locked: str | None = None
    """The reason why the field cannot be changed; None if it can."""


def joined(prefix: str, name: str) -> str:
    """Return the path of a field within an object."""
    return f"{prefix}.{name}" if prefix and name else prefix or name
