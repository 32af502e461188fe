"""Computes the states of simulated pipeline runs from the elapsed time.

The activities of a definition run one after the other. `Wait` takes time, `Fail` fails, and
`SetVariable` may set the return value. Any other activity succeeds at once.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from simulators.serving import Refusal

RETURN_VALUE = "pipelineReturnValue"
STOPPING = timedelta(milliseconds=50)

_PARAMETER = re.compile(r"@pipeline\(\)\.parameters\.([A-Za-z_][A-Za-z0-9_]*)")
_WAITED = re.compile(
    r"@(?:int\()?pipeline\(\)\.parameters\.([A-Za-z_][A-Za-z0-9_]*)\)?"
    r"|@\{pipeline\(\)\.parameters\.([A-Za-z_][A-Za-z0-9_]*)\}"
)
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "securestring": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "object": (dict,),
    "array": (list,),
}


@dataclass(frozen=True, slots=True)
class Step:
    """The execution of one activity."""

    activity: Mapping[str, Any]
    start: datetime
    end: datetime
    error: str | None = None

    @property
    def kind(self) -> str:
        """The activity's type."""
        return str(self.activity.get("type"))


@dataclass(slots=True, kw_only=True)
class Run:
    """A run of a pipeline."""

    pipeline: str
    parameters: Mapping[str, Any]
    secret: frozenset[str]
    started: datetime
    steps: list[Step]
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    group_id: str = ""
    """The id of the first run, of which this run is a repair; empty for a first run."""
    cancelled: datetime | None = None

    @property
    def natural_end(self) -> datetime:
        """The end time of a run that is not cancelled."""
        return self.steps[-1].end if self.steps else self.started

    def is_over(self, now: datetime) -> bool:
        """Return whether the run has ended."""
        return self.status(now) in {"Succeeded", "Failed", "Cancelled"}

    def cancel(self, now: datetime) -> None:
        """Request the cancellation of the run."""
        self.cancelled = self.cancelled or now

    def status(self, now: datetime) -> str:
        """Return the status in the service's vocabulary."""
        if self.cancelled is not None:
            return "Canceling" if now < self.cancelled + STOPPING else "Cancelled"
        if now < self.natural_end:
            return "InProgress"
        return "Failed" if any(step.error for step in self.steps) else "Succeeded"

    def as_json(self, now: datetime) -> dict[str, Any]:
        """Return the run in the form of both services."""
        over = self.is_over(now)
        end = self.cancelled + STOPPING if self.cancelled is not None else self.natural_end
        errors = [step for step in self.steps if step.error]
        message = "".join(
            f"Operation on target {step.activity.get('name')} failed: {step.error}"
            for step in errors
            if over and self.cancelled is None
        )
        return {
            "runId": self.run_id,
            "runGroupId": self.group_id or self.run_id,
            "isLatest": True,
            "pipelineName": self.pipeline,
            "parameters": {
                name: "***" if name in self.secret else _text(value)
                for name, value in self.parameters.items()
            },
            "invokedBy": {"id": "simulator", "name": "Manual", "invokedByType": "Manual"},
            "runDimensions": {},
            "runStart": stamp(self.started),
            "runEnd": stamp(end) if over else None,
            "durationInMs": int((end - self.started).total_seconds() * 1000) if over else None,
            "lastUpdated": stamp(end if over else self.started),
            "status": self.status(now),
            "message": message,
        }

    def activities(self, now: datetime) -> Iterator[dict[str, Any]]:
        """Yield the runs of the activities that have ended."""
        for step in self.steps:
            stopped = self.cancelled is not None and step.end > self.cancelled
            if step.end <= now and not stopped:
                yield self._activity(step)

    def _activity(self, step: Step) -> dict[str, Any]:
        return {
            "activityRunId": str(
                uuid.uuid5(uuid.UUID(self.run_id), str(step.activity.get("name")))
            ),
            "activityName": step.activity.get("name"),
            "activityType": step.kind,
            "pipelineName": self.pipeline,
            "pipelineRunId": self.run_id,
            "activityRunStart": stamp(step.start),
            "activityRunEnd": stamp(step.end),
            "durationInMs": int((step.end - step.start).total_seconds() * 1000),
            "status": "Failed" if step.error else "Succeeded",
            "input": {},
            "output": _output(step.activity, self.parameters),
            "error": _error(step),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A failed run that shall be repaired, and the activity from which its repair starts."""

    failed: Run
    start_activity: str | None = None
    """None starts at the first failed activity, or at the beginning."""
    from_failure: bool = False

    def first(self, names: Sequence[str]) -> int:
        """Return the index of the first activity that runs again."""
        wanted = self.start_activity
        if wanted is None and self.from_failure:
            wanted = next(
                (str(step.activity.get("name")) for step in self.failed.steps if step.error), None
            )
        if wanted is None:
            return 0
        if wanted not in names:
            raise Refusal(400, "BadRequest", f"The pipeline has no activity {wanted}.")
        return names.index(wanted)


def start(
    name: str,
    definition: Mapping[str, Any],
    given: Mapping[str, Any],
    now: datetime,
    recovery: Recovery | None = None,
) -> Run:
    """Start a run; raise `Refusal` if a value does not have its parameter's type."""
    declared: Mapping[str, Any] = definition.get("parameters") or {}
    # The service ignores a value that the pipeline does not declare.
    parameters = {
        parameter: _checked(parameter, about, given.get(parameter, about.get("defaultValue")))
        for parameter, about in declared.items()
    }
    steps: list[Step] = []
    moment = now
    activities = definition.get("activities") or []
    names = [str(activity.get("name")) for activity in activities]
    for activity in activities[recovery.first(names) if recovery else 0 :]:
        settings = activity.get("typeProperties") or {}
        waits, error = _course(activity["type"], settings, parameters)
        end = moment + timedelta(seconds=waits)
        steps.append(Step(activity, moment, end, error))
        moment = end
        if error is not None:
            break
    secret = frozenset(
        parameter for parameter, about in declared.items() if _kind(about) == "securestring"
    )
    group = (recovery.failed.group_id or recovery.failed.run_id) if recovery else ""
    return Run(
        pipeline=name,
        parameters=parameters,
        secret=secret,
        started=now,
        steps=steps,
        group_id=group,
    )


def _course(
    kind: str, settings: Mapping[str, Any], parameters: Mapping[str, Any]
) -> tuple[float, str | None]:
    """Return the duration of an activity in seconds, and its error."""
    if kind == "Fail":
        return 0.0, str(settings.get("message"))
    if kind != "Wait":
        return 0.0, None
    given = settings.get("waitTimeInSeconds", 0)
    value = given.get("value") if isinstance(given, dict) else given
    found = _WAITED.fullmatch(str(value))
    seconds = parameters.get(found[1] or found[2]) if found else value
    try:
        return max(float(str(seconds)), 0.0), None
    except ValueError:
        message = f"The expression {value!r} of a Wait is not a number of seconds."
        raise Refusal(400, "BadRequest", message) from None


def stamp(moment: datetime) -> str:
    """Return a time in the services' format, with seven decimal digits of a second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def _text(value: Any) -> str:
    """Return a parameter value as text, as a run shows it."""
    return value if isinstance(value, str) else json.dumps(value)


def _kind(about: Mapping[str, Any]) -> str:
    return str(about.get("type")).lower()


def _checked(name: str, about: Mapping[str, Any], value: Any) -> Any:
    types = _TYPES.get(_kind(about), (object,))
    is_bool = isinstance(value, bool) and bool not in types and object not in types
    if value is not None and (is_bool or not isinstance(value, types)):
        message = f"The value of parameter '{name}' is not of type {about.get('type')}."
        raise Refusal(400, "BadRequest", message)
    return value


def _error(step: Step) -> dict[str, str]:
    if step.error is None:
        return {"errorCode": "", "message": "", "failureType": "", "target": "", "details": ""}
    code = str((step.activity.get("typeProperties") or {}).get("errorCode", ""))
    return {
        "errorCode": code,
        "message": step.error,
        "failureType": "UserError",
        "target": str(step.activity.get("name")),
        "details": "",
    }


def _output(activity: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    settings = activity.get("typeProperties") or {}
    if activity["type"] == "ExecutePipeline":
        return {"pipelineRunId": str(uuid.uuid4()), RETURN_VALUE: {"ofTheChild": True}}
    if activity["type"] != "SetVariable" or settings.get("variableName") != RETURN_VALUE:
        return {}
    return {
        RETURN_VALUE: {
            entry["key"]: _evaluated(entry["value"], parameters) for entry in settings["value"]
        }
    }


def _evaluated(value: Mapping[str, Any], parameters: Mapping[str, Any]) -> Any:
    # Expressions of activities have their text in `value`.
    content = value.get("content", value.get("value"))
    match value.get("type"):
        case "Expression":
            found = _PARAMETER.fullmatch(str(content))
            return parameters.get(found[1]) if found else content
        case "Array":
            return [_evaluated(each, parameters) for each in content or []]
        case "Object":
            return {each["key"]: _evaluated(each["value"], parameters) for each in content or []}
        case _:
            return content
