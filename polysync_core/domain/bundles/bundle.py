"""Resolves a bundle for one target: applies the target's overrides and substitutes variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polysync_core.domain.bundles.targets import find_target, overlaid
from polysync_core.domain.bundles.variables import Assigned, Substitution, read_variables
from polysync_core.domain.definitions.base import is_object_name
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue

BUNDLE_KEYS = ("bundle", "variables", "targets")
"""The keys of a document that only the command line reads; the API gets none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The definitions of a bundle for one target, or the problems that prevent them."""

    name: str | None
    """The name that owns the definitions; None for documents without a bundle."""
    target: str | None
    content: JsonObject
    """The lists of definitions; an entry has the same position as in the document."""
    problems: Sequence[Problem] = ()


def resolve_bundle(
    document: JsonObject, *, target: str | None = None, assigned: Sequence[Assigned] = ()
) -> Bundle:
    """Return the definitions of a document for one target.

    Args:
        document: The joined documents, with the keys of a bundle.
        target: The name of the target; None means the default target, if there is one.
        assigned: The values of variables, the most important source last.
    """
    name, problems = _name_of(document.get("bundle"))
    declared, more = read_variables(document.get("variables"))
    problems += more
    targets = document.get("targets")
    if targets is not None and not isinstance(targets, dict):
        problems.append(Problem("targets", "must be an object (name: target)"))
    chosen, more = find_target(targets if isinstance(targets, dict) else {}, target)
    problems += more
    content = {key: value for key, value in document.items() if key not in BUNDLE_KEYS}
    values = list(assigned)
    if chosen is not None and isinstance(targets, dict):
        overlay = targets[chosen]
        if isinstance(overlay, dict):
            content = overlaid(content, overlay)
            values = [*_values_of(chosen, overlay), *assigned]
    substitution = Substitution(declared, values)
    resolved = {key: substitution.replaced(value, key) for key, value in content.items()}
    substitution.finish()
    return Bundle(
        name=name,
        target=chosen,
        content=resolved,
        problems=[*dict.fromkeys([*problems, *substitution.problems])],
    )


def _name_of(raw: JsonValue) -> tuple[str | None, list[Problem]]:
    name = raw.get("name") if isinstance(raw, dict) and set(raw) == {"name"} else raw
    if name is None:
        return None, []
    if isinstance(name, str) and is_object_name(name):
        return name, []
    return None, [Problem("bundle", "must be a name: 1 to 63 of a-z, 0-9 and '-'")]


def _values_of(target: str, overlay: JsonObject) -> list[Assigned]:
    values = overlay.get("variables")
    if not isinstance(values, dict):
        return []
    path = f"targets.{target}.variables"
    return [Assigned(source=f"target '{target}'", values=values, path=path)]
