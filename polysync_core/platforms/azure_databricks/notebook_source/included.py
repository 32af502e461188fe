"""Parses the `%run` commands by which a notebook includes another notebook."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from polysync_core.platforms.azure_databricks.notebook_source.paths import path_problem

_PATH = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|(\S+))""")
_GIVEN = re.compile(r"\$([^\s=$\"']{1,255})\s*=")


@dataclass(frozen=True, slots=True)
class Inclusion:
    """One `%run` command: the path of a notebook, and the widgets that it sets."""

    path: str
    given: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Inclusion:
        """Return the command of a line such as `./setup $reset=false`."""
        found = _PATH.match(text)
        path = "" if found is None else next(filter(None, found.groups()), "")
        rest = text[found.end() :] if found else ""
        return cls(path, frozenset(_GIVEN.findall(rest)))


def included_path(notebook: str, path: str) -> str | None:
    """Return the absolute path of a `%run` in a notebook; None if it names no notebook."""
    folder = posixpath.dirname(notebook)
    absolute = posixpath.normpath(posixpath.join(folder, path))
    return absolute if path and path_problem(absolute) is None else None
