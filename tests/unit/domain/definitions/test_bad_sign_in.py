"""Wrong fields of a sign-in whose names hold the characters of a path."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.validation.drafts import read_draft

KINDS: dict[Kind, dict[str, Any]] = {
    Kind.VAULT: {"provider": "Environment"},
    Kind.PLATFORM: {"type": "AzureDatabricks"},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["a.b", "a.b.c", "a[0].b", "a[0][1]", "method.x.y", "...", ""])
def test_a_wrong_field_of_any_name_is_refused_with_the_other_problems(
    kind: Kind, name: str
) -> None:
    raw: Any = {
        "name": "v",
        **KINDS[kind],
        "auth": {"method": "ManagedIdentity", name: {}},
        "description": 1,
    }

    paths = [each.path for each in read_draft(kind, raw, path="x[0]").problems]
    assert sorted(paths) == sorted([f"x[0].auth.{name}", "x[0].description"])
