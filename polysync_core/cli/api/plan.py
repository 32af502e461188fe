"""Decodes and summarises the API's plan: the changes that `apply` would make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from json import dumps

from polysync.errors import ProblemField
from polysync_core.cli.api.reader import Reader, compact
from polysync_core.domain.json_types import JsonObject, JsonValue

_ACTIONS = ("create", "update", "unchanged", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """The change of one field, or of one entry of a list."""

    action: str
    text: str
    """`retry.maxRetryAttempts: 1 -> 3`; the path alone for a removed entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEntry:
    """The change of one definition."""

    action: str
    kind: str
    name: str
    changes: Sequence[PlanChange] = ()
    """The differences of an update."""

    @classmethod
    def decode(cls, action: str, answer: JsonObject) -> PlanEntry:
        """Decode an entry of a plan.

        Raises:
            MalformedAnswer: the answer is malformed.
        """
        reader = Reader("the plan's entry", answer)
        return cls(
            action=action,
            kind=reader.text("kind") or "?",
            name=reader.text("name") or "?",
            changes=[_change(each) for each in reader.objects("differences")],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAnswer:
    """The changes that a document makes, definition by definition."""

    entries: Sequence[PlanEntry]
    warnings: Sequence[ProblemField] = ()

    def counts(self) -> dict[str, int]:
        """Return the number of definitions by action, without actions that do not occur."""
        counted = Counter(entry.action for entry in self.entries)
        return {action: counted[action] for action in _ACTIONS if counted[action]}

    def summary(self) -> str:
        """Return the counts in words: `2 create, 1 unchanged`."""
        return ", ".join(f"{number} {action}" for action, number in self.counts().items())

    @classmethod
    def decode(cls, answer: JsonObject) -> PlanAnswer:
        """Decode a plan.

        Raises:
            MalformedAnswer: the answer is malformed.
        """
        reader = Reader("the plan", answer)
        return cls(
            entries=[
                PlanEntry.decode(action, each)
                for action in _ACTIONS
                for each in reader.objects(action)
            ],
            warnings=[_warning(each) for each in reader.objects("warnings")],
        )


def _warning(answer: JsonObject) -> ProblemField:
    reader = Reader("the warning", answer)
    return ProblemField(reader.text("path") or "", reader.text("message") or "?")


def _change(answer: JsonObject) -> PlanChange:
    path, before, after = compact(answer.get("path")), answer.get("before"), answer.get("after")
    if before is None:
        return PlanChange(action="create", text=_with_value(path, after))
    if after is None:
        return PlanChange(action="delete", text=path)
    text = f"{path}: {_value(before)} -> {_value(after)}"
    return PlanChange(action="update", text=text)


def _with_value(path: str, value: JsonValue) -> str:
    """Return a path with its value; an entry of a list is not repeated after its own key."""
    key = path.rpartition(".")[2]
    if isinstance(value, dict):
        value = {name: each for name, each in value.items() if each != key}
        return f"{path}: {_value(value)}" if value else path
    return path if value == key else f"{path}: {_value(value)}"


def _value(value: JsonValue) -> str:
    return dumps(value, ensure_ascii=False)
