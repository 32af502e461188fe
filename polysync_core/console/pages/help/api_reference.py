"""Shows the reference of the API from its OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import htpy as h
from fastapi import APIRouter, Depends, Request, Response
from htpy import Element, Node

from polysync_core.api.app import ApiRoutes
from polysync_core.api.use_cases import use_case
from polysync_core.console.paths import page_path
from polysync_core.console.shell import page

CurrentApiRoutes = Annotated[ApiRoutes, Depends(use_case(ApiRoutes))]
_CODE = re.compile("(`[^`]+`)")

router = APIRouter()

type Object = Mapping[str, Any]
"""A part of the OpenAPI document."""


@router.get("/help/api")
def api_page(request: Request, routes: CurrentApiRoutes) -> Response:
    """Show every operation and every schema of the API."""
    document = routes.document
    tags = [tag["name"] for tag in document["tags"]]
    return page(
        request,
        "API reference",
        h.div(".with-aside")[
            h.div(".stack")[
                h.div(".prose")[_paragraphs(document["info"]["description"])],
                [_tag(document, tag) for tag in tags],
                _schemas(document),
            ],
            h.nav(".card.contents", aria_label="On this page")[
                h.header[h.h2["On this page"]],
                h.ul(".in")[
                    [h.li[h.a(href=f"#{_anchor(each)}")[each]] for each in [*tags, "Schemas"]]
                ],
            ],
        ],
        section="help",
        crumbs=[("Help and API", page_path("help"))],
        actions=h.a(".button", href="/api/openapi.json")["OpenAPI document"],
    )


def _tag(document: Object, tag: str) -> Element:
    return h.section(".card", id=_anchor(tag), aria_label=tag)[
        h.header[h.h2[tag]],
        [
            _operation(document, path, method, operation)
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if tag in operation.get("tags", ())
        ],
    ]


def _operation(document: Object, path: str, method: str, operation: Object) -> Element:
    verb = method.upper()
    address = document["servers"][0]["url"] + path
    return h.details(".operation", id=operation["operationId"])[
        h.summary[h.span(class_=f"verb {verb}")[verb], h.code[path], h.span[operation["summary"]]],
        h.div(".in.prose")[
            _paragraphs(operation["description"]),
            h.pre(tabindex="0", role="group", aria_label=f"Example of {verb} {path}")[
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


def _schemas(document: Object) -> Element:
    return h.section(".card", id=_anchor("Schemas"), aria_label="Schemas")[
        h.header[h.h2["Schemas"]],
        [_schema(name, each) for name, each in document["components"]["schemas"].items()],
    ]


def _schema(name: str, schema: Object) -> Element:
    properties: Object = schema.get("properties", {})
    rows = [_property(field, each, schema) for field, each in properties.items()]
    return h.details(".operation", id=f"schema-{name}")[
        h.summary[h.code[name]],
        h.div(".in.prose")[
            _paragraphs(schema.get("description", "")),
            h.table[h.caption[f"Fields of {name}"], h.tbody[rows]] if rows else h.p[_type(schema)],
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
