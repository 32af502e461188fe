"""Shows a conflict: the version that somebody else has saved, beside the own draft."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

import htpy as h
from fastapi.responses import HTMLResponse
from htpy import Element

from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.editing.frame import compact, section_crumb
from polysync_core.console.editing.review import value_words
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.notices import notice
from polysync_core.console.shell import page
from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.differences import FieldDifference, differences
from polysync_core.domain.definitions.document import write_definition
from polysync_core.domain.definitions.stored import StoredDefinition


def conflict_page(state: EditorPage, mine: Definition) -> HTMLResponse:
    """Return the page of a draft whose stored version has changed meanwhile.

    Raises `NotFound` if somebody has deleted the definition.
    """
    stored = state.services.stored(state.editor.kind, mine.name)
    differing = differences(stored.definition, mine)
    return page(
        state.request,
        f"{mine.name} was changed meanwhile",
        notice(
            "warning",
            "Somebody else has saved it since you opened it. Nothing of yours is lost, and"
            " nothing is saved yet.",
        ),
        card("Theirs and yours", _table(differing), _form(state, stored)),
        section=state.editor.section,
        crumbs=[section_crumb(state.editor.section), (mine.name, state.address)],
        status=HTTPStatus.PRECONDITION_FAILED,
    )


def merged(state: EditorPage) -> EditorPage:
    """Return the own draft on top of the version that is stored now."""
    if state.name is None:
        return state
    stored = state.services.stored(state.editor.kind, state.name)
    base = write_definition(stored.definition)
    return replace(state, etag=stored.etag, base=base)


def _table(differing: tuple[FieldDifference, ...]) -> Element:
    return h.div(".table", tabindex="0", role="region", aria_label="Fields that differ")[
        h.table[
            h.caption(".hidden")["Fields that differ"],
            h.thead[h.tr[[h.th(scope="col")[each] for each in ("Field", "Theirs", "Yours")]]],
            h.tbody[
                [
                    h.tr[
                        h.th(scope="row")[each.path],
                        h.td[value_words(each.before)],
                        h.td[value_words(each.after)],
                    ]
                    for each in differing
                ]
            ],
        ]
    ]


def _form(state: EditorPage, stored: StoredDefinition[Definition]) -> Element:
    return h.form(id="editor", method="post", action=state.address)[
        h.input(type="hidden", name="~document", value=compact(state.document)),
        h.input(type="hidden", name="~etag", value=stored.etag),
        h.div(".foot")[
            h.a(".button", href=state.address)["Take theirs"],
            h.button(".primary", type="submit", name="do", value="merge")["Keep mine"],
        ],
    ]
