"""Generates documents of every kind of definition from the models, for property tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel

from polysync_core.console.forms.annotations import Annotation, read_annotation
from polysync_core.definition_types import type_catalogue
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.kinds import SPECS
from polysync_core.domain.definitions.types.catalogue import AuthKind
from polysync_core.domain.definitions.validation.drafts import read_draft

TYPES = type_catalogue(development=True)
PLATFORM_TYPES = TYPES.platform_types()
JOB_TYPES = [(name, job) for name in PLATFORM_TYPES for job in TYPES.platform(name).jobs]

_CHARACTERS = st.characters(exclude_categories=("C", "Zl", "Zp"))
LINES = st.text(_CHARACTERS | st.sampled_from("\n\t"), min_size=1, max_size=30)
TEXTS = st.text(_CHARACTERS, min_size=1, max_size=30)
NAMES = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
    | st.sampled_from(["", " ", "true", "null", "5", '"', '""', "[", "{}", "\n", "a\r\nb", "1e5"])
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
)
_BY_ALIAS: Mapping[str, st.SearchStrategy[Any]] = {
    "ObjectName": NAMES,
    "Cron": st.sampled_from(["0 6 * * *", "@daily", "*/5 1-3 * JAN MON"]),
    "ZoneName": st.sampled_from(["UTC", "Europe/Berlin", "Australia/Sydney"]),
    "Moment": st.sampled_from(["2026-01-01T00:00:00Z", "2027-05-06T07:08:09+02:00"]),
    "Day": st.dates(date(2000, 1, 1), date(2100, 1, 1)).map(str),
    "SecretText": NAMES.map(lambda name: f"vault://{name}/secret"),
    "JsonValue": JSON,
    "Lines": LINES,
    "Line": TEXTS,
    "TypeName": st.sampled_from(["Token", "Acme"]),
}


def definitions(kind: Kind) -> st.SearchStrategy[Definition]:
    """Return valid definitions of a kind."""
    models = SPECS[kind].model_by_type or {"": SPECS[kind].models[0]}
    documents = st.one_of(
        *(objects(model, {"type": st.just(name)} if name else {}) for name, model in models.items())
    )
    if kind is Kind.PLATFORM:
        documents = st.one_of(*map(_platforms, PLATFORM_TYPES))
    elif kind is Kind.VAULT:
        documents = st.one_of(*map(_vaults, TYPES.vault_providers()))
    elif kind is Kind.JOB:
        documents = st.one_of(*(_jobs(*each) for each in JOB_TYPES))
    # A draft replaces the values that contradict each other.
    drafts = documents.map(lambda document: read_draft(kind, document).definition)
    return drafts.filter(lambda definition: definition is not None)  # type: ignore[return-value]


def objects(
    model: type[BaseModel], fixed: Mapping[str, st.SearchStrategy[Any]] | None = None
) -> st.SearchStrategy[dict[str, Any]]:
    """Return JSON objects of a model; optional fields may be absent."""
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for attribute, info in model.model_fields.items():
        name = info.alias or attribute
        found = read_annotation(info.annotation, info.metadata)
        if fixed is not None and name in fixed:
            required[name] = fixed[name]
        elif info.is_required():
            required[name] = _values(found)
        else:
            optional[name] = _values(found)
    return st.fixed_dictionaries(required, optional=optional)


def _values(found: Annotation) -> st.SearchStrategy[Any]:
    plain = found.plain
    for alias, values in _BY_ALIAS.items():
        if alias in found.aliases:
            return values
    if found.origin in {tuple, list}:
        return st.lists(_values(read_annotation(found.items[0])), max_size=3)
    if found.origin is dict:
        keys = st.text(_CHARACTERS, min_size=1, max_size=12)
        return st.dictionaries(keys, _values(read_annotation(found.items[1])), max_size=3)
    if found.is_literal:
        return st.sampled_from([str(each.value) for each in found.items])
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        return objects(plain)
    if isinstance(plain, type) and issubclass(plain, StrEnum):
        return st.sampled_from([each.value for each in plain])
    return _scalars(found)


def _scalars(found: Annotation) -> st.SearchStrategy[Any]:
    least, most = found.limit("ge", "gt"), found.limit("le", "lt")
    if found.plain is bool:
        return st.booleans()
    if found.plain is int:
        return st.integers(least, most)
    if found.plain is float:
        return st.floats(max(least, 0.001), most, allow_nan=False)
    return TEXTS


def _platforms(name: str) -> st.SearchStrategy[dict[str, Any]]:
    platform = TYPES.platform(name)
    fixed = {
        "type": st.just(name),
        "auth": st.one_of(*map(_auths, platform.auth)),
        "attributes": objects(platform.attributes),
    }
    return objects(SPECS[Kind.PLATFORM].models[0], fixed)


def _vaults(name: str) -> st.SearchStrategy[dict[str, Any]]:
    vault = TYPES.vault(name)
    fixed: dict[str, st.SearchStrategy[Any]] = {
        "provider": st.just(name),
        "attributes": objects(vault.attributes),
        "auth": st.one_of(st.none(), *map(_auths, vault.auth)),
    }
    return objects(SPECS[Kind.VAULT].models[0], fixed)


def _jobs(platform: str, job: str) -> st.SearchStrategy[dict[str, Any]]:
    fixed = {
        "platform": st.just(platform.lower()),
        "jobType": st.just(job),
        "settings": objects(TYPES.platform(platform).jobs[job].settings),
    }
    return objects(SPECS[Kind.JOB].models[0], fixed)


def _auths(method: AuthKind) -> st.SearchStrategy[dict[str, Any]]:
    values = {
        field.name: _BY_ALIAS["SecretText"]
        if field.is_secret
        else TEXTS.map(str.strip).filter(bool)
        for field in method.fields
    }
    return st.fixed_dictionaries({"method": st.just(method.name)}, optional=values)
