"""Builds the OpenAPI document of the API from its FastAPI routes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from polysync_core.api.contract import answers
from polysync_core.api.contract.parameters import describe_parameters
from polysync_core.api.definitions.schemas import definition_schemas
from polysync_core.api.problem_document import JobProblemDocument, ProblemDocument
from polysync_core.api.security.roles import API_ROLES
from polysync_core.domain.json_types import JsonValue

_REF = "#/components/schemas/"
_GENERATED = ("HTTPValidationError", "ValidationError")
"""Schemas of FastAPI for errors that the API never sends."""

_JSON = "JsonValue"

_DESCRIPTION = """\
A cross-platform job orchestrator that scales to zero.

Every error is a problem document (RFC 9457). Times are RFC 3339 in UTC. A list answers with \
`items` and a `continuationToken`. An unknown query parameter or an unknown field of a body is \
refused. HEAD answers wherever GET does."""

_SECURITY_SCHEMES: dict[str, Any] = {
    "entraToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of Microsoft Entra ID with an app role.",
    },
    "issuerToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of the OpenID Connect issuer of a host on one machine, with an app "
        "role.",
    },
    "accessKey": {
        "type": "apiKey",
        "in": "header",
        "name": "x-functions-key",
        "description": "An access key of the deployment, for a caller that cannot get a token.",
    },
    "appService": {
        "type": "apiKey",
        "in": "cookie",
        "name": "AppServiceAuthSession",
        "description": "The session of a person who signed in through App Service.",
    },
}


def operation_id(route: APIRoute) -> str:
    """Return the stable id of an operation: its name in camelCase."""
    first, *others = re.split(r"[ _-]", route.name)
    return first + "".join(word.capitalize() for word in others)


def build_document(
    routes: Sequence[BaseRoute], *, title: str, version: str, prefix: str
) -> dict[str, Any]:
    """Return the document of these routes."""
    document = get_openapi(
        title=title,
        version=version,
        description=_DESCRIPTION,
        routes=routes,
        servers=[{"url": prefix}],
    )
    schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _GENERATED:
        schemas.pop(name, None)
    schemas.update(_problem_schemas())
    schemas.update(definition_schemas(schemas))
    for name in [each for each in schemas if each.startswith(_JSON)]:
        # The recursive schema of any JSON value tells a client nothing.
        schemas[name] = {"description": "Any JSON value."}
    for path, method, operation in _operations(document):
        _complete(path, method, operation)
    document["components"]["responses"] = answers.components()
    document["components"]["securitySchemes"] = _SECURITY_SCHEMES
    document["security"] = [{name: []} for name in _SECURITY_SCHEMES]
    document["tags"] = [{"name": tag} for tag in sorted(_tags(document))]
    _open_answers(document)
    return _renamed(document)


def _problem_schemas() -> dict[str, Any]:
    models = [(each, "serialization") for each in (ProblemDocument, JobProblemDocument)]
    _, found = models_json_schema(models, ref_template=_REF + "{model}")  # pyright: ignore[reportArgumentType]
    return found["$defs"]


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Add the security, the parameters' rules and the errors of an operation."""
    opened = API_ROLES.is_open(method.upper(), path)
    if opened:
        operation["security"] = []
    if "description" in operation:
        operation["summary"] = operation["description"].split("\n")[0].rstrip(".")
    role = API_ROLES.role_for(method.upper(), path)
    needs = "Needs no authentication." if opened else f"Needs the app role `{role}`."
    operation["description"] = f"{operation.get('description', operation['summary'])}\n\n{needs}"
    describe_parameters(path, operation)
    responses: dict[str, Any] = operation["responses"]
    for status in sorted(answers.errors_of(method, path, operation, is_open=opened)):
        responses[str(status)] = answers.error_answer(path, status)
    operation["responses"] = dict(sorted(responses.items()))


def _tags(document: Mapping[str, Any]) -> set[str]:
    return {tag for _, _, operation in _operations(document) for tag in operation.get("tags", ())}


def _open_answers(document: dict[str, Any]) -> None:
    """Allow further fields in answers, so that a later version may add some."""
    schemas = document["components"]["schemas"]
    bodies = [each.get("requestBody") for _, _, each in _operations(document)]
    closed = _reachable(bodies, schemas)
    for name, schema in schemas.items():
        if name not in closed and schema.get("additionalProperties") is False:
            del schema["additionalProperties"]


def _reachable(roots: Iterable[Any], schemas: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        for name in _references(waiting.pop()):
            if name not in found and name in schemas:
                found.add(name)
                waiting.append(schemas[name])
    return found


def _references(node: JsonValue) -> Iterator[str]:
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str):
            yield reference.rsplit("/", 1)[-1]
        for each in node.values():
            yield from _references(each)
    elif isinstance(node, list):
        for each in node:
            yield from _references(each)


def _renamed(document: dict[str, Any]) -> dict[str, Any]:
    """Give the schemas of answers short names: `TaskRun`, `TaskRunPage`."""
    schemas = document["components"]["schemas"]
    names = {name: _short(name) for name in schemas}
    taken = {short for name, short in names.items() if short != name and short in schemas}
    names = {name: name if short in taken - {_JSON} else short for name, short in names.items()}
    document["components"]["schemas"] = {
        names[name]: {**schema, **({"title": names[name]} if "title" in schema else {})}
        for name, schema in sorted(schemas.items())
    }
    return cast("dict[str, Any]", _with_names(document, names))


def _short(name: str) -> str:
    page = re.fullmatch(r"Page_(\w+?)_", name)
    if page is None:
        return _JSON if name.startswith(_JSON) else name.removesuffix("View")
    item = page[1].removeprefix("Union_").split("__")[0]
    item = "StoredContentionProfile" if "Concurrency" in item else item
    return f"{item.removesuffix('View')}Page"


def _with_names(node: JsonValue, names: Mapping[str, str]) -> JsonValue:
    if isinstance(node, dict):
        changed = {key: _with_names(value, names) for key, value in node.items()}
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith(_REF):
            name = reference.removeprefix(_REF)
            changed["$ref"] = _REF + names.get(name, name)
        return changed
    return [_with_names(each, names) for each in node] if isinstance(node, list) else node
