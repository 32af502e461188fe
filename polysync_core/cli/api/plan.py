"""Decodes the plan of `apply` from the answer of the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from json import dumps

from polysync_core.cli.api.errors import ProblemField
from polysync_core.cli.api.reader import Reader, compact
from polysync_core.domain.json_types import JsonObject, JsonValue

_ACTIONS = ("create", "update", "unchanged", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEntry:
    """The change of one definition."""

    action: str
    kind: str
    name: str
    changes: Sequence[str] = ()
    """The differences of an update: `retry.maxRetryAttempts: 1 -> 3`."""

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


def _change(answer: JsonObject) -> str:
    before, after = (_value(answer.get(side)) for side in ("before", "after"))
    return f"{compact(answer.get('path'))}: {before} -> {after}"


def _value(value: JsonValue) -> str:
    return "absent" if value is None else dumps(value, ensure_ascii=False)
