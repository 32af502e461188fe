"""Copies of templates: each run is a job of its own, under a name that is ours."""

from __future__ import annotations

import re
from collections.abc import Mapping

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.platforms.azure.answers import object_in

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
"""What a job of a workspace may be called."""
TEMPLATE_TAG = "polysync_template"
"""The tag by which a copy is known, so that it is not taken for a template itself."""

# They tell of the template's own run. `sourceJobId` would make a copy a repetition of that run,
# which takes over the results of the steps that succeeded.
_OF_THE_RUN = frozenset(
    {
        "endTime",
        "error",
        "isArchived",
        "parameters",
        "properties",
        "services",
        "sourceJobId",
        "startTime",
        "status",
    }
)


def run_name(token: str) -> str:
    """Return the name of the job that an attempt starts: the same at every resend."""
    return f"polysync-{token}"


def copied(template: JsonObject, template_name: str, shown: str) -> JsonObject:
    """Return the properties of a new job that does what the template does."""
    kept = {
        name: value
        for name, value in template.items()
        if name not in _OF_THE_RUN and value is not None
    }
    outputs = object_in(template, "outputs")
    return {
        **kept,
        "displayName": shown,
        "tags": {**object_in(template, "tags"), TEMPLATE_TAG: template_name},
        "outputs": {name: _elsewhere(entry, template_name) for name, entry in outputs.items()},
    }


def template_of(job: JsonObject) -> str | None:
    """Return the name of the template that a job is a copy of; None where it is no copy."""
    name = object_in(object_in(job, "properties"), "tags").get(TEMPLATE_TAG)
    return name if isinstance(name, str) else None


def _elsewhere(output: JsonValue, template_name: str) -> JsonValue:
    """Return an output without the place, and without the value, of the template's own run."""
    if not isinstance(output, Mapping):
        return output
    kept = {name: value for name, value in output.items() if name != "value"}
    # The service keeps what a run writes in a folder of its name, or of `dcid.` and its name.
    folders = str(kept.get("uri")).split("/")
    if not {template_name, f"dcid.{template_name}"}.isdisjoint(folders):
        del kept["uri"]
    return kept
