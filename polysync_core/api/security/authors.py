"""Provides the author's name for definition versions that a request saves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends

from polysync_core.api.security.callers import CurrentCaller
from polysync_core.domain.definitions.changes.versions import Author, ChangeSource


def _author(source: ChangeSource) -> Callable[[CurrentCaller], Awaitable[Author]]:
    async def author(caller: CurrentCaller) -> Author:
        return Author(name=caller.name, source=source)

    return author


EditAuthor = Annotated[Author, Depends(_author(ChangeSource.EDIT))]
"""The caller as the author of a single definition."""
DocumentAuthor = Annotated[Author, Depends(_author(ChangeSource.DOCUMENT))]
"""The caller as the author of a document."""
ImportAuthor = Annotated[Author, Depends(_author(ChangeSource.IMPORT))]
"""The caller as the author of imported Jobs."""
