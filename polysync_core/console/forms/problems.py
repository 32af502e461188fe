"""Assigns validation errors to form fields, and draws the summary of all errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import htpy as h
from htpy import Element

from polysync_core.console.forms.fields import OTHER, Field, Group, Pairs, Rows, joined
from polysync_core.console.forms.raw import Raw, RawObject
from polysync_core.console.icons import icon
from polysync_core.domain.errors import Problem

type Placed = tuple[str, str]
"""The path of a control, and the message."""

_SEPARATORS = re.compile(r"[.\[\]~]+")


def control_id(path: str) -> str:
    """Return the id of the control of a path, such as `f-schedules-0-cron`."""
    return "f-" + _SEPARATORS.sub("-", path).strip("-")


def placed(group: Group, raw: RawObject, problems: Iterable[Problem]) -> list[Placed]:
    """Return the problems with the paths of their controls; a path is empty without a control."""
    return [(_place(group, raw, each.path, ""), each.message) for each in problems]


def label_at(group: Group, path: str) -> str:
    """Return the labels of a path in words, such as `Schedules 1, Cron expression`."""
    labels: list[str] = []
    current: Field | None = None
    for part in [each for each in re.split(r"\.|(\[\d+\])", path) if each]:
        if part.startswith("["):
            labels[-1:] = [f"{labels[-1]} {int(part[1:-1]) + 1}"] if labels else [part]
            continue
        inside = _group_in(current) if current is not None else group
        found = [each for each in inside.fields if each.name == part] if inside else []
        current = found[0] if found else None
        if current is not None:
            labels.append(current.label)
    return ", ".join(labels) or path


def problem_summary(group: Group, found: Sequence[Placed], problems: Sequence[Problem]) -> Element:
    """Return a box that names every problem, with links to the fields."""
    count = len(problems)
    heading = "1 field is wrong" if count == 1 else f"{count} fields are wrong"
    return h.div(".notice.error.problems", role="alert", id="problems", tabindex="-1")[
        icon("warning"),
        h.div[
            h.b[heading],
            h.ul[
                [
                    _line(group, control, message, problem.path)
                    for (control, message), problem in zip(found, problems, strict=True)
                ]
            ],
        ],
    ]


def _line(group: Group, control: str, message: str, path: str) -> Element:
    if not control:
        return h.li[f"{path}: {message}" if path else message]
    return h.li[h.a(href=f"#{control_id(control)}")[label_at(group, control)], f": {message}"]


def _place(group: Group, raw: Raw | None, path: str, prefix: str) -> str:
    """Return the path of the control that is nearest to the path of a problem."""
    name, rest = _first(path)
    given = raw if isinstance(raw, dict) else {}
    found = next((each for each in group.fields if each.name == name), None)
    if found is None:
        index = _pair_index(given.get(OTHER), path)
        return "" if index is None else f"{joined(prefix, OTHER)}[{index}].value"
    return _inside(found, given.get(name), rest, joined(prefix, name))


def _inside(found: Field, raw: Raw | None, rest: str, path: str) -> str:
    match found.control:
        case Group():
            return _place(found.control, raw, rest, path) or path
        case Rows(item=item):
            index, inner = _index(rest)
            if index is None:
                return path
            row = raw[index] if isinstance(raw, list) and index < len(raw) else None
            at = f"{path}[{index}]"
            if isinstance(item.control, Group):
                return _place(item.control, row, inner, at) or at
            return at
        case Pairs():
            index, inner = _index(rest)
            if index is not None and inner in {"name", "value"}:
                return f"{path}[{index}].{inner}"
            known = _pair_index(raw, rest)
            return path if known is None else f"{path}[{known}].value"
        case _:
            return path


def _first(path: str) -> tuple[str, str]:
    found = re.match(r"\.?([^.\[\]]*)(.*)", path, re.DOTALL)
    return (found[1], found[2]) if found else (path, "")


def _index(path: str) -> tuple[int | None, str]:
    found = re.match(r"\[(\d+)\]\.?(.*)", path, re.DOTALL)
    return (int(found[1]), found[2]) if found else (None, path)


def _pair_index(raw: Raw | None, path: str) -> int | None:
    """Return the index of the row whose name begins the path."""
    wanted = path.removeprefix(".")
    rows = raw if isinstance(raw, list) else []
    names = [row.get("name") if isinstance(row, dict) else None for row in rows]
    for index, name in enumerate(names):
        if isinstance(name, str) and name and re.match(re.escape(name) + r"(?![^.\[])", wanted):
            return index
    return None


def _group_in(field: Field) -> Group | None:
    control = field.control.item.control if isinstance(field.control, Rows) else field.control
    return control if isinstance(control, Group) else None
