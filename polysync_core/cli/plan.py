"""What applying definitions changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from json import dumps

from polysync_core.cli.json import JsonObject, JsonValue, Reader, compact

_ACTIONS = ("create", "update", "unchanged", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens to one definition."""

    action: str
    kind: str
    name: str
    changes: Sequence[str] = ()
    """For an update, what differs: `retry.maxRetryAttempts: 1 -> 3`."""

    @classmethod
    def decode(cls, action: str, answer: JsonObject) -> Step:
        """Read what happens to one definition.

        Raises:
            UnexpectedAnswer: it is not an entry of a plan.
        """
        reader = Reader("the plan's entry", answer)
        return cls(
            action=action,
            kind=reader.text("kind") or "?",
            name=reader.text("name") or "?",
            changes=[_change(each) for each in reader.objects("differences")],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What applying a document changes, definition by definition."""

    steps: Sequence[Step]

    def counts(self) -> dict[str, int]:
        """Return how many definitions each action concerns; actions without any are left out."""
        counted = Counter(step.action for step in self.steps)
        return {action: counted[action] for action in _ACTIONS if counted[action]}

    def summary(self) -> str:
        """Return the counts in words: `2 create, 1 unchanged`."""
        return ", ".join(f"{number} {action}" for action, number in self.counts().items())

    @classmethod
    def decode(cls, answer: JsonObject) -> Plan:
        """Read a plan.

        Raises:
            UnexpectedAnswer: it is not one.
        """
        reader = Reader("the plan", answer)
        return cls(
            steps=[
                Step.decode(action, each) for action in _ACTIONS for each in reader.objects(action)
            ]
        )


def _change(answer: JsonObject) -> str:
    before, after = (_value(answer.get(side)) for side in ("before", "after"))
    return f"{compact(answer.get('path'))}: {before} -> {after}"


def _value(value: JsonValue) -> str:
    return "absent" if value is None else dumps(value, ensure_ascii=False)
