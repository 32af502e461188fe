"""Draws the controls of single values, with label, help, message and the stored value."""

from __future__ import annotations

import json
from collections.abc import Sequence

import htpy as h
from htpy import Element, Node

from polysync_core.console.forms.fields import (
    EMPTY,
    Choice,
    Control,
    Field,
    Flag,
    Json,
    Number,
    Option,
    Reference,
    Secret,
    Text,
    ThreeState,
    Value,
    joined,
)
from polysync_core.console.forms.problems import control_id
from polysync_core.console.forms.values import needs_area
from polysync_core.console.forms.view import FormView
from polysync_core.console.forms.words import unit_of
from polysync_core.console.icons import icon
from polysync_core.domain.definitions.base import NAME_PATTERN, Kind
from polysync_core.domain.definitions.jobs import DataType

_YES_NO = (Option("true", "Yes"), Option("false", "No"))
_NAME = NAME_PATTERN.strip("^$")
_SECRET_PATTERN = "vault://.+/.+"  # noqa: S105 - the form of a reference


def single_field(view: FormView, each: Field, path: str) -> Element:
    """Return the control of a single value with its label, help and message."""
    if isinstance(each.control, Flag):
        return _box(view, each, path)
    before = view.before(path)
    return h.div(
        class_="field changed" if before is not None else "field", **shown_attributes(each, path)
    )[
        h.label(for_=control_id(path))[
            each.label,
            _unit(each),
            each.is_required and h.span(".required", title="required")[" *"],
        ],
        bare_control(view, each, path),
        _empty_box(view, each, path),
        None if before is None else _was(each.control, before),
        notes(view, each, path),
    ]


def bare_control(view: FormView, each: Field, path: str, *, label: str | None = None) -> Node:
    """Return the control alone; `label` names it where no label is shown."""
    control, text = each.control, view.text(path)
    common = attributes(view, each, path) | ({"aria-label": label} if label else {})
    if view.is_locked(each) and not isinstance(control, Text | Number | Value | Json | Secret):
        return _locked(control, text, common)
    match control:
        case Flag():
            return [
                h.input(type="hidden", name=path, value="false"),
                h.input(common, type="checkbox", value="true", checked=text == "true"),
            ]
        case Choice(options=options, blank=blank):
            return _select(common, options, text, blank)
        case ThreeState(blank=blank):
            return _select(common, _YES_NO, text, blank)
        case Reference(kind=kind):
            return _reference(view, common, kind, text)
        case _:
            return _typed(view, common, control, text)


def notes(view: FormView, each: Field, path: str) -> Node:
    """Return the help, the reason of a lock, and the messages of a field."""
    control = control_id(path)
    lock = each.locked if each.locked and not view.is_read_only else None
    help_text = " ".join(filter(None, (each.help, lock)))
    messages = view.messages.get(path, [])
    return [
        (help_text or each.condition)
        and h.p(".help", id=f"{control}-help")[
            _code(help_text), each.condition and h.noscript[f" {each.condition}"]
        ],
        messages
        and h.p(".error", id=f"{control}-err")[icon("warning"), h.span["; ".join(messages)]],
    ]


def attributes(view: FormView, each: Field, path: str) -> dict[str, str | bool]:
    """Return the attributes that every control has."""
    control = control_id(path)
    described: list[str] = []
    if each.help or each.condition or (each.locked and not view.is_read_only):
        described.append(f"{control}-help")
    if path in view.messages:
        described.append(f"{control}-err")
    found: dict[str, str | bool] = {"id": control, "name": path}
    if described:
        found["aria-describedby"] = " ".join(described)
    if path in view.messages:
        found["aria-invalid"] = "true"
    if each.is_required:
        found["aria-required"] = "true"
    if view.is_locked(each):
        found |= {"readonly": True, "class": "locked"}
    return found


def _box(view: FormView, each: Field, path: str) -> Element:
    before = view.before(path)
    return h.div(
        class_="field check changed" if before is not None else "field check",
        **shown_attributes(each, path),
    )[
        bare_control(view, each, path),
        h.div[h.label(for_=control_id(path))[each.label], notes(view, each, path)],
    ]


def _locked(control: Control, text: str, common: dict[str, str | bool]) -> Node:
    """Return a read-only text with the words of a choice; the form sends the value itself."""
    name = str(common["name"])
    shown = {key: value for key, value in common.items() if key != "name"}
    return [
        h.input(type="hidden", name=name, value=text),
        h.input(shown, type="text", value=_words(control, text)),
    ]


def _words(control: Control, text: str) -> str:
    if isinstance(control, Flag | ThreeState):
        return {"true": "Yes", "false": "No"}.get(text, "Not set")
    if isinstance(control, Choice):
        known = {each.value: each.label for each in control.options}
        return known.get(text, text or (control.blank or ""))
    return text


def _select(
    common: dict[str, str | bool], options: Sequence[Option], text: str, blank: str | None
) -> Element:
    known = [each.value for each in options]
    shown = [*options] if text in {"", *known} else [*options, Option(text, text)]
    if blank is None and text == "":
        blank = "Choose…"
    return h.select(common)[
        None if blank is None else h.option(value="", selected=text == "")[blank],
        [h.option(value=each.value, selected=each.value == text)[each.label] for each in shown],
    ]


