"""Formats the author, time and source of a saved definition version as text."""

from __future__ import annotations

from datetime import UTC, datetime

import htpy as h
from htpy import Element, Node

from polysync_core.console.editing.editor import Editor
from polysync_core.console.parts.notices import notice
from polysync_core.console.parts.times import relative_time
from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.changes.versions import ChangeSource, Version
from polysync_core.domain.definitions.stored import StoredDefinition

SOURCE_WORDS = {
    ChangeSource.EDIT: "an edit",
    ChangeSource.DOCUMENT: "a document",
    ChangeSource.IMPORT: "an import",
}


def saved_text(version: Version) -> Node:
    """Return the time of a version, its author, and the source of the change."""
    author = version.author
    return [
        relative_time(version.saved_at, now=datetime.now(UTC)),
        None if author is None else f" by {author.name}, from {SOURCE_WORDS[author.source]}",
    ]


def saved_line(editor: Editor, stored: StoredDefinition[Definition] | None) -> Node:
    """Return the author of the present version, with the link to all versions."""
    if stored is None:
        return None
    version = Version(number=stored.version, saved_at=stored.updated_at, author=stored.author)
    address = editor.address(stored.definition.name, "versions")
    return h.span(".nothing")[
        h.a(href=address)[f"Version {stored.version}"],
        ", saved ",
        saved_text(version),
        None if stored.bundle is None else f", owned by the bundle {stored.bundle}",
    ]


def applied_notice(stored: StoredDefinition[Definition] | None) -> Element | None:
    """Return the notice that a document holds the definition; None if no apply wrote it."""
    if stored is None or stored.applied is None:
        return None
    applied = stored.applied
    if stored.bundle is not None:
        return bundle_notice(stored)
    return notice(
        "info",
        h.p[
            "Last applied from a document ",
            relative_time(applied.at, now=datetime.now(UTC)),
            f" by {applied.by}. The next apply of that document may undo a change made here.",
        ],
    )


def bundle_notice(stored: StoredDefinition[Definition] | None) -> Element | None:
    """Return the warning that a bundle owns the definition; None without an owner."""
    if stored is None or stored.bundle is None:
        return None
    return notice(
        "warning",
        h.p[
            "The next apply of bundle ",
            h.b[stored.bundle],
            " will overwrite an edit made here. Change the files of the bundle as well.",
        ],
    )
