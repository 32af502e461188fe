"""Defines the state of a displayed form: its values, errors and selectable names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from htpy import Node

from polysync_core.console.forms.fields import Field, Group
from polysync_core.console.forms.problems import placed
from polysync_core.console.forms.raw import NewRow, Raw, RawObject, at, stored_value
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.errors import Problem

type Names = Callable[[Kind], Sequence[str] | None]
"""Returns the names of a kind for a list to choose from; None if there are too many."""

READ_ONLY = "Only an administrator may change it."


def no_names(kind: Kind) -> Sequence[str] | None:
    """Return no names, so that every name is typed."""
    return None


@dataclass(frozen=True, kw_only=True)
class FormView:
    """One form with its values."""

    group: Group
    raw: RawObject
    address: str
    """The address that the form is sent to."""
    problems: Sequence[Problem] = ()
    names: Names = no_names
    stored: RawObject | None = None
    """The values of the stored version, by which changed fields are marked."""
    is_read_only: bool = False
    results: Mapping[str, Node] = MappingProxyType({})
    """The results of tests, by the paths of their fields."""
    form_id: str = "editor"

    @cached_property
    def messages(self) -> dict[str, list[str]]:
        """The messages of problems by the paths of their controls."""
        found: dict[str, list[str]] = {}
        for path, message in placed(self.group, self.raw, self.problems):
            found.setdefault(path, []).append(message)
        return found

    def value(self, path: str) -> Raw | None:
        """Return the raw value at a path."""
        return at(self.raw, path)

    def text(self, path: str) -> str:
        """Return the text at a path; empty for an absent value."""
        value = self.value(path)
        return value if isinstance(value, str) else ""

    def before(self, path: str) -> str | None:
        """Return the stored text of a changed field; None if the field is not changed."""
        if self.stored is None:
            return None
        before, now = stored_value(self.stored, self.raw, path), self.value(path)
        if isinstance(before, NewRow):
            return None
        old = before if isinstance(before, str) else ""
        new = now if isinstance(now, str) else ""
        is_single = not isinstance(before, list | dict) and not isinstance(now, list | dict)
        return old if is_single and old != new else None

    def is_locked(self, each: Field) -> bool:
        """Return whether a field cannot be changed."""
        return self.is_read_only or each.locked is not None

    def wrong_in(self, names: Sequence[str]) -> int:
        """Return the number of wrong controls in some fields of the form."""
        return sum(path.split(".")[0].split("[")[0] in names for path in self.messages if path)


def view_action(view: FormView, action: str) -> dict[str, str | bool]:
    """Return the attributes of a button that changes the form without saving it.

    Without scripts the button sends the form, and the page comes back. With scripts, only the
    form is exchanged.
    """
    return {
        "name": "do",
        "value": action,
        "formnovalidate": True,
        "hx-post": view.address,
        "hx-target": f"#{view.form_id}",
        "hx-select": f"#{view.form_id}",
        "hx-swap": "outerMorph",
        "hx-sync": "closest form:queue all",
    }
