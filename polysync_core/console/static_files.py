"""Serves the console's style sheet, scripts and icon under file names with content hashes.

A browser keeps such a file for a year, because a changed file has another name.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from urllib.parse import quote

from fastapi import Request, Response

from polysync_core.console.paths import page_path
from polysync_core.console.routing import PageRouter
from polysync_core.domain.errors import NotFound

_MEDIA_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """A file with its compressed form."""

    hashed_name: str
    media_type: str
    content: bytes
    compressed: bytes


def asset(name: str) -> str:
    """Return the address of a file such as `console.css`; raises KeyError for an unknown name."""
    return page_path("static", _by_name()[name].hashed_name)


@cache
def inline(name: str) -> str:
    """Return a small file as an address that needs no request of its own."""
    found = _by_name()[name]
    return f"data:{found.media_type},{quote(found.content.decode(), safe=" /:='")}"


def static_routes() -> PageRouter:
    """Return the route of the static files."""
    router = PageRouter()

    @router.get("/static/{file}")
    async def static_file(file: str, request: Request) -> Response:
        found = _by_hashed_name().get(file)
        if found is None:
            raise NotFound(f"There is no file {file!r}; reload the page.")
        headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
        content = found.content
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            content = found.compressed
        return Response(content, media_type=found.media_type, headers=headers)

    return router


@cache
def _by_name() -> Mapping[str, StaticFile]:
    folder = files("polysync_core.console").joinpath("static")
    return {entry.name: _read(entry) for entry in _walk(folder)}


@cache
def _by_hashed_name() -> Mapping[str, StaticFile]:
    return {each.hashed_name: each for each in _by_name().values()}


def _walk(folder: Traversable) -> Iterator[Traversable]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry)
        elif entry.name.rpartition(".")[2] in _MEDIA_TYPES:
            yield entry


def _read(entry: Traversable) -> StaticFile:
    content = entry.read_bytes()
    stem, _, extension = entry.name.rpartition(".")
    return StaticFile(
        hashed_name=f"{stem}.{sha256(content).hexdigest()[:12]}.{extension}",
        media_type=_MEDIA_TYPES[extension],
        content=content,
        # The time would make the bytes differ from process to process.
        compressed=gzip.compress(content, mtime=0),
    )
