"""Implements the example function `publish`, which stores its input as an HTML page."""

from __future__ import annotations

import hashlib
import html
import json
from pathlib import Path
from typing import Any

from aiohttp import web

NAME = "publish"
_PAGE = """<!doctype html>
<html><head><title>{title}</title></head>
<body><h1>{title}</h1><table border="1">{rows}</table></body></html>
"""


class Pages:
    """The published pages, stored as files."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    async def publish(self, request: web.Request) -> web.Response:
        """Publish the JSON object of a request; the same key replaces the same page."""
        try:
            values = json.loads(await request.read())
        except ValueError:
            values = None
        if not isinstance(values, dict):
            return web.json_response({"error": "the body must be a JSON object"}, status=400)
        key = request.headers.get("Idempotency-Key") or json.dumps(values, sort_keys=True)
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        (self._folder / f"{name}.html").write_text(_page(values), encoding="utf-8")
        url = f"http://{request.host}/published/{name}"
        return web.json_response({"url": url, "title": _title(values), "fields": len(values)})

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Answer with a page."""
        file = self._folder / f"{request.match_info['name']}.html"
        if not file.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(file)


def _page(values: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(_text(value))}</td></tr>"
        for name, value in values.items()
    )
    return _PAGE.format(title=html.escape(_title(values)), rows=rows)


def _title(values: dict[str, Any]) -> str:
    return _text(values.get("title") or "Report")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
