"""Converts links between documentation files to URLs of the help pages."""

from __future__ import annotations

import posixpath
from collections.abc import Collection

from polysync_core.console.pages.help.markdown import Resolve
from polysync_core.console.paths import page_path

_EXTENSION = ".md"
_INDEX = "README.md"


def address_of(path: str, anchor: str = "") -> str:
    """Return the address of a page such as `reference/runs.md`."""
    address = page_path("help", *path.removesuffix(_EXTENSION).split("/"))
    return f"{address}#{anchor}" if anchor else address


def resolve_from(path: str, known: Collection[str]) -> Resolve:
    """Return the function that finds the address behind a link of a page.

    A link to a file outside the documentation has no address in the console.
    """
    folder = posixpath.dirname(path)

    def resolve(target: str) -> str | None:
        file, _, anchor = target.partition("#")
        found = posixpath.normpath(posixpath.join(folder, file))
        if found == _INDEX:
            return page_path("help")
        return address_of(found, anchor) if found in known else None

    return resolve
