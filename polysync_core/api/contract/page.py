"""Renders the OpenAPI document as one self-contained HTML page without scripts."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """\
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --mark: #0a66c2; }
@media (prefers-color-scheme: dark) { :root { --mark: #6cb6ff; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; }
h1 { margin: .5rem 0; } h2 { margin: 2rem 0 .5rem; } h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
a { color: var(--mark); }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: .5rem 0; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .4rem 0; }
details > :not(summary) { margin-left: 1rem; margin-right: 1rem; }
summary { cursor: pointer; padding: .4rem .75rem; background: var(--soft); }
code, pre { font: .875rem/1.45 ui-monospace, monospace; }
pre { overflow-x: auto; padding: .5rem; background: var(--soft); border-radius: .4rem; }
table { border-collapse: collapse; width: 100%; margin-bottom: 1rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; }
tr { border-bottom: 1px solid var(--line); }
b { display: inline-block; min-width: 4.5rem; color: var(--mark); }
"""
_CODE = re.compile("`([^`]+)`")
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

PAGE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_DIGEST}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
"""The headers of the page: only its own style sheet may be used."""


def page(document: Mapping[str, Any]) -> str:
    """Return the page of an OpenAPI document."""
    return "".join(_page(document))


def _page(document: Mapping[str, Any]) -> Iterator[str]:
    title = escape(f"{document['info']['title']} API")
    yield (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>'
        f'{title}</title><meta name="viewport" content="width=device-width">'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>"
    )
    yield from _paragraphs(document["info"]["description"])
    yield (
        '<p>The same as a document for tools and client generators: <a href="openapi.json">'
        "openapi.json</a>. This page needs no script and loads nothing from another host.</p>"
    )
    tags = [tag["name"] for tag in document["tags"]]
    links = (f'<a href="#{_anchor(tag)}">{escape(tag)}</a>' for tag in [*tags, "Schemas"])
    yield f"<nav>{' '.join(links)}</nav>"
    for tag in tags:
        yield f'<h2 id="{_anchor(tag)}">{escape(tag)}</h2>'
        for path, item in document["paths"].items():
            for method, operation in item.items():
                if tag in operation.get("tags", ()):
                    yield from _operation(document, path, method, operation)
    yield '<h2 id="schemas">Schemas</h2>'
    for name, schema in document["components"]["schemas"].items():
        yield from _schema(name, schema)
    yield "</body></html>"


def _operation(
    document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]
) -> Iterator[str]:
    yield (
        f'<details id="{operation["operationId"]}"><summary><b>{method.upper()}</b>'
        f"<code>{escape(path)}</code> {escape(operation['summary'])}</summary>"
    )
    yield from _paragraphs(operation["description"])
    address = escape(document["servers"][0]["url"] + path)
    yield f'<pre>curl -X {method.upper()} -H "x-functions-key: $KEY" "$HOST{address}"</pre>'
    if operation.get("parameters"):
        yield "<h3>Parameters</h3><table>"
        yield from map(_parameter, operation["parameters"])
        yield "</table>"
    content = operation.get("requestBody", {}).get("content", {})
    if content:
        yield f"<h3>Body</h3><p>{_content(content)}</p>"
    yield "<h3>Answers</h3><table>"
    for status, answer in operation["responses"].items():
        yield _answer(document, status, answer)
    yield "</table></details>"


def _parameter(parameter: Mapping[str, Any]) -> str:
    needed = ", required" if parameter.get("required") else ""
    return (
        f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{parameter['in']}{needed}</td>"
        f"<td>{_type(parameter['schema'])}</td>"
        f"<td>{escape(parameter.get('description', ''))}</td></tr>"
    )


def _answer(document: Mapping[str, Any], status: str, answer: Mapping[str, Any]) -> str:
    if "$ref" in answer:
        answer = document["components"]["responses"][answer["$ref"].rsplit("/", 1)[-1]]
    headers = ", ".join(answer.get("headers", ()))
    return (
        f"<tr><td>{status}</td><td>{escape(answer['description'])}"
        f"{' Headers: ' + escape(headers) + '.' if headers else ''}</td>"
        f"<td>{_content(answer.get('content', {}))}</td></tr>"
    )


def _content(content: Mapping[str, Any]) -> str:
    return "<br>".join(
        f"<code>{escape(kind)}</code> {_type(each.get('schema', {}))}"
        for kind, each in content.items()
    )


def _schema(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f'<details id="schema-{name}"><summary><code>{name}</code></summary>'
    yield from _paragraphs(schema.get("description", ""))
    properties: Mapping[str, Any] = schema.get("properties", {})
    if not properties:
        yield f"<p>{_type(schema)}</p></details>"
        return
    yield "<table>"
    for field, each in properties.items():
        needed = "always" if field in schema.get("required", ()) else ""
        yield (
            f"<tr><td><code>{escape(field)}</code></td><td>{_type(each)}</td><td>{needed}</td>"
            f"<td>{escape(each.get('description', ''))}</td></tr>"
        )
    yield "</table></details>"


def _type(schema: Mapping[str, Any]) -> str:
    """Return a schema as a short text with links to the named schemas."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#schema-{name}">{name}</a>'
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return " or ".join(dict.fromkeys(map(_type, schema[choice])))
    if "enum" in schema:
        return " ".join(f"<code>{escape(json.dumps(each))}</code>" for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind = schema.get("format") or schema.get("type") or "any JSON"
    pattern = f" <code>{escape(schema['pattern'])}</code>" if "pattern" in schema else ""
    return escape(kind) + pattern


def _paragraphs(text: str) -> Iterator[str]:
    for part in text.split("\n\n"):
        if part:
            yield f"<p>{_CODE.sub(r'<code>\1</code>', escape(part))}</p>"


def _anchor(tag: str) -> str:
    return escape(tag.lower().replace(" ", "-"))
