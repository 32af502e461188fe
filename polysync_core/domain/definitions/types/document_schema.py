"""Builds the JSON Schema of definition documents, for text editors.

The schema accepts every document that Polysync accepts. It refuses what a schema can refuse:
unknown fields, wrong types and values, and the fields of another type. References between
definitions, cron expressions and addresses are checked by Polysync alone.

https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import BROKEN_FIELD, MAX_DEFINITIONS
from polysync_core.domain.definitions.kinds import KINDS, KindSpec
from polysync_core.domain.definitions.platforms import AuthMethod
from polysync_core.domain.definitions.types.bundle_schema import bundle_keys, with_variables
from polysync_core.domain.definitions.types.catalogue import AuthField, AuthKind, TypeCatalogue
from polysync_core.domain.definitions.types.descriptions import describe_fields, description_of

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REF = "#/$defs/"
_DEFAULT_METHOD = AuthMethod.MANAGED_IDENTITY
"""The sign-in method of a platform without `auth`."""
_EMPTY: Sequence[object] = (None, [], {})
_TIME_FORMATS = frozenset({"date", "date-time"})
_TIME_PATTERN = "^[-+0-9]"
"""A format would refuse spellings of a time that Polysync accepts, such as one without seconds."""

type _Schema = dict[str, Any]


def document_schema(types: TypeCatalogue) -> _Schema:
    """Return the schema of documents whose definitions may have these types."""
    return _Builder(types).document()


class _Builder:
    """Collects the schemas of the models, and the conditions of the types."""

    def __init__(self, types: TypeCatalogue) -> None:
        self._platforms = [types.platform(name) for name in types.platform_types()]
        self._vaults = [types.vault(name) for name in types.vault_providers()]
        self._jobs = {
            name: job for platform in self._platforms for name, job in platform.jobs.items()
        }
        models: list[type[BaseModel]] = [model for spec in KINDS for model in spec.models]
        models += [each.attributes for each in (*self._platforms, *self._vaults)]
        models += [job.settings for job in self._jobs.values()]
        unique = [(each, "validation") for each in dict.fromkeys(models)]
        found, content = models_json_schema(unique, ref_template=_REF + "{model}")  # pyright: ignore[reportArgumentType]
        self._refs = {model: ref for (model, _), ref in found.items()}
        self._defs: dict[str, _Schema] = content["$defs"]

    def document(self) -> _Schema:
        """Return the schema of a whole document."""
        describe_fields(self._defs)
        self._complete_vaults()
        self._complete_platforms()
        self._complete_jobs()
        self._defs.pop("Auth")
        for spec in KINDS:
            for model in spec.models:
                self._definition(model)["properties"][BROKEN_FIELD] = {
                    "description": "The fault of a stored definition in an export; ignored."
                }
        lists = {spec.kind.value: self._list(spec) for spec in KINDS}
        defs = {name: _plain(self._defs[name]) for name in sorted(self._defs)}
        return {
            "$schema": _DIALECT,
            "title": "Definitions of Polysync",
            "type": ["object", "null"],
            "properties": {**bundle_keys(), **{kind.value: lists[kind.value] for kind in Kind}},
            "additionalProperties": False,
            "$defs": with_variables(defs),
        }

    def _list(self, spec: KindSpec) -> _Schema:
        return {
            "description": f"The {spec.singular}s.",
            "type": ["array", "null"],
            "items": self._entry(spec),
            "maxItems": MAX_DEFINITIONS,
        }

    def _entry(self, spec: KindSpec) -> _Schema:
        by_type = spec.model_by_type
        if not by_type:
            return self._refs[spec.models[0]]
        return {
            "type": "object",
            "required": ["type"],
            "properties": {"type": _choice("", "type", by_type)},
            "allOf": [_when("type", name, self._refs[model]) for name, model in by_type.items()],
        }

    def _definition(self, model: type[BaseModel]) -> _Schema:
        return self._defs[self._refs[model]["$ref"].removeprefix(_REF)]

    def _complete_vaults(self) -> None:
        vault = self._defs["Vault"]
        conditions: list[_Schema] = []
        for each in self._vaults:
            fields = {"attributes": self._refs[each.attributes]}
            required = self._required("attributes", each.attributes)
            if each.auth:
                auth = self._auth(each.name, each.auth)
                optional = each.default_auth is not None
                fields["auth"] = {"anyOf": [auth, {"type": "null"}]} if optional else auth
                required += [] if optional else ["auth"]
            else:
                fields["auth"] = {"type": "null", "description": "This provider needs no sign-in."}
            then = {"properties": fields, "required": required}
            conditions.append(_when("provider", each.name, then))
        names = [each.name for each in self._vaults]
        _by_type(vault, "Vault", "provider", names, conditions)

    def _complete_platforms(self) -> None:
        conditions: list[_Schema] = []
        for each in self._platforms:
            fields = {
                "attributes": self._refs[each.attributes],
                "auth": self._auth(each.name, each.auth),
            }
            required = self._required("attributes", each.attributes)
            if _DEFAULT_METHOD not in {method.name for method in each.auth}:
                required.append("auth")
            then = {"properties": fields, "required": required}
            conditions.append(_when("type", each.name, then))
        names = [each.name for each in self._platforms]
        _by_type(self._defs["Platform"], "Platform", "type", names, conditions)

    def _complete_jobs(self) -> None:
        conditions: list[_Schema] = []
        for name, job in self._jobs.items():
            fields = {
                "externalId": {"description": job.external_id_hint},
                "settings": self._refs[job.settings],
            }
            then = {"properties": fields, "required": self._required("settings", job.settings)}
            conditions.append(_when("jobType", name, then))
        _by_type(self._defs["Job"], "Job", "jobType", list(self._jobs), conditions)

    def _required(self, field: str, model: type[BaseModel]) -> list[str]:
        """Return the field if its object cannot be empty."""
        return [field] if self._definition(model).get("required") else []

    def _auth(self, owner: str, methods: Sequence[AuthKind]) -> _Schema:
        """Return a reference to the schema of `auth` with some methods."""
        name = f"{owner}Auth"
        self._defs[name] = {
            "description": "The sign-in method with its fields.",
            "type": "object",
            "required": ["method"],
            "properties": {"method": _choice("Auth", "method", [each.name for each in methods])},
            "allOf": [_when("method", each.name, self._method(owner, each)) for each in methods],
        }
        return {"$ref": _REF + name}

    def _method(self, owner: str, method: AuthKind) -> _Schema:
        """Return a reference to the schema of a method; methods with equal fields share one."""
        fields = {each.name: _auth_field(each) for each in method.fields}
        schema: _Schema = {
            "type": "object",
            "properties": {"method": True, **fields},
            "required": [each.name for each in method.fields if each.required],
            "additionalProperties": False,
        }
        name = f"{method.name}Method"
        if self._defs.setdefault(name, schema) != schema:
            name = f"{owner}{name}"
            self._defs[name] = schema
        return {"$ref": _REF + name}


def _auth_field(field: AuthField) -> _Schema:
    schema: _Schema = {"type": "string" if field.required else ["string", "null"]}
    known = description_of("Auth", field.name)
    if known is not None:
        schema["description"] = known
    if field.is_secret:
        schema["pattern"] = "^vault://"
    return schema


def _choice(model: str, field: str, names: Iterable[str]) -> _Schema:
    return {"description": description_of(model, field), "enum": [*names]}


def _when(field: str, value: str, then: _Schema) -> _Schema:
    """Return a schema for the objects in which a field has a value."""
    return {"if": {"properties": {field: {"const": value}}, "required": [field]}, "then": then}


def _by_type(
    schema: _Schema, model: str, field: str, names: Sequence[str], conditions: list[_Schema]
) -> None:
    """Let the value of one field decide about other fields of the same object."""
    properties = schema["properties"]
    properties[field] = _choice(model, field, names)
    for name in ("auth", "attributes", "settings"):
        if name in properties:
            properties[name] = {"description": properties[name].get("description", "")}
    schema["allOf"] = conditions


def _plain(schema: Any) -> Any:
    """Return a schema without the titles, the formats and the empty defaults of pydantic."""
    if isinstance(schema, list):
        return [_plain(each) for each in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    content = cast("_Schema", schema)
    result = {name: _plain(each) for name, each in content.items()}
    if isinstance(result.get("title"), str):
        del result["title"]
    if "default" in result and result["default"] in _EMPTY:
        del result["default"]
    if result.get("format") in _TIME_FORMATS:
        del result["format"]
        result["pattern"] = _TIME_PATTERN
    return result
