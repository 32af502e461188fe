"""Defines the tabs and buttons of a definition editor, and the editor page's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from fastapi import Request
from htpy import Node

from polysync_core.console.editing.services import EditorServices
from polysync_core.console.forms.fields import Group
from polysync_core.console.forms.raw import RawObject
from polysync_core.console.forms.reading import read
from polysync_core.console.forms.view import FormView
from polysync_core.console.paths import new_path, page_path
from polysync_core.console.shell import has_role
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.kinds import SPECS
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.security.roles import Role

type Content = Callable[[EditorPage], Node]
type Action = Callable[[EditorPage, str], EditorPage]
"""Returns the page after a button of the editor; the text is the part after the colon."""


@dataclass(frozen=True, slots=True)
class EditorTab:
    """A tab of an editor."""

    id: str
    label: str
    fields: tuple[str, ...]
    """The top-level fields of the definition that the tab shows."""
    content: Content | None = None
    """Draws the tab; None draws the fields one after another."""
    is_shown: Callable[[EditorPage], bool] = field(default=lambda _: True)
    count: Callable[[EditorPage], int | None] = field(default=lambda _: None)
    """Returns the number of entries that the tab has; None shows no number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """The editor of one kind of definition."""

    kind: Kind
    section: str
    """The id of the section, which is the first part of the addresses."""
    tabs: Sequence[EditorTab]
    prefill: tuple[str, ...] = ()
    """The fields that the address of a new definition may set, such as `?type=`."""
    more_tabs: Callable[[str], Sequence[tuple[str, str]]] = field(default=lambda _: ())
    """Returns the labels and addresses of further pages of a stored definition, as tabs."""
    buttons: Content | None = None
    """Draws further buttons of a stored definition, at the top of the page."""
    is_testable: bool = False
    """True if a new definition has a button `test`, too."""
    above: Content | None = None
    """Draws notices above the form of a stored definition."""
    below: Content | None = None
    """Draws facts below the form, such as the referrers."""
    actions: Mapping[str, Action] = MappingProxyType({})
    """The effects of further values of `do`, by the word before the colon."""
    notices: Mapping[str, str] = MappingProxyType({})
    scripts: tuple[str, ...] = ()
    """Further scripts of the page, by the names of their files."""
    completed: Callable[[EditorPage, JsonObject], JsonObject] = field(
        default=lambda _, document: document
    )
    """Returns the document of a draft in its final form."""

    @property
    def singular(self) -> str:
        """The words for one definition, such as `contention profile`."""
        return SPECS[self.kind].singular

    def address(self, name: str | None, *more: str, **query: str | None) -> str:
        """Return the address of the editor of a definition; None means a new one."""
        if name is None:
            return new_path(self.section, **query)
        return page_path(self.section, name, *more, **query)


@dataclass(frozen=True, kw_only=True)
class EditorPage:
    """One request for an editor, with its draft."""

    request: Request
    editor: Editor
    services: EditorServices
    group: Group
    raw: RawObject
    name: str | None = None
    """The name of the stored definition; None for a new one."""
    etag: str | None = None
    """The version that the draft began with."""
    base: JsonObject | None = None
    """The document of that version."""
    opened: StoredDefinition[Definition] | None = None
    """The stored version that the page opens; None for a draft."""
    problems: tuple[Problem, ...] = ()
    results: Mapping[str, Node] = MappingProxyType({})
    """The results of tests, by the paths of the fields; the empty path is the whole form."""
    tab: str | None = None
    hidden: Mapping[str, str] = MappingProxyType({})
    """The hidden inputs of the form whose names begin with `~`."""
    chosen: str = ""
    """The part of the page that a button of the editor chose, such as a year."""

    @property
    def is_new(self) -> bool:
        """True if the definition is not stored yet."""
        return self.name is None

    @property
    def is_read_only(self) -> bool:
        """True if the person may only read."""
        return not has_role(self.request, Role.ADMINISTRATOR)

    @property
    def is_broken(self) -> bool:
        """True if this version cannot read the stored definition; nothing can use it then."""
        return self.opened is not None and self.opened.broken is not None

    @property
    def address(self) -> str:
        """The address that the form is sent to."""
        return self.editor.address(self.name)

    @cached_property
    def view(self) -> FormView:
        """The form with its values and problems."""
        return FormView(
            group=self.group,
            raw=self.raw,
            address=self.address,
            problems=self.problems,
            names=self.services.names,
            stored=self.services.filled(self.editor.kind, self.base, is_new=self.is_new),
            is_read_only=self.is_read_only,
            results=self.results,
        )

    @cached_property
    def document(self) -> JsonObject:
        """The document of the draft, as far as its texts can be read."""
        document = read(self.group, self.raw).document
        named = document if self.name is None else {**document, "name": self.name}
        return self.editor.completed(self, named)

    @cached_property
    def stored(self) -> StoredDefinition[Definition] | None:
        """The stored definition as it is now; None for a new one."""
        return None if self.name is None else self.services.stored(self.editor.kind, self.name)

    def with_problems(self, problems: Sequence[Problem]) -> EditorPage:
        """Return the page with the problems of its draft."""
        return replace(self, problems=tuple(problems))

    def with_raw(self, raw: RawObject) -> EditorPage:
        """Return the page with other values, and with the fields that belong to them."""
        group = self.services.group(self.editor.kind, raw, is_new=self.is_new)
        return replace(self, raw=raw, group=group)

    def with_chosen(self, chosen: str) -> EditorPage:
        """Return the page with another chosen part."""
        return replace(self, chosen=chosen)

    def with_result(self, path: str, result: Node) -> EditorPage:
        """Return the page with the result of a test."""
        return replace(self, results={**self.results, path: result})
