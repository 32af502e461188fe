"""Reads a run's outputs from the pipeline options that Dataflow returns."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import Direction, Job
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in


def declared_outputs(job: Job) -> frozenset[str]:
    """Return the names of a Job's outputs."""
    return frozenset(each.name for each in job.parameters if each.direction is not Direction.INPUT)


def outputs_in(options: JsonObject, names: frozenset[str]) -> Mapping[str, JsonValue]:
    """Return the values of these names among the options of a pipeline.

    The options of an SDK have the field `options`; data for people has the field `display_data`.
    """
    shown = options.get("display_data")
    entries = [each for each in shown if isinstance(each, dict)] if isinstance(shown, list) else []
    known = {str(each.get("key")): each.get("value") for each in entries}
    known |= {**options, **object_in(options, "options")}
    return {name: known[name] for name in sorted(names & known.keys()) if known[name] is not None}
