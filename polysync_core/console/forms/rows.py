"""Draws form fields that contain others: groups, lists of rows and name-value pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import htpy as h
from htpy import Element, Node

from polysync_core.console.forms.controls import (
    bare_control,
    notes,
    shown_attributes,
    single_field,
)
from polysync_core.console.forms.fields import (
    OTHER,
    Field,
    Group,
    Option,
    Pairs,
    Rows,
    Several,
    Text,
    Value,
    joined,
)
from polysync_core.console.forms.problems import control_id
from polysync_core.console.forms.view import FormView, view_action
from polysync_core.console.icons import icon

_OTHER = Field(
    name=OTHER,
    label="Other entries",
    control=Pairs(value=Value()),
    help="Values are JSON, or plain text.",
)


def form_fields(view: FormView, *names: str) -> list[Element]:
    """Return the fields of a form with these names; unknown names are left out."""
    known = {each.name: each for each in view.group.fields}
    return [form_field(view, known[name], name) for name in names if name in known]


def form_field(view: FormView, each: Field, path: str) -> Element:
    """Return a field with everything inside it."""
    match each.control:
        case Group() as group:
            return _group(view, each, group, path)
        case Several(options=options):
            return _boxes(view, each, options, path)
        case Rows():
            return _rows(view, each, each.control, path)
        case Pairs() as pairs:
            return _pairs(view, each, pairs, path)
        case _:
            return single_field(view, each, path)


def group_fields(view: FormView, group: Group, path: str) -> list[Node]:
    """Return the fields of an object, without a frame."""
    fields: list[Node] = [form_field(view, each, joined(path, each.name)) for each in group.fields]
    if group.is_open or view.value(joined(path, OTHER)):
        fields.append(_pairs(view, _OTHER, Pairs(value=Value()), joined(path, OTHER)))
    return fields


def _pairs(view: FormView, each: Field, control: Pairs, path: str) -> Element:
    value_field = Field(name="value", label="Value", control=control.value)
    rows = [
        h.div(".pair")[
            bare_control(view, _NAME_FIELD, f"{row}.name", label=f"{each.label}, name {number}"),
            bare_control(view, value_field, f"{row}.value", label=f"{each.label}, value {number}"),
            _remove(view, row, f"{each.label} {number}"),
            [notes(view, _NAME_FIELD, f"{row}.name"), notes(view, value_field, f"{row}.value")],
        ]
        for number, row in _row_paths(view, path)
    ]
    return _list_frame(view, each, path, rows)


def add_button(view: FormView, path: str, label: str) -> Node:
    """Return the button that adds a row to a list."""
    if view.is_read_only:
        return None
    return h.button(".small", view_action(view, f"add:{path}"), type="submit")[
        icon("add"), f"Add to {label[:1].lower()}{label[1:]}"
    ]


_NAME_FIELD = Field(name="name", label="Name", control=Text(max_length=255))


def _group(view: FormView, each: Field, group: Group, path: str) -> Element:
    inside = group_fields(view, group, path)
    return h.fieldset(".group", id=control_id(path), **shown_attributes(each, path))[
        h.legend[each.label],
        notes(view, each, path),
        h.div(".fields")[inside] if inside else h.p(".help")["This type has none."],
    ]


def _boxes(view: FormView, each: Field, options: Sequence[Option], path: str) -> Element:
    """Return a box for each option; the chosen ones come first, in their order."""
    rows = view.value(path)
    chosen = [row for row in rows if isinstance(row, str)] if isinstance(rows, list) else []
    known = {option.value: option.label for option in options}
    others = [value for value in known if value not in chosen]
    boxes = [
        h.label(".check")[
            h.input(
                type="checkbox",
                name=f"{path}[]",
                value=value,
                id=f"{control_id(path)}-{number}",
                checked=number < len(chosen),
                disabled=view.is_locked(each),
            ),
            known.get(value, value),
        ]
        for number, value in enumerate([*chosen, *others])
    ]
    return h.fieldset(".field", id=control_id(path), **shown_attributes(each, path))[
        h.legend[each.label], notes(view, each, path), h.div(".chips")[boxes]
    ]


def _rows(view: FormView, each: Field, control: Rows, path: str) -> Element:
    item = control.item
    rows = [
        _object_row(view, item, item.control, row, number)
        if isinstance(item.control, Group)
        else _simple_row(view, each, item, row, number)
        for number, row in _row_paths(view, path)
    ]
    return _list_frame(view, each, path, rows)


def _simple_row(view: FormView, each: Field, item: Field, row: str, number: int) -> Element:
    return h.div(".pair.single")[
        bare_control(view, item, row, label=f"{each.label} {number}"),
        _remove(view, row, f"{each.label} {number}"),
        notes(view, item, row),
    ]


def _object_row(view: FormView, item: Field, group: Group, row: str, number: int) -> Element:
    return h.fieldset(".row", id=control_id(row))[
        h.legend[f"{item.label} {number}"],
        h.div(".fields")[group_fields(view, group, row)],
        notes(view, item, row),
        _remove(view, row, f"{item.label} {number}"),
    ]


def _list_frame(view: FormView, each: Field, path: str, rows: Sequence[Element]) -> Element:
    return h.fieldset(".field.list", id=control_id(path), **shown_attributes(each, path))[
        h.legend[each.label],
        notes(view, each, path),
        rows or h.p(".help")["None"],
        add_button(view, path, each.label),
    ]


def _remove(view: FormView, row: str, label: str) -> Node:
    if view.is_read_only:
        return None
    return h.button(
        ".quiet.small",
        view_action(view, f"remove:{row}"),
        type="submit",
        aria_label=f"Remove {label}",
    )[icon("delete")]


def _row_paths(view: FormView, path: str) -> Iterable[tuple[int, str]]:
    """Return the number and the path of each row."""
    rows = view.value(path)
    count = len(rows) if isinstance(rows, list) else 0
    return [(index + 1, f"{path}[{index}]") for index in range(count)]
