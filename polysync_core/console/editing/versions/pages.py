"""Draws the HTML pages that list, compare and restore a definition's saved versions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import htpy as h
from fastapi import Request, Response
from htpy import Element, Node

from polysync_core.application.definitions.versions import DefinitionVersions, VersionList
from polysync_core.console.editing.copyable_text import as_yaml
from polysync_core.console.editing.editor import Editor
from polysync_core.console.editing.frame import compact, section_crumb
from polysync_core.console.editing.services import EditorServices
from polysync_core.console.editing.versions.version_text import SOURCE_WORDS, saved_text
from polysync_core.console.icons import icon
from polysync_core.console.parts.cards import card, copy_button
from polysync_core.console.parts.differences import difference_table
from polysync_core.console.parts.notices import notice
from polysync_core.console.parts.tables import older_link, table
from polysync_core.console.parts.times import relative_time
from polysync_core.console.shell import has_role, page
from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.changes.differences import document_differences
from polysync_core.domain.definitions.changes.versions import KEPT, Author, Version
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.stored import StoredDefinition, stored_document
from polysync_core.domain.errors import NotFound
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.security.roles import Role

PAGE_SIZE = 50


def versions_page(
    request: Request, editor: Editor, name: str, versions: DefinitionVersions, after: str | None
) -> Response:
    """Return the page that lists the versions of a definition, newest first."""
    reference = Reference(editor.kind, name)
    found = versions.page(reference, limit=PAGE_SIZE, token=after)
    rows = _rows(editor, name, found, is_first=after is None)
    following = found.former.token
    return page(
        request,
        f"Versions of {name}",
        _deleted(found),
        h.div(".card")[
            table("Versions, newest first", ["Version", "Saved", "By", "From"], rows, body="rows"),
            h.p(".in.nothing")[f"The newest {KEPT} former versions are kept."],
        ],
        older_link(following and editor.address(name, "versions", after=following)),
        section=editor.section,
        crumbs=_crumbs(editor, name, found.current is not None),
    )


def version_page(
    request: Request, editor: Editor, services: EditorServices, name: str, number: int
) -> Response:
    """Return the page of a version: its differences to now, its content, and how to restore it."""
    versions: DefinitionVersions = request.app.state.use_cases[DefinitionVersions]
    former = versions.get(Reference(editor.kind, name), number)
    document = former.document
    stored = _stored(services, editor, name)
    text = as_yaml(editor, document)
    return page(
        request,
        f"Version {number} of {name}",
        h.div(".stack")[
            card(
                "What a restore changes",
                _differences(stored, document),
                _restore_form(request, editor, stored, document),
            ),
            card(
                "The version as a document",
                h.pre(tabindex="0", aria_label="The version in YAML")[h.code[text]],
                actions=copy_button(text, label="Copy as YAML"),
            ),
        ],
        section=editor.section,
        crumbs=[
            *_crumbs(editor, name, stored is not None),
            ("Versions", editor.address(name, "versions")),
        ],
        beside=h.span(".nothing")["saved ", saved_text(former.version)],
    )


def _rows(editor: Editor, name: str, found: VersionList, *, is_first: bool) -> Iterator[Element]:
    if is_first and found.current is not None:
        yield _row(found.current, "now", editor.address(name))
    for each in found.former.items:
        yield _row(each, None, editor.address(name, "versions", str(each.number)))


def _row(version: Version, note: str | None, address: str) -> Element:
    source = None if version.author is None else SOURCE_WORDS[version.author.source]
    return h.tr(id=f"version-{version.number}", data_url=address)[
        h.th(scope="row")[
            h.a(href=address)[f"Version {version.number}"], note and h.small[f" {note}"]
        ],
        h.td[relative_time(version.saved_at, now=datetime.now(UTC))],
        h.td(".break")[_name(version.author)],
        h.td[source or h.span(".nothing")["unknown"]],
    ]


def _name(author: Author | None) -> Node:
    return h.span(".nothing")["unknown"] if author is None else author.name


def _deleted(found: VersionList) -> Node:
    if found.current is not None:
        return None
    return notice("info", "It is deleted. Open a version to create it again.")


def _crumbs(editor: Editor, name: str, is_stored: bool) -> list[tuple[str, str]]:
    own = [(name, editor.address(name))] if is_stored else []
    return [section_crumb(editor.section), *own]


def _stored(
    services: EditorServices, editor: Editor, name: str
) -> StoredDefinition[Definition] | None:
    try:
        return services.stored(editor.kind, name)
    except NotFound:
        return None


def _differences(stored: StoredDefinition[Definition] | None, document: JsonObject) -> Node:
    if stored is None:
        return h.p(".in")["The definition is deleted; the version below would be created again."]
    found = document_differences(stored_document(stored), document)
    if not found:
        return h.p(".in")["It has the same content as the present version."]
    return difference_table("Differences to the present version", found)


def _restore_form(
    request: Request,
    editor: Editor,
    stored: StoredDefinition[Definition] | None,
    document: JsonObject,
) -> Node:
    """Return the form that plans the restore; the plan is saved as any other change."""
    if not has_role(request, Role.ADMINISTRATOR):
        return None
    present = None if stored is None else stored_document(stored)
    if present == document:
        return None
    name = None if stored is None else stored.definition.name
    return h.form(".foot", method="post", action=editor.address(name))[
        h.input(type="hidden", name="~document", value=compact(document)),
        stored and h.input(type="hidden", name="~etag", value=stored.etag),
        present is not None and h.input(type="hidden", name="~base", value=compact(present)),
        h.button(".primary", type="submit", name="do", value="review")[
            icon("rerun"), "Restore this version"
        ],
    ]
