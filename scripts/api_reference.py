"""Generates docs/reference/http-api.md, the reference of the HTTP API.

python -m scripts.api_reference
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from polysync_core.adapters import production_ports
from polysync_core.composition import build, build_api, identify_by
from polysync_core.settings import Settings

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "http-api.md"
_SETTINGS = {
    "POLYSYNC_ENVIRONMENT": "development",
    "POLYSYNC_STORAGE": "UseDevelopmentStorage=true",
}

_INTRODUCTION = """\
# The HTTP API

`python -m scripts.api_reference` generates this page from the OpenAPI document of the app, which is
at `/api/openapi.json`. `/api/docs` shows the same with every field. A client can be generated from
the document: the answers are built from the described types.

Paths are under `/api`. Every error is a problem document (RFC 9457): `type`, `title`, `status`,
`detail` and `errors` with the path and the remedy of each problem. Every operation may also answer
with 401, 403, 408, 413, 422, 500 and 503. An unknown query parameter and an unknown field of a body
are refused (422). `HEAD` answers wherever `GET` does, and `OPTIONS` lists the methods of a path.
[Access](access.md) explains the roles.
"""
_COMMON = {"401", "403", "408", "413", "422", "500", "503"}


def page(document: Mapping[str, Any]) -> str:
    """Return the whole page."""
    return "\n".join([_INTRODUCTION, *_tags(document)])


def api() -> FastAPI:
    """Return the API without its storage; the document needs none."""
    settings = Settings.read(_SETTINGS)
    return build_api(build(production_ports(settings), settings), identify_by(settings))


def _tags(document: Mapping[str, Any]) -> Iterator[str]:
    for tag in document["tags"]:
        yield f"## {tag['name']}\n"
        for path, item in document["paths"].items():
            for method, operation in item.items():
                if tag["name"] in operation["tags"]:
                    yield from _operation(method, path, operation)


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {method.upper()} {path}\n"
    yield operation["description"] + "\n"
    parameters = [each for each in operation.get("parameters", ()) if each["in"] != "path"]
    if parameters:
        yield "| Parameter | In | |\n|---|---|---|"
        for each in parameters:
            yield f"| `{each['name']}` | {each['in']} | {each['description']} |"
        yield ""
    body = operation.get("requestBody")
    if body is not None:
        yield f"Body: {_content(body['content'])}\n"
    answers = [
        f"{status} {_content(each.get('content', {}))}".strip()
        for status, each in operation["responses"].items()
        if status.startswith("2")
    ]
    errors = [each for each in operation["responses"] if each[0] in "45" and each not in _COMMON]
    others = f" Also {', '.join(errors)}." if errors else ""
    yield f"Answers: {'; '.join(answers)}.{others}\n"


def _content(content: Mapping[str, Any]) -> str:
    return " or ".join(
        dict.fromkeys(_name(kind, each.get("schema", {})) for kind, each in content.items())
    )


def _name(kind: str, schema: Mapping[str, Any]) -> str:
    names = re.findall(r"#/components/schemas/(\w+)", str(schema))
    return " or ".join(f"`{name}`" for name in dict.fromkeys(names)) or f"`{kind}`"


if __name__ == "__main__":
    PAGE.write_text(page(api().openapi()), encoding="utf-8")
