"""Serves the API reference as HTML pages, built from the OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, cast

import htpy as h
from fastapi import Depends, Request, Response
from htpy import Element, Node

from polysync_core.api.app import ApiRoutes
from polysync_core.api.use_cases import use_case
from polysync_core.console.paths import page_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import page
from polysync_core.domain.errors import NotFound

CurrentApiRoutes = Annotated[ApiRoutes, Depends(use_case(ApiRoutes))]
_CODE = re.compile("(`[^`]+`)")
_HELP = ("Help and API", page_path("help"))

router = PageRouter()

type Object = Mapping[str, Any]
"""A part of the OpenAPI document."""


@router.get("/help/api")
def api_page(request: Request, routes: CurrentApiRoutes) -> Response:
    """List every operation of the API."""
    document = routes.document
    tags = [tag["name"] for tag in document["tags"]]
    return page(
        request,
        "API reference",
        h.div(".with-aside")[
            h.div(".stack")[
                h.div(".prose")[_paragraphs(document["info"]["description"])],
                [_tag(document, tag) for tag in tags],
            ],
            h.nav(".card.contents", aria_label="On this page")[
                h.header[h.h2["On this page"]],
                h.ul(".in")[[h.li[h.a(href=f"#{_anchor(each)}")[each]] for each in tags]],
            ],
        ],
        section="help",
        crumbs=[_HELP],
        actions=h.a(".button", href="/api/openapi.json")["OpenAPI document"],
    )


@router.get("/help/api/{operation}")
def operation_page(operation: str, request: Request, routes: CurrentApiRoutes) -> Response:
    """Show one operation of the API with the schemas that it uses."""
    document = routes.document
    for path, verb, found in _operations(document):
        if found["operationId"] == operation:
            return page(
                request,
                found["summary"],
                h.div(".stack")[_operation(document, path, verb, found), _schemas(document, found)],
                section="help",
                crumbs=[_HELP, ("API reference", page_path("help", "api"))],
            )
    raise NotFound("The API has no such operation.")


def _operations(document: Object) -> Iterator[tuple[str, str, Object]]:
    """Yield the path, the method and the description of each operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method.upper(), operation


def _tag(document: Object, tag: str) -> Element:
    rows = [
        h.tr[
            h.td(class_=f"verb {verb}")[verb],
            h.td[h.a(href=page_path("help", "api", operation["operationId"]))[h.code[path]]],
            h.td[operation["summary"]],
        ]
        for path, verb, operation in _operations(document)
        if tag in operation.get("tags", ())
    ]
    return h.section(".card", id=_anchor(tag), aria_label=tag)[
        h.header[h.h2[tag]], h.table(".operations", aria_label=tag)[h.tbody[rows]]
    ]


def _operation(document: Object, path: str, verb: str, operation: Object) -> Element:
    address = document["servers"][0]["url"] + path
    return h.section(".card", aria_label=f"{verb} {path}")[
        h.header[h.h2[h.span(class_=f"verb {verb}")[verb], h.code[path]]],
        h.div(".in.prose.wide")[
            _paragraphs(operation["description"]),
            h.pre(tabindex="0", role="group", aria_label="Example")[
                h.code[f'curl -X {verb} -H "x-functions-key: $KEY" "$HOST{address}"']
            ],
            _parameters(operation.get("parameters", ())),
            _body(operation.get("requestBody", {}).get("content", {})),
            _answers(document, operation["responses"]),
        ],
    ]


def _parameters(parameters: Any) -> Node:
    rows = [
        h.tr[
            h.th(scope="row")[h.code[each["name"]]],
            h.td[each["in"], ", required" if each.get("required") else None],
            h.td[_type(each["schema"])],
            h.td[_inline(each.get("description", ""))],
        ]
        for each in parameters
    ]
    return rows and h.table[h.caption["Parameters"], h.tbody[rows]]


