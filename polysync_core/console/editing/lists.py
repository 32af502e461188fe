"""Draws the HTML page that lists the definitions of one kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import htpy as h
from fastapi import Request
from fastapi.responses import HTMLResponse
from htpy import Element, Node

from polysync_core.application.definitions.editing import DefinitionEditing
from polysync_core.console.editing.frame import list_notices
from polysync_core.console.icons import icon
from polysync_core.console.parts.broken import broken_mark
from polysync_core.console.parts.notices import empty_state
from polysync_core.console.parts.tables import older_link, table
from polysync_core.console.paths import new_path, page_path
from polysync_core.console.shell import has_role, page
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.kinds import SPECS
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.security.roles import Role

PAGE_SIZE = 50

type Cell = Callable[[StoredDefinition[Definition]], Node]


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionList:
    """The list of the definitions of one kind."""

    kind: Kind
    section: str
    title: str
    columns: Mapping[str, Cell]
    """The cells of a row after its name, by the headings of the columns."""
    purpose: str
    """A sentence for the empty list: the purpose of the definitions."""
    notices: Mapping[str, str] = MappingProxyType({})

    @property
    def singular(self) -> str:
        """The words for one definition."""
        return SPECS[self.kind].singular


def list_page(
    request: Request, shown: DefinitionList, editing: DefinitionEditing, after: str | None
) -> HTMLResponse:
    """Return a page of the list; `after` is the token of the page before."""
    found = editing.page(shown.kind, limit=PAGE_SIZE, token=after)
    may_edit = has_role(request, Role.ADMINISTRATOR)
    new = (
        may_edit
        and h.a(".button.primary", href=new_path(shown.section))[
            icon("add"), f"New {shown.singular}"
        ]
    )
    return page(
        request,
        shown.title,
        _rows(shown, found.items) if found.items else _empty(shown, new),
        older_link(found.token and page_path(shown.section, after=found.token), label="Next"),
        section=shown.section,
        actions=new if found.items else None,
        notices={**list_notices(request, shown.section), **shown.notices},
    )


def _rows(shown: DefinitionList, items: Sequence[StoredDefinition[Definition]]) -> Element:
    headings = ["Name", *shown.columns]
    rows = [_row(shown, each) for each in items]
    return h.div(".card")[table(shown.title, headings, rows, body="rows")]


def _row(shown: DefinitionList, each: StoredDefinition[Definition]) -> Element:
    definition = each.definition
    address = page_path(shown.section, definition.name)
    return h.tr(id=f"row-{definition.name}", data_url=address, data_id=definition.name)[
        h.td[
            h.a(".name", href=address)[definition.name],
            broken_mark(definition),
            definition.display_name and h.small[definition.display_name],
        ],
        [h.td[cell(each)] for cell in shown.columns.values()],
    ]


def _empty(shown: DefinitionList, new: Node) -> Element:
    return empty_state(shown.purpose, new, command="polysync apply -f definitions.yaml")
