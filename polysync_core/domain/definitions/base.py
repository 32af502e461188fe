"""Defines the base model, the name rules and the text types of all definitions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, NoReturn, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    ValidationInfo,
)
from pydantic.alias_generators import to_camel

from polysync_core.domain.display_text import deceptive_character
from polysync_core.domain.errors import Invalid
from polysync_core.domain.security.secrets import SecretReference
from polysync_core.domain.stored_values import is_stored


class Kind(StrEnum):
    """A kind of definition; the value is the name of its list in a document."""

    VAULT = "vaults"
    PLATFORM = "platforms"
    CONTENTION_PROFILE = "contentionProfiles"
    CALENDAR = "calendars"
    JOB = "jobs"
    TASK = "tasks"
    WEBHOOK = "webhooks"
    RECEIVER = "receivers"


MAX_PARAMETERS = 500
"""The maximum number of parameters of a Job, and of values for them."""
NAME_PATTERN = r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$"

type ObjectName = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
"""1-63 of `a-z 0-9 -`, starting and ending with a letter or a digit."""


TYPE_PATTERN = r"^[A-Za-z][A-Za-z0-9]{0,62}$"

type TypeName = Annotated[str, StringConstraints(pattern=TYPE_PATTERN)]
"""The name of a platform type or a job type; the plugins declare the valid names."""


def is_object_name(text: str) -> bool:
    """Return whether the text is a valid name of a definition."""
    return not text.endswith("\n") and re.match(NAME_PATTERN, text) is not None


class FieldError(ValueError):
    """One field contradicts another field; `path` is relative to their common object.

    `is_name` means that the path is the name of one field, which may hold dots and brackets.
    """

    def __init__(self, path: str, message: str, *, is_name: bool = False) -> None:
        super().__init__(message)
        self.path = path
        self.is_name = is_name


def refuse(path: str, message: str) -> NoReturn:
    """Raise `FieldError` from within a model's own validator."""
    raise FieldError(path, message)


def check_line(text: str, info: ValidationInfo) -> str:
    return _without_deception(text, info, lines=False)


def _check_lines(text: str, info: ValidationInfo) -> str:
    return _without_deception(text, info, lines=True)


def _without_deception(text: str, info: ValidationInfo, *, lines: bool) -> str:
    found = None if is_stored(info) else deceptive_character(text, lines=lines)
    if found is not None:
        raise ValueError(f"holds {found}, which changes how the text is shown: remove it")
    return text


type Line = Annotated[str, AfterValidator(check_line)]
"""A text of one line for people, without characters that change how it is shown."""

type Lines = Annotated[str, AfterValidator(_check_lines)]
"""A text for people that may have line breaks and tabs."""

Tags = Annotated[
    dict[
        Annotated[Line, StringConstraints(min_length=1, max_length=64)],
        Annotated[Line, StringConstraints(max_length=256)],
    ],
    Field(max_length=100),
]
"""Free-form key-value pairs that label an object."""


def _check_secret(text: str) -> str:
    try:
        SecretReference.parse(text, path="")
    except Invalid as error:
        raise ValueError("must be a reference, vault://<vault>/<secret>") from error
    return text


type SecretText = Annotated[str, AfterValidator(_check_secret)]
"""A `vault://` reference; a definition never holds a secret itself."""


class Value(BaseModel):
    """A part of a definition: immutable, camelCase in JSON, without unknown fields."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        use_enum_values=False,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowFacts:
    """The facts of a row that are no part of its definition; they do not count in a comparison."""

    born: int = 1
    """The number of the version that created the definition; 1 unless one was deleted before."""
    broken: str | None = None
    """The fault of a row that this version cannot read; the definition then has placeholders."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RowFacts)

    def __hash__(self) -> int:
        return 0


class Definition(Value):
    """A named object that users define and Polysync stores."""

    _row: RowFacts = PrivateAttr(default=RowFacts())

    name: ObjectName
    display_name: Annotated[Line, StringConstraints(max_length=200)] | None = None
    description: Annotated[Lines, StringConstraints(max_length=4000)] | None = None

    @property
    def identity(self) -> str:
        """The name; a definition that is defined anew adds a number.

        So a definition that was deleted and is defined anew has no past.
        """
        return self.name if self._row.born == 1 else f"{self.name}~{self._row.born}"

    @property
    def row(self) -> RowFacts:
        """The facts of the row that the definition was read from."""
        return self._row

    def with_row(self, row: RowFacts) -> Self:
        """Return the definition with the facts of its row."""
        copy = self.model_copy()
        copy._row = row
        return copy