def _body(content: Object) -> Node:
    return content and [h.h3["Body"], h.p[_content(content)]]


def _answers(document: Object, responses: Object) -> Element:
    return h.table[
        h.caption["Answers"],
        h.tbody[[_answer(document, status, answer) for status, answer in responses.items()]],
    ]


def _answer(document: Object, status: str, answer: Object) -> Element:
    if "$ref" in answer:
        answer = document["components"]["responses"][_name(answer)]
    headers = ", ".join(answer.get("headers", ()))
    return h.tr[
        h.th(scope="row")[status],
        h.td[_inline(answer["description"]), f" Headers: {headers}." if headers else None],
        h.td[_content(answer.get("content", {}))],
    ]


def _content(content: Object) -> Node:
    return [
        [h.br if number else None, h.code[kind], " ", _type(each.get("schema", {}))]
        for number, (kind, each) in enumerate(content.items())
    ]


def _schemas(document: Object, operation: Object) -> Node:
    """Return the schemas that an operation uses, also those inside other schemas."""
    schemas: Object = document["components"]["schemas"]
    responses: Object = document["components"]["responses"]
    names: dict[str, None] = {}
    waiting: list[Any] = [operation]
    while waiting:
        for name in _referenced(waiting.pop()):
            target = schemas.get(name) or responses.get(name)
            if target is not None and name not in names:
                names[name] = None
                waiting.append(target)
    return [_schema(name, schemas[name]) for name in names if name in schemas]


def _referenced(value: Any) -> Iterator[str]:
    """Yield the names behind every `$ref` inside a value."""
    if isinstance(value, dict):
        found = cast("Object", value)
        if "$ref" in found:
            yield _name(found)
        for each in found.values():
            yield from _referenced(each)
    elif isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _referenced(each)


def _schema(name: str, schema: Object) -> Element:
    properties: Object = schema.get("properties", {})
    rows = [_property(field, each, schema) for field, each in properties.items()]
    return h.section(".card", id=f"schema-{name}", aria_label=name)[
        h.header[h.h2[h.code[name]]],
        h.div(".in.prose.wide")[
            _paragraphs(schema.get("description", "")),
            h.table(aria_label=f"Fields of {name}")[h.tbody[rows]] if rows else h.p[_type(schema)],
        ],
    ]


def _property(field: str, each: Object, schema: Object) -> Element:
    return h.tr[
        h.th(scope="row")[h.code[field]],
        h.td[_type(each)],
        h.td["always" if field in schema.get("required", ()) else ""],
        h.td[_inline(each.get("description", ""))],
    ]


def _type(schema: Object) -> Node:
    """Return a schema as a short text with links to the named schemas."""
    if "$ref" in schema:
        return h.a(href=f"#schema-{_name(schema)}")[_name(schema)]
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return _joined(schema[choice])
    if "enum" in schema:
        return [[h.code[json.dumps(each)], " "] for each in schema["enum"]]
    if schema.get("type") == "array":
        return ["list of ", _type(schema.get("items", {}))]
    kind = schema.get("format") or schema.get("type") or "any JSON"
    return [kind, "pattern" in schema and [" ", h.code[schema["pattern"]]]]


def _joined(choices: Any) -> Node:
    unique = {json.dumps(each, sort_keys=True): each for each in choices}
    parts = list(map(_type, unique.values()))
    return [[" or " if number else None, part] for number, part in enumerate(parts)]


def _paragraphs(text: str) -> Iterator[Element]:
    return (h.p[_inline(part)] for part in text.split("\n\n") if part)


def _inline(text: str) -> Node:
    return [
        h.code[part.strip("`")] if _CODE.fullmatch(part) else part for part in _CODE.split(text)
    ]


def _name(reference: Object) -> str:
    return reference["$ref"].rsplit("/", 1)[-1]


def _anchor(tag: str) -> str:
    return tag.lower().replace(" ", "-")
