"""Builds the form fields of a definition from its kind and selected type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import BaseModel

from polysync_core.console.forms.definitions.sign_in import CHOOSE, sign_in_fields
from polysync_core.console.forms.fields import (
    Choice,
    Control,
    Field,
    Group,
    Option,
)
from polysync_core.console.forms.labels import type_label
from polysync_core.console.forms.models import (
    fields_of,
    group_of,
    parameter_values,
)
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.kinds import SPECS
from polysync_core.domain.definitions.platforms import AuthMethod
from polysync_core.domain.definitions.types.catalogue import (
    JobKind,
    TypeCatalogue,
)
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonObject, JsonValue

_LOCKED = {
    Kind.PLATFORM: ("type", "Its Jobs rely on the type. Define a new Platform for another type."),
    Kind.CONTENTION_PROFILE: ("type", "Define a new profile for the other type."),
    Kind.RECEIVER: ("type", "Define a new receiver for the other type."),
    Kind.JOB: ("platform", "Its Tasks and runs rely on the Platform. Define a new Job instead."),
    Kind.TASK: ("job", "Its values and runs rely on the Job. Define a new Task instead."),
}
_NAME_LOCKED = "Other definitions refer to it by this name. Duplicate it for another name."


@dataclass(frozen=True, slots=True, kw_only=True)
class FormContext:
    """Everything besides the document that decides about the fields of a form."""

    types: TypeCatalogue
    platform_type: Callable[[str], str | None] = field(default=lambda _: None)
    """Returns the type of the Platform of a name; None for an unknown name."""
    job: Callable[[str], Job | None] = field(default=lambda _: None)
    """Returns the Job of a name; None for an unknown name."""
    is_new: bool = True
    """True if the definition is not stored yet; otherwise some fields are locked."""


def definition_form(kind: Kind, document: JsonObject, context: FormContext) -> Group:
    """Return the fields of a definition with the types that its document names."""
    fields = _FORMS.get(kind, _plain)(kind, document, context)
    return Group(fields=tuple(_locked(fields, kind, context)))


def job_kind(document: JsonObject, context: FormContext) -> JobKind | None:
    """Return the job type of a Job's document; None if it is not chosen or not known."""
    platform = context.platform_type(_text(document.get("platform")))
    job_type = _text(document.get("jobType"))
    if platform is None or not job_type:
        return None
    try:
        return context.types.platform(platform).jobs.get(job_type)
    except Invalid:
        return None


def _plain(kind: Kind, document: JsonObject, context: FormContext) -> Sequence[Field]:
    return fields_of(SPECS[kind].models[0])


def _by_type(kind: Kind, document: JsonObject, context: FormContext) -> Sequence[Field]:
    """Return the fields of the chosen type; without one, those that all types have."""
    models = SPECS[kind].model_by_type
    by_type = {name: fields_of(model) for name, model in models.items()}
    options = [
        option
        for fields in by_type.values()
        for each in fields
        if each.name == "type" and isinstance(each.control, Choice)
        for option in each.control.options
    ]
    fields = by_type.get(_text(document.get("type"))) or _common(by_type.values())
    return _with(fields, "type", Choice(options=tuple(options), blank=CHOOSE))


def _common(groups: Iterable[Sequence[Field]]) -> list[Field]:
    first, *others = groups
    return [
        each for each in first if all(each in fields for fields in others) or each.name == "type"
    ]


def _platform(kind: Kind, document: JsonObject, context: FormContext) -> Sequence[Field]:
    chosen = _text(document.get("type"))
    fields = fields_of(SPECS[kind].models[0])
    fields = _with(fields, "type", _types(context.types.platform_types(), chosen))
    try:
        platform = context.types.platform(chosen) if chosen else None
    except Invalid:
        platform = None
    if platform is None:
        return _with(
            _with(fields, "auth", sign_in_fields((), document.get("auth"))),
            "attributes",
            _open_group(),
        )
    auth = sign_in_fields(
        platform.auth, document.get("auth"), default=AuthMethod.MANAGED_IDENTITY.value
    )
    fields = _with(fields, "auth", auth)
    return _with(fields, "attributes", _explicit(platform.attributes))


