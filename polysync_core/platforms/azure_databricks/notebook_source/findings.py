"""Collects the widgets found in a notebook, and reasons why widgets may be missing."""

from __future__ import annotations

from dataclasses import dataclass, field

CREATORS = frozenset({"text", "dropdown", "combobox", "multiselect"})
"""The methods that create a widget."""
READERS = frozenset({"get", "getArgument"})
"""The methods that read a widget."""
READERS_OF_ALL = frozenset({"getAll", "getCurrentBindings"})
"""The methods that read every parameter of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    """A widget of a notebook; it becomes a parameter."""

    name: str
    default: str | None = None
    description: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WidgetFindings:
    """The widgets of a notebook and the notes about them."""

    widgets: list[Widget] = field(default_factory=list[Widget])
    notes: list[str] = field(default_factory=list[str])
    read: set[str] = field(default_factory=set[str])
    """The names that the notebook reads, with `dbutils.widgets.get` or in another way."""
    marked: dict[str, None] = field(default_factory=dict[str, None])
    """The names in markers of SQL, such as `:p`: these are parameters without a widget, too."""

    def computed_name(self, where: str) -> None:
        """Note a widget whose name is computed."""
        self.notes.append(
            f"{where} creates a widget with a computed name: add the parameter by hand"
        )

    def computed_read(self, where: str) -> None:
        """Note a read of a widget whose name is computed."""
        self.notes.append(f"{where} reads a widget with a computed name: add the parameter by hand")

    def reads_all(self) -> None:
        """Note that the notebook takes every parameter of a run."""
        self.notes.append(
            "the notebook reads all parameters of a run, so its names are unknown: add"
            " parameters by hand"
        )


def computed_default(name: str) -> str:
    """Return the note about a default that is computed."""
    return f"the default of {name} is computed: set it by hand"
