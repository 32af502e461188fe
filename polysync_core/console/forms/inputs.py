"""Draws the HTML inputs of single values: selects, numbers, texts, secrets and JSON."""

from __future__ import annotations

from collections.abc import Sequence

import htpy as h
from htpy import Element, Node

from polysync_core.console.forms.fields import (
    Choice,
    Control,
    Flag,
    Json,
    Number,
    Option,
    Reference,
    Secret,
    Text,
    ThreeState,
    Value,
)
from polysync_core.console.forms.values import needs_area
from polysync_core.console.forms.view import FormView
from polysync_core.console.paths import page_path
from polysync_core.domain.definitions.base import NAME_PATTERN, Kind
from polysync_core.domain.definitions.jobs import DataType
from polysync_core.domain.definitions.kinds import SPECS

_YES_NO = (Option("true", "Yes"), Option("false", "No"))
NAME_IN_BROWSERS = NAME_PATTERN.strip("^$").replace("-]", r"\-]")
"""The pattern of names for browsers, which want an escaped hyphen at the end of a set."""
_SECRET_PATTERN = "vault://.+/.+"  # noqa: S105 - the form of a reference

type Attributes = dict[str, str | bool]


def draw_input(view: FormView, common: Attributes, control: Control, text: str) -> Node:
    """Return the input of a control; `common` are the attributes that every input has."""
    match control:
        case Flag():
            return [
                h.input(type="hidden", name=common["name"], value="false"),
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


def locked_input(control: Control, text: str, common: Attributes) -> Node:
    """Return a read-only text with the words of a choice; the form sends the value itself."""
    name = str(common["name"])
    shown = {key: value for key, value in common.items() if key != "name"}
    return [
        h.input(type="hidden", name=name, value=text),
        h.input(shown, type="text", value=option_words(control, text)),
    ]


def option_words(control: Control, text: str) -> str:
    """Return the words for the text of a control."""
    if isinstance(control, Flag | ThreeState):
        return {"true": "Yes", "false": "No"}.get(text, "Not set")
    if isinstance(control, Choice):
        known = {each.value: each.label for each in control.options}
        return known.get(text, text or (control.blank or ""))
    return text


def _select(common: Attributes, options: Sequence[Option], text: str, blank: str | None) -> Element:
    known = [each.value for each in options]
    shown = [*options] if text in {"", *known} else [*options, Option(text, text)]
    if blank is None and text == "":
        blank = "Choose…"
    return h.select(common)[
        None if blank is None else h.option(value="", selected=text == "")[blank],
        [h.option(value=each.value, selected=each.value == text)[each.label] for each in shown],
    ]


def _typed(view: FormView, common: Attributes, control: Control, text: str) -> Node:
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
            raise TypeError(f"{common['name']} is not a single value")


def _reference(view: FormView, common: Attributes, kind: Kind, text: str) -> Node:
    names = view.names(kind)
    if names is not None:
        return _select(common, [Option(name, name) for name in names], text, "None")
    options = f"{common['id']}-options"
    return [
        h.input(
            common,
            type="text",
            value=text,
            pattern=NAME_IN_BROWSERS,
            autocomplete="off",
            list=options,
            data_suggest=SPECS[kind].singular.capitalize(),
            data_source=page_path("part", "jump"),
        ),
        h.datalist(id=options),
    ]


def _number(common: Attributes, control: Number, text: str) -> Node:
    is_number = not text or text.strip().lstrip("+-").replace(".", "", 1).isdigit()
    return h.input(
        common,
        # A browser shows nothing for a text that is not a number, so the text would be lost.
        type="number" if is_number else "text",
        value=text,
        min=None if control.least is None else str(control.least),
        max=None if control.most is None else str(control.most),
        step="1" if control.is_whole else "any",
        placeholder=control.placeholder,
        inputmode="numeric" if control.is_whole else "decimal",
    )


def _secret(view: FormView, common: Attributes, control: Secret, text: str) -> Node:
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


def _value(common: Attributes, data_type: DataType | None, text: str) -> Node:
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


def _text(common: Attributes, control: Text, text: str) -> Node:
    if control.is_multiline or "\n" in text:
        return _area(common, text, is_code=control.is_code, longest=control.max_length)
    if control.is_zone:
        return _zone(common, text)
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


def _zone(common: Attributes, text: str) -> Node:
    """Return the field of a time zone; without scripts, the link leads to the search."""
    options = f"{common['id']}-options"
    return [
        h.input(
            common,
            type="text",
            value=text,
            autocomplete="off",
            placeholder="City, country or name",
            list=options,
            data_suggest="Time zone",
            data_source=page_path("part", "zones"),
        ),
        h.datalist(id=options),
        h.p(".help")[h.a(href=page_path("zones", q=text), target="_blank")["Find by place"]],
    ]


def _area(
    common: Attributes, text: str, *, is_code: bool = False, longest: int | None = None
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
