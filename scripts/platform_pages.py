"""Generates the reference of fields and states in each page of docs/reference/platforms.

`python -m scripts.platform_pages` updates the end of each page. The text before the mark is
written by hand. A test compares the pages with the plugins.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from polysync_core.domain.definitions.platforms import PlatformType
from polysync_core.domain.definitions.types.catalogue import NoFields
from polysync_core.domain.definitions.types.hints import ShownWhen
from polysync_core.outbound.sign_in.methods import SignInField, SignInMethod
from polysync_core.platforms.connector import ProviderStatus
from polysync_core.platforms.plugin import Capability, JobTypePlugin
from polysync_core.platforms.registry import platform_plugin

FOLDER = Path(__file__).parents[1] / "docs/reference/platforms"
MARK = "<!-- From here on written by `python -m scripts.platform_pages`. -->\n"
_ABILITIES = {
    Capability.CANCEL: "cancel a run",
    Capability.OUTPUTS: "read outputs",
    Capability.DISCOVERY: "find artefacts",
    Capability.PARAMETERS: "read the parameters of an artefact",
    Capability.RUNS: "list the runs of an artefact",
    Capability.FAILURE_DETAILS: "tell the failed parts of a run",
    Capability.REPAIR: "repair a failed run",
}


def main() -> int:
    """Update the page of each platform type and return the exit code."""
    for platform_type in PlatformType:
        page = page_of(platform_type)
        text = page.read_text(encoding="utf-8")
        page.write_text(with_reference(text, platform_type), encoding="utf-8")
    return 0


def page_of(platform_type: PlatformType) -> Path:
    """Return the page of a platform type, such as `azure-databricks.md`."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]+", platform_type)
    return FOLDER / f"{'-'.join(words).lower()}.md"


def with_reference(page: str, platform_type: PlatformType) -> str:
    """Return the page with the current reference of its platform type."""
    before = page.partition(MARK)[0].rstrip()
    return f"{before}\n\n{MARK}\n{reference(platform_type)}"


def reference(platform_type: PlatformType) -> str:
    """Return the fields of a platform type and of its job types, with their states."""
    plugin = platform_plugin(platform_type)
    parts = [
        f"## Reference of `{platform_type}`\n",
        _table(("Attribute", "Value", "Meaning"), _fields(plugin.attributes)),
        _table(("`auth.method`", "Fields"), map(_method, plugin.sign_in)),
    ]
    for job_type, job_plugin in plugin.jobs.items():
        parts += _job_type(str(job_type), job_plugin)
    return "\n".join(part for part in parts if part)


def _job_type(name: str, plugin: JobTypePlugin) -> Iterator[str]:
    able = [text for each, text in _ABILITIES.items() if each in plugin.capabilities]
    unable = [text for each, text in _ABILITIES.items() if each not in plugin.capabilities]
    yield f"## Reference of `{name}`\n"
    yield f"`externalId`: {_sentence(plugin.external_id_hint)}\n"
    yield f"Polysync can {_listed(able, 'and')}.{_unable(unable)}\n"
    yield f"The first poll comes {plugin.plan.first:g} s after the submit.\n"
    yield _table(("Setting", "Value", "Meaning"), _fields(plugin.settings))
    yield _table(("State of the platform", "Status in Polysync"), _states(plugin.states))


def _unable(texts: Sequence[str]) -> str:
    return f" It cannot {_listed(texts, 'or')}." if texts else ""


def _states(states: Mapping[str, ProviderStatus]) -> Iterator[Sequence[str]]:
    """Yield the words of each status; a run goes on while its state is in no other row."""
    for status in ProviderStatus:
        words = [f"`{word}`" for word, meaning in states.items() if meaning is status]
        if status is ProviderStatus.UNKNOWN and states:
            yield " ".join([*words, "any other"]), "unknown: the run goes on"
        elif words:
            yield " ".join(words), status.value.lower()


def _method(method: SignInMethod) -> Sequence[str]:
    return f"`{method.name}`", ", ".join(map(_auth_field, method.fields)) or "none"


def _auth_field(field: SignInField) -> str:
    notes = ["a `vault://` reference"] * field.is_secret + ["optional"] * (not field.required)
    return f"`{field.name}`{f' ({", ".join(notes)})' if notes else ''}"


def _fields(model: type[BaseModel]) -> Iterator[Sequence[str]]:
    """Yield a row for each field of a model, the required fields first."""
    if model is NoFields:
        return
    schema = model.model_json_schema(by_alias=True)
    required = schema.get("required", [])
    properties: Mapping[str, Any] = schema.get("properties", {})
    for name in sorted(properties, key=lambda each: each not in required):
        field = properties[name]
        meaning = _escaped(field.get("description", ""))
        yield f"`{name}`", _value(field, schema, name in required), meaning + _shown(model, name)


def _shown(model: type[BaseModel], name: str) -> str:
    """Return the condition under which a field has an effect, as a sentence."""
    fields = {field.alias or each: field for each, field in model.model_fields.items()}
    for hint in fields[name].metadata:
        if isinstance(hint, ShownWhen):
            values = _listed([f"`{value}`" for value in hint.values], "or")
            return f" Only with `{hint.field}` {values}."
    return ""


def _value(field: Mapping[str, Any], schema: Mapping[str, Any], is_required: bool) -> str:
    """Describe the allowed values of a field and its default."""
    kinds = _kinds(field, schema.get("$defs", {}))
    text = " or ".join(dict.fromkeys(kinds)) or "any"
    default = field.get("default")
    if is_required:
        return f"{text}; required"
    return text if default in (None, "", [], {}) else f"{text}; default `{_plain(default)}`"


def _kinds(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[str]:
    match field:
        case {"$ref": str(address)}:
            yield from _kinds(definitions[address.rpartition("/")[2]], definitions)
        case {"anyOf": [*choices]} | {"oneOf": [*choices]}:
            for choice in choices:
                yield from _kinds(choice, definitions)
        case {"enum": [*values]}:
            yield " ".join(f"`{value}`" for value in values)
        case {"const": value}:
            yield f"`{value}`"
        case {"type": "null"}:
            pass
        case {"type": str(kind)}:
            yield _KINDS[kind] + _range(field)
        case _:
            yield "any value"


_KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "array": "list",
    "object": "object",
}


def _range(field: Mapping[str, Any]) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    if low is None and high is None:
        return ""
    return (
        f" from {low} to {high}"
        if low is not None and high is not None
        else (f" from {low}" if high is None else f" up to {high}")
    )


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _sentence(text: str) -> str:
    return f"{text.rstrip('.')}."


def _listed(texts: Sequence[str], word: str) -> str:
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {word} {texts[-1]}"


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown; an empty text if it has no rows."""
    lines = list(rows)
    if not lines:
        return ""
    return "".join(f"| {' | '.join(cells)} |\n" for cells in [head, ["---"] * len(head), *lines])


if __name__ == "__main__":
    sys.exit(main())
