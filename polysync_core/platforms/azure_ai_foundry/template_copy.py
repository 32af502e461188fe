"""Builds the Azure Machine Learning job of one run from a template job."""

from __future__ import annotations

import re
from collections.abc import Mapping

from polysync_core.domain.json_types import JsonObject, JsonValue, object_in

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
"""The allowed names of a job."""
TEMPLATE_TAG = "polysync_template"
"""The tag of a copy, which distinguishes copies from templates."""

# These properties describe the template's own run. With `sourceJobId`, a copy would reuse the
# results of the successful steps of that run.
_RUN_PROPERTIES = frozenset(
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
# The service adds these properties to each job; a copy gets its own.
_OF_SERVICE = re.compile(
    r"_?azureml|mlflow|ContentSnapshotId|Process(?:Info|Status)File|StatusFile|run(?:Template|Source"
    r"|Type)|EnableMLflow|hyperparameter|metric|primary_metric|score|best_",
    re.IGNORECASE,
)


def run_name(token: str) -> str:
    """Return the name of the job of an attempt; a resend uses the same name."""
    return f"polysync-{token}"


def copy_template(template: JsonObject, template_name: str, display_name: str) -> JsonObject:
    """Return the properties of a new job with the definition of the template."""
    kept = {
        name: value
        for name, value in template.items()
        if name not in _RUN_PROPERTIES and value is not None
    }
    outputs = object_in(template, "outputs")
    own: JsonObject = {
        name: value
        for name, value in object_in(template, "properties").items()
        if _OF_SERVICE.match(name) is None
    }
    return {
        **kept,
        **({"properties": own} if own else {}),
        "displayName": display_name,
        "tags": {**object_in(template, "tags"), TEMPLATE_TAG: template_name},
        "outputs": {
            name: _without_run_data(entry, template_name) for name, entry in outputs.items()
        },
    }


def template_of(job: JsonObject) -> str | None:
    """Return the name of a copy's template; None if the job is not a copy."""
    name = object_in(object_in(job, "properties"), "tags").get(TEMPLATE_TAG)
    return name if isinstance(name, str) else None


def _without_run_data(output: JsonValue, template_name: str) -> JsonValue:
    """Return an output without the location and value of the template's own run."""
    if not isinstance(output, Mapping):
        return output
    # A registered output gets a new version in each run.
    kept = {name: value for name, value in output.items() if name not in {"value", "assetVersion"}}
    # The service stores the outputs of a run in a folder `<name>` or `dcid.<name>`.
    folders = str(kept.get("uri")).split("/")
    if not {template_name, f"dcid.{template_name}"}.isdisjoint(folders):
        del kept["uri"]
    return kept
