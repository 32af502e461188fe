"""What all definitions have in common."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, NoReturn

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel

from polysync_core.domain.errors import Invalid
from polysync_core.domain.secrets import SecretReference


class Kind(StrEnum):
    """A kind of definition, by the name of its list in a definitions document."""

    VAULT = "vaults"
    PLATFORM = "platforms"
    CONTENTION_PROFILE = "contentionProfiles"
    CALENDAR = "calendars"
    JOB = "jobs"
    TASK = "tasks"
    WEBHOOK = "webhooks"


_NAME = r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$"

type ObjectName = Annotated[str, StringConstraints(pattern=_NAME)]
"""1-63 of `a-z 0-9 -`, starting and ending with a letter or a digit."""


type TypeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]{0,62}$")]
"""The name of a platform type or a job type; which there are is for the connectors to say."""


def is_object_name(text: str) -> bool:
    """Tell whether a definition could have this name."""
    return not text.endswith("\n") and re.match(_NAME, text) is not None


type Tags = dict[
    Annotated[str, StringConstraints(min_length=1, max_length=64)],
    Annotated[str, StringConstraints(max_length=256)],
]
"""Free words about an object."""


class FieldError(ValueError):
    """One field contradicts another; `path` is relative to the object that both are in."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


def refuse(path: str, message: str) -> NoReturn:
    """Say, within a model's own check, which of its fields is wrong."""
    raise FieldError(path, message)


def _check_secret(text: str) -> str:
    try:
        SecretReference.parse(text, path="")
    except Invalid as error:
        raise ValueError("must be a reference, vault://<vault>/<secret>") from error
    return text


type SecretText = Annotated[str, AfterValidator(_check_secret)]
"""A secret, which a definition may hold only as a `vault://` reference."""


class Value(BaseModel):
    """A part of a definition: immutable, camelCase outside, unknown fields refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        use_enum_values=False,
        allow_inf_nan=False,
    )


class Definition(Value):
    """A named object that users describe and Polysync stores."""

    name: ObjectName
    display_name: Annotated[str, StringConstraints(max_length=200)] | None = None
    description: Annotated[str, StringConstraints(max_length=4000)] | None = None