def _typed(view: FormView, common: dict[str, str | bool], control: Control, text: str) -> Node:
    match control:
        case Number():
            return _number(common, control, text)
        case Secret():
            return _secret(view, common, control, text)
        case Json():
            return _area(common, text, is_code=True)
        case Value(data_type=data_type):
            return _value(common, data_type, text)
        case Text():
            return _text(common, control, text)
        case _:
            raise TypeError(f"{common['name']} is no single value")


def _reference(view: FormView, common: dict[str, str | bool], kind: Kind, text: str) -> Node:
    names = view.names(kind)
    if names is not None:
        return _select(common, [Option(name, name) for name in names], text, "None")
    return h.input(common, type="text", value=text, pattern=_NAME, autocomplete="off")


def _number(common: dict[str, str | bool], control: Number, text: str) -> Node:
    is_number = not text or text.strip().lstrip("+-").replace(".", "", 1).isdigit()
    return h.input(
        common,
        # A browser shows nothing for a text that is no number, so the text would be lost.
        type="number" if is_number else "text",
        value=text,
        min=None if control.least is None else str(control.least),
        max=None if control.most is None else str(control.most),
        step="1" if control.is_whole else "any",
        placeholder=control.placeholder,
        inputmode="numeric" if control.is_whole else "decimal",
    )


def _secret(view: FormView, common: dict[str, str | bool], control: Secret, text: str) -> Node:
    vaults = view.names(Kind.VAULT) or ()
    control_list = f"{common['id']}-vaults"
    return [
        h.input(
            common,
            type="text",
            value=text,
            list=control_list if vaults else None,
            placeholder="vault://<vault>/<secret>",
            pattern=None if control.may_be_plain else _SECRET_PATTERN,
            autocomplete="off",
            spellcheck="false",
        ),
        vaults
        and h.datalist(id=control_list)[[h.option(value=f"vault://{name}/") for name in vaults]],
    ]


def _value(common: dict[str, str | bool], data_type: DataType | None, text: str) -> Node:
    if needs_area(data_type) or "\n" in text:
        return _area(common, text, is_code=True)
    if data_type is DataType.BOOL and text in {"", "true", "false"}:
        return _select(common, _YES_NO, text, "Not set")
    is_number = data_type in {DataType.INT, DataType.FLOAT}
    return h.input(
        common,
        type="text",
        value=text,
        autocomplete="off",
        inputmode="decimal" if is_number else None,
        placeholder="vault://<vault>/<secret>" if data_type is DataType.SECRET else None,
    )


def _text(common: dict[str, str | bool], control: Text, text: str) -> Node:
    if control.is_multiline or "\n" in text:
        return _area(common, text, is_code=control.is_code, longest=control.max_length)
    suggestions = control.suggestions() if control.suggestions else ()
    options = f"{common['id']}-options"
    return [
        h.input(
            common,
            type=control.input_type,
            value=text,
            maxlength=None if control.max_length is None else str(control.max_length),
            placeholder=control.placeholder,
            list=options if suggestions else None,
            autocomplete="off",
        ),
        suggestions and h.datalist(id=options)[[h.option(value=each) for each in suggestions]],
    ]


def _area(
    common: dict[str, str | bool], text: str, *, is_code: bool = False, longest: int | None = None
) -> Element:
    rows = min(max(text.count("\n") + 1, 3), 20)
    return h.textarea(
        common,
        rows=str(rows),
        maxlength=None if longest is None else str(longest),
        spellcheck="false" if is_code else None,
    )[
        # The parser of HTML drops a line break at the begin.
        "\n" + text
    ]


def _empty_box(view: FormView, each: Field, path: str) -> Node:
    name = path + EMPTY
    is_set = view.text(name) == "true"
    if not isinstance(each.control, Text) or not (each.control.may_be_empty or is_set):
        return None
    if view.is_locked(each):
        return is_set and h.input(type="hidden", name=name, value="true")
    return h.label(".check")[
        h.input(type="checkbox", name=name, value="true", checked=is_set), "Set to the empty text"
    ]


def _was(control: Control, before: str) -> Element:
    return h.p(".was")["was ", h.del_[_words(control, before) or "empty"]]


def _unit(each: Field) -> Node:
    unit = unit_of(each.name) if isinstance(each.control, Number) else None
    return unit and h.small[f" {unit}"]


def shown_attributes(each: Field, path: str) -> dict[str, str]:
    """Return the attributes by which the script hides a field that has no effect."""
    if each.shown_when is None or not each.shown_for:
        return {}
    parent = path.rpartition(".")[0]
    field = joined(parent, each.shown_when.field)
    return {"data-shown-by": field, "data-shown-for": json.dumps(each.shown_for)}


def _code(text: str) -> Node:
    """Return a help text in which `code` is marked as code."""
    parts = text.split("`")
    return [h.code[part] if index % 2 else part for index, part in enumerate(parts)]
