"""Passes parameters to containers and tasks as environment variables, and reads declared ones."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

from polysync_core.domain.definitions.jobs import Direction, Job, Parameter
from polysync_core.domain.definitions.validation.messages import nearest
from polysync_core.domain.errors import PlatformRefused, Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import ArtefactSchema
from polysync_core.platforms.values import INVALID_NAME, is_parameter_name

_NAME = re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]{0,254}")
_CREDENTIAL = re.compile(
    r"password|passwd|pwd|secret|token|credential|connection_?string|(?:api|access|account|private)_?key",
    re.IGNORECASE,
)
_DIGEST_LENGTH = 20
"""80 bits: two attempts never get the same name."""


def copy_name(source: str, token: str, *, limit: int = 63) -> str:
    """Return the name of the copy that runs for an attempt; a resend gets the same name."""
    digest = hashlib.sha256(token.encode()).hexdigest()[:_DIGEST_LENGTH]
    prefix = source[: limit - _DIGEST_LENGTH - 1].rstrip(".-_")
    return f"{prefix}-{digest}"


def parameter_problems(job: Job) -> list[Problem]:
    """Return the problems of parameters whose names no environment variable has."""
    return [
        Problem(
            f"parameters[{index}].name",
            "is sent as an environment variable, whose name has letters, digits, '_', '.' and '-'",
        )
        for index, parameter in enumerate(job.parameters)
        if parameter.direction is not Direction.OUTPUT and _NAME.fullmatch(parameter.name) is None
    ]


def with_variables(entries: Iterable[JsonValue], values: Mapping[str, str]) -> list[JsonValue]:
    """Return a list of `{"name": …, "value": …}` with the values of a run.

    A variable keeps its place. A new variable comes first, because Kubernetes lets a variable refer
    to those before it only.
    """
    known: list[JsonValue] = []
    seen: set[str] = set()
    for entry in entries:
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or name not in values:
            known.append(entry)
        elif name not in seen:
            known.append({"name": name, "value": values[name]})
            seen.add(name)
    added: list[JsonValue] = [
        {"name": name, "value": value} for name, value in values.items() if name not in seen
    ]
    return [*added, *known]


def variables_schema(entries: Sequence[JsonObject], *, notes: Sequence[str] = ()) -> ArtefactSchema:
    """Return the variables as parameters; the value of a credential is never a default."""
    parameters: dict[str, Parameter] = {}
    doubts = list(notes)
    for entry in entries:
        name, value = entry.get("name"), entry.get("value")
        if not is_parameter_name(name) or _NAME.fullmatch(name) is None:
            doubts.append(INVALID_NAME)
            continue
        is_open = isinstance(value, str) and _CREDENTIAL.search(name) is None
        parameters[name] = Parameter(name=name, default=value if is_open else None)
    return ArtefactSchema(parameters=tuple(parameters.values()), notes=tuple(dict.fromkeys(doubts)))


def chosen_container(containers: Sequence[JsonObject], name: str, *, owner: str) -> int:
    """Return the index of the named container; of the first one without a name."""
    names = [str(each.get("name")) for each in containers]
    if not name and names:
        return 0
    if name in names:
        return names.index(name)
    raise PlatformRefused(
        f"settings.containerName: {owner} has no container {name or 'at all'}, only:"
        f" {', '.join(names) or 'none'}{nearest(name, names)}",
        cause=FailureCause.SUBMIT,
    )
