"""Draws the form table in which a user enters a run's parameter values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from shlex import quote

import htpy as h
from htpy import Element, Node

from polysync_core.console.forms.controls import bare_control, notes
from polysync_core.console.forms.fields import EMPTY, Field, Pairs
from polysync_core.console.forms.values import value_text
from polysync_core.console.forms.view import FormView
from polysync_core.console.parts.tables import table
from polysync_core.domain.definitions.jobs import DataType, Parameter

type Inherited = Callable[[Parameter], str | None]
"""Returns the value that a run takes without an own value, as a text."""

_HEADINGS = ("Parameter", "Value of this run", "Without it")


def values_table(
    view: FormView, field: str, parameters: Iterable[Parameter], inherited: Inherited
) -> Node:
    """Return the controls of the values; `field` is the field of the form that holds them."""
    control = view.group.field(field).control
    by_name = {each.name: each for each in parameters}
    if not isinstance(control, Pairs) or not control.known:
        return h.p["The Job has no parameters."]
    rows = [
        (must_be_given(by_name[name], inherited), index, by_name[name])
        for index, name in enumerate(control.known)
        if name in by_name
    ]
    rows.sort(key=lambda row: not row[0])
    return table(
        "Values of parameters",
        _HEADINGS,
        [
            _row(view, control, f"{field}[{index}]", each, inherited, is_needed=is_needed)
            for is_needed, index, each in rows
        ],
    )


def must_be_given(parameter: Parameter, inherited: Inherited) -> bool:
    """Return whether a run needs an own value of a parameter."""
    return parameter.required and inherited(parameter) is None


def default_text(parameter: Parameter) -> str | None:
    """Return the default of a parameter as a text."""
    value = parameter.default
    return None if value is None else value_text(value, parameter.data_type) or '""'


def command_values(view: FormView, field: str) -> str:
    """Return the values of a run as options of a command."""
    rows = view.value(field)
    given = [
        f" -p {quote(f'{row["name"]}={row["value"]}')}"
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and row.get("value")
    ]
    return "".join(given)


def _row(  # noqa: PLR0913
    view: FormView,
    control: Pairs,
    path: str,
    parameter: Parameter,
    inherited: Inherited,
    *,
    is_needed: bool,
) -> Element:
    name = parameter.name
    each = Field(name="value", label=name, control=control.control_of(name))
    return h.tr[
        h.th(scope="row")[
            name,
            is_needed and h.span(".required", title="required")[" *"],
            h.small[h.br, parameter.data_type.value],
            parameter.description and h.small[h.br, parameter.description],
            h.input(type="hidden", name=f"{path}.name", value=name),
        ],
        h.td[
            h.div(".field")[
                bare_control(view, each, f"{path}.value", label=f"Value of {name}"),
                notes(view, each, f"{path}.value"),
            ],
            parameter.data_type is DataType.STRING and _empty_box(view, f"{path}.value"),
        ],
        h.td(".mono.break")[inherited(parameter) or h.span(".nothing")["nothing"]],
    ]


def _empty_box(view: FormView, path: str) -> Element:
    name = path + EMPTY
    is_set = view.text(name) == "true"
    return h.label(".check")[
        h.input(type="checkbox", name=name, value="true", checked=is_set), "Empty text"
    ]
