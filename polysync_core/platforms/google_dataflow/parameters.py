"""Reads the parameters of a Dataflow template from the template's metadata."""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.platforms.connector import ArtefactSchema
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.values import is_parameter_name

_NO_METADATA = (
    "Dataflow cannot read the metadata of the template, so add its parameters to the job: a classic"
    " template needs a file <template>_metadata, a Flex template the part `metadata`"
)
PAST_JOB = (
    "a past job does not tell the parameters of its template: add them to the job, or use the"
    " gs:// path of the template as its external id"
)


def describe_template(answer: JsonObject) -> ArtefactSchema:
    """Return the parameters in the metadata of a template; each value is sent as text."""
    metadata = object_in(answer, "metadata")
    notes = () if metadata else (_NO_METADATA,)
    return ArtefactSchema(parameters=tuple(_parameters(metadata)), typed=True, notes=notes)


def _parameters(metadata: JsonObject) -> Iterator[Parameter]:
    declared = metadata.get("parameters")
    for each in declared if isinstance(declared, list) else ():
        if not isinstance(each, dict) or not is_parameter_name(name := each.get("name")):
            continue
        default = each.get("defaultValue")
        text = default if isinstance(default, str) and default else None
        yield Parameter(
            name=name,
            data_type=DataType.BOOL if each.get("paramType") == "BOOLEAN" else DataType.STRING,
            default=text,
            description=shortened_line(each.get("helpText")) or shortened_line(each.get("label")),
            required=each.get("isOptional") is not True and text is None,
        )
