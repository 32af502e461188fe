"""Builds the form fields by which a platform or a vault signs in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from polysync_core.console.forms.fields import (
    Choice,
    Control,
    Field,
    Group,
    Option,
    Secret,
    Text,
)
from polysync_core.console.forms.labels import label_of, own_help, sentence, type_label
from polysync_core.console.forms.models import (
    with_conditions,
)
from polysync_core.domain.definitions.types.catalogue import (
    AuthField,
    AuthKind,
)
from polysync_core.domain.definitions.types.hints import ShownWhen
from polysync_core.domain.json_types import JsonValue

CHOOSE = "Choose…"
"""The first option of a choice that has to be made."""


def sign_in_fields(
    methods: Sequence[AuthKind],
    given: JsonValue,
    *,
    blank: str = CHOOSE,
    blank_means: str | None = None,
    default: str | None = None,
) -> Group:
    """Return the fields of the sign-in; each field is shown with its methods only."""
    known = [method.name for method in methods]
    asked = given.get("method") if isinstance(given, dict) else None
    chosen = asked if isinstance(asked, str) else ""
    fields: dict[str, tuple[AuthField, list[AuthKind]]] = {}
    for method in methods:
        for each in method.fields:
            known_field, users = fields.setdefault(each.name, (each, []))
            is_required = known_field.required and each.required
            users.append(method)
            fields[each.name] = (replace(known_field, required=is_required), users)
    options = [Option(name, type_label(name)) for name in known]
    if chosen and chosen not in known:
        options.append(Option(chosen, type_label(chosen)))
    method_field = Field(
        name="method",
        label=label_of("auth", "method"),
        control=Choice(options=tuple(options), blank=blank, blank_means=blank_means),
        help=own_help("Auth", "method") or "",
        is_required=blank == CHOOSE and bool(methods),
        default=default if default in known else None,
    )
    own = [_auth_field(each, users) for each, users in fields.values()]
    return Group(fields=with_conditions((method_field, *own)), is_optional=True)


def _auth_field(each: AuthField, users: Sequence[AuthKind]) -> Field:
    control: Control = Text(is_stripped=True)
    if each.is_secret or each.may_be_secret:
        control = Secret(may_be_plain=each.may_be_secret)
    rule = each.rule[:1].upper() + each.rule[1:]
    return Field(
        name=each.name,
        label=sentence(each.name),
        control=control,
        help="A reference to the secret." if each.is_secret else f"{rule}.",
        is_required=each.required,
        shown_when=ShownWhen("method", tuple(method.name for method in users)),
    )
