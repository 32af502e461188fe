"""Defines Python classes for Jobs, Tasks and other definitions, read by `polysync apply`.

    from polysync.definitions import Cron, Job, Task

    load = Job(
        name="load", platform="lakehouse", job_type="DatabricksNotebook", external_id="/etl/load"
    )
    daily = Task(name="load-daily", job=load, schedules=[Cron("0 6 * * *", tz="Europe/Berlin")])
    Task(name="report", job="report").after(daily, outputs={"rows": "expected_rows"})

Every object that a file creates belongs to its document, in the order of creation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator

from polysync import models
from polysync.calls import Json
from polysync.values import to_json

_STRICT = ConfigDict(extra="forbid", validate_assignment=False)


class _Defined(BaseModel):
    """Adds each new object to the present document."""

    kind: ClassVar[str] = ""

    @model_validator(mode="before")
    @classmethod
    def _names(cls, given: Any) -> Any:
        return _named(given)

    def model_post_init(self, context: Any, /) -> None:
        _created.append(self)


_created: list[_Defined] = []


class Vault(models.Vault, _Defined):
    """A vault."""

    model_config = _STRICT
    kind = "vaults"


class Platform(models.Platform, _Defined):
    """A Platform."""

    model_config = _STRICT
    kind = "platforms"


class ConcurrencyProfile(models.ConcurrencyProfile, _Defined):
    """A contention profile that limits concurrent runs."""

    model_config = _STRICT
    kind = "contentionProfiles"


class RateLimitProfile(models.RateLimitProfile, _Defined):
    """A contention profile that limits starts."""

    model_config = _STRICT
    kind = "contentionProfiles"


class Calendar(models.Calendar, _Defined):
    """A calendar."""

    model_config = _STRICT
    kind = "calendars"


class Job(models.Job, _Defined):
    """A Job."""

    model_config = _STRICT
    kind = "jobs"


class Task(models.Task, _Defined):
    """A Task."""

    model_config = _STRICT
    kind = "tasks"

    def after(
        self, upstream: Task | str, *, outputs: Mapping[str, str] | None = None, **edge: Any
    ) -> Self:
        """Let the Task start after another one.

        Args:
            upstream: The other Task.
            outputs: The outputs of the other Task, and the parameters that take them.
            edge: Other fields of the dependency, such as `condition="OnFailure"`.
        """
        mappings = [{"output": one, "input": other} for one, other in (outputs or {}).items()]
        given = {"task": _name_of(upstream), **edge, **({"mappings": mappings} if mappings else {})}
        dependency = models.Dependency.model_validate(given)
        self.dependencies = [*(self.dependencies or []), dependency]
        return self


class Webhook(models.Webhook, _Defined):
    """A webhook."""

    model_config = _STRICT
    kind = "webhooks"


for _class in (
    Vault,
    Platform,
    ConcurrencyProfile,
    RateLimitProfile,
    Calendar,
    Job,
    Task,
    Webhook,
):
    # The annotations of the fields name types of the module of the models.
    _class.model_rebuild(_types_namespace=vars(models))


def Cron(
    cron: str, *, tz: str | None = None, name: str = "schedule", **fields: Any
) -> models.Schedule:
    """Return a schedule; the other fields are those of a schedule, such as `misfire="Skip"`."""
    zone = {} if tz is None else {"time_zone": tz}
    return models.Schedule.model_validate({"name": name, "cron": cron, **zone, **fields})


def document(*definitions: _Defined) -> Json:
    """Return the document of some objects, or of all that were created."""
    lists: Json = {}
    for each in definitions or _created:
        lists.setdefault(each.kind, []).append(to_json(each))
    return lists


def _named(given: Any) -> Any:
    """Replace objects by their names where a definition refers to another one."""
    if not isinstance(given, dict):
        return given
    return {name: _reference(each) for name, each in given.items()}  # pyright: ignore[reportUnknownVariableType]


def _reference(value: Any) -> Any:
    if isinstance(value, list):
        return [_reference(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    return _name_of(value) if isinstance(value, _Defined) else value


def _name_of(value: Any) -> str:
    return value if isinstance(value, str) else str(value.name)
