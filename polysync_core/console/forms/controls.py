"""Draws form controls of single values with label, help text and error message."""

from __future__ import annotations

import json

import htpy as h
from htpy import Element, Node

from polysync_core.console.forms.fields import (
    EMPTY,
    Control,
    Field,
    Flag,
    Json,
    Number,
    Secret,
    Text,
    Value,
    joined,
)
from polysync_core.console.forms.inputs import draw_input, locked_input, option_words
from polysync_core.console.forms.labels import unit_of
from polysync_core.console.forms.problems import control_id
from polysync_core.console.forms.view import FormView, view_action
from polysync_core.console.icons import icon


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
        _secret_test(view, each, path),
        None if before is None else _was(each.control, before),
        notes(view, each, path),
        view.results.get(path),
    ]


def bare_control(view: FormView, each: Field, path: str, *, label: str | None = None) -> Node:
    """Return the control alone; `label` names it where no label is shown."""
    control, text = each.control, view.text(path)
    common = attributes(view, each, path) | ({"aria-label": label} if label else {})
    if view.is_locked(each) and not isinstance(control, Text | Number | Value | Json | Secret):
        return locked_input(control, text, common)
    return draw_input(view, common, control, text)


def notes(view: FormView, each: Field, path: str) -> Node:
    """Return the help, the reason of a lock, and the messages of a field."""
    control = control_id(path)
    lock = each.locked if each.locked and not view.is_read_only else None
    help_text = lock or each.help
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


def _secret_test(view: FormView, each: Field, path: str) -> Node:
    """Return the button that tests whether the secret of a reference can be read."""
    if not isinstance(each.control, Secret) or view.is_locked(each):
        return None
    return h.div[
        h.button(".small", view_action(view, f"secret:{path}"), type="submit")[
            "Test the reference", h.span(".hidden")[f" of {each.label}"]
        ]
    ]


def _was(control: Control, before: str) -> Element:
    return h.p(".was")["was ", h.del_[option_words(control, before) or "empty"]]


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
