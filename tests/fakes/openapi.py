"""Lists the operations of the API from its OpenAPI document for tests."""

from __future__ import annotations

import re

from tests.fakes.contract import document

METHODS = ("get", "put", "post", "patch", "delete")
RUN_ID = "r" + "a" * 25


def operations() -> list[tuple[str, str]]:
    """Return the method and an example path of every operation."""
    return [
        (method.upper(), example_path(path))
        for path, item in document()["paths"].items()
        for method in METHODS
        if method in item
    ]


def example_path(path: str) -> str:
    """Return a path with a value for each parameter."""
    return re.sub(r"\{(\w+)\}", lambda found: RUN_ID if "id" in found[1].lower() else "x", path)
