"""Finds the control of a list by its path."""

from __future__ import annotations

from polysync_core.console.forms.fields import OTHER, Control, Group, Pairs, Rows, Value
from polysync_core.console.forms.raw import parts_of
from polysync_core.domain.errors import Malformed, Problem


def rows_at(group: Group, path: str) -> Rows | Pairs:
    """Return the list at a path such as `dependencies[0].mappings`; raises `Malformed`."""
    control: Control | None = group
    for part in parts_of(path):
        control = _inside(control, part)
    if not isinstance(control, Rows | Pairs):
        raise Malformed([Problem(path, "is no list of this form: reload the page")])
    return control


def _inside(control: Control | None, part: str | int) -> Control | None:
    match control:
        case Rows(item=item) if isinstance(part, int):
            return item.control
        case Group() if part == OTHER:
            return Pairs(value=Value())
        case Group(fields=fields):
            return next((each.control for each in fields if each.name == part), None)
        case _:
            return None