def _vault(kind: Kind, document: JsonObject, context: FormContext) -> Sequence[Field]:
    chosen = _text(document.get("provider"))
    fields = fields_of(SPECS[kind].models[0])
    fields = _with(fields, "provider", _types(context.types.vault_providers(), chosen))
    try:
        vault = context.types.vault(chosen) if chosen else None
    except Invalid:
        vault = None
    if vault is None:
        fields = _with(fields, "auth", sign_in_fields((), document.get("auth")))
        return _with(fields, "attributes", _open_group())
    blank = f"Default: {type_label(vault.default_auth)}" if vault.default_auth else CHOOSE
    if vault.auth or document.get("auth"):
        given = document.get("auth")
        auth = sign_in_fields(vault.auth, given, blank=blank, blank_means=vault.default_auth)
        fields = _with(fields, "auth", auth, is_required=False)
    else:
        fields = [each for each in fields if each.name != "auth"]
    return _with(fields, "attributes", _explicit(vault.attributes))


def _job(kind: Kind, document: JsonObject, context: FormContext) -> Sequence[Field]:
    fields = fields_of(SPECS[kind].models[0])
    platform = context.platform_type(_text(document.get("platform")))
    jobs: Mapping[str, JobKind] = {}
    if platform is not None:
        try:
            jobs = context.types.platform(platform).jobs
        except Invalid:
            jobs = {}
    fields = _with(fields, "jobType", _types([*jobs], _text(document.get("jobType"))))
    chosen = job_kind(document, context)
    if chosen is None:
        return _with(fields, "settings", _open_group())
    fields = [
        replace(each, help=chosen.external_id_hint) if each.name == "externalId" else each
        for each in fields
    ]
    return _with(fields, "settings", _explicit(chosen.settings))


def _task(kind: Kind, document: JsonObject, context: FormContext) -> Sequence[Field]:
    job = context.job(_text(document.get("job")))
    values = parameter_values(() if job is None else job.parameters)
    return _with(fields_of(SPECS[kind].models[0]), "parameters", values)


_FORMS: Mapping[Kind, Callable[[Kind, JsonObject, FormContext], Sequence[Field]]] = {
    Kind.PLATFORM: _platform,
    Kind.VAULT: _vault,
    Kind.CONTENTION_PROFILE: _by_type,
    Kind.RECEIVER: _by_type,
    Kind.JOB: _job,
    Kind.TASK: _task,
}


def _types(names: Iterable[str], chosen: str) -> Choice:
    """Return the choice of a type; a type that is not installed stays chosen."""
    known = [*names]
    if chosen and chosen not in known:
        known.append(chosen)
    return Choice(options=tuple(Option(name, type_label(name)) for name in known), blank=CHOOSE)


def _explicit(model: type[BaseModel]) -> Group:
    group = group_of(model, is_explicit=True)
    return Group(fields=group.fields, is_open=group.is_open, is_optional=True)


def _open_group() -> Group:
    return Group(fields=(), is_open=True, is_optional=True)


def _with(
    fields: Iterable[Field], name: str, control: Control, *, is_required: bool | None = None
) -> list[Field]:
    """Return the fields, with another control for one of them."""
    return [
        replace(
            each,
            control=control,
            is_required=each.is_required if is_required is None else is_required,
            default=None if isinstance(control, Group) else each.default,
        )
        if each.name == name
        else each
        for each in fields
    ]


def _locked(fields: Iterable[Field], kind: Kind, context: FormContext) -> Iterable[Field]:
    if context.is_new:
        return fields
    name, reason = _LOCKED.get(kind, ("", ""))
    reasons = {"name": _NAME_LOCKED, name: reason}
    return [replace(each, locked=reasons.get(each.name)) for each in fields]


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""
