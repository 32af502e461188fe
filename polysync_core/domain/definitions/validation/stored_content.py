"""Parses the stored text of a definition, even if the definition is invalid."""

from __future__ import annotations

import json
from dataclasses import dataclass

from polysync_core.domain.definitions.base import Definition, Kind, RowFacts
from polysync_core.domain.definitions.kinds import SPECS
from polysync_core.domain.definitions.validation.drafts import read_draft
from polysync_core.domain.errors import Broken, Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.stored_values import STORED

_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenContent:
    """The stored content of a definition that this version cannot read."""

    reason: str
    """The wrong fields in one sentence."""
    content: JsonObject
    """The stored document as it is; empty if it is no JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredContent:
    """A definition as its row holds it."""

    definition: Definition
    """The definition; a wrong value is replaced by a placeholder."""
    broken: BrokenContent | None = None


def read_content(kind: Kind, name: str, text: str | None) -> StoredContent:
    """Read a stored definition; a wrong value makes it broken, but never unreadable."""
    raw = _json(text)
    draft = read_draft(kind, raw, context=STORED)
    definition = draft.definition
    if definition is not None and not draft.problems and definition.name == name:
        return StoredContent(definition=definition)
    content = raw if isinstance(raw, dict) else {}
    problems = draft.problems or (Problem("name", f"is not '{name}'"),)
    broken = BrokenContent(reason=_reason(problems), content={**content, "name": name})
    if definition is None:
        definition = _placeholder(kind)
    definition = definition.model_copy(update={"name": name})
    facts = RowFacts(broken=broken.reason)
    return StoredContent(definition=definition.with_row(facts), broken=broken)


def _json(text: str | None) -> JsonValue:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return None


def _placeholder(kind: Kind) -> Definition:
    """Return a definition of placeholders only."""
    types = SPECS[kind].type_names
    minimal: JsonObject = {"name": "unreadable", **({"type": types[0]} if types else {})}
    definition = read_draft(kind, minimal, context=STORED).definition
    if definition is None:
        raise Broken(f"a {SPECS[kind].singular} has no placeholder")
    return definition


def _reason(problems: tuple[Problem, ...]) -> str:
    more = ["and more"] if len(problems) > _MOST_SHOWN else []
    return "; ".join([*map(str, problems[:_MOST_SHOWN]), *more])
