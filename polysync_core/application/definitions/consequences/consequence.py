"""Defines an effect of a planned definition change, such as a moved fire time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ConsequenceKind(StrEnum):
    """The subject of a consequence."""

    FIRE_TIMES = "FireTimes"
    STARTS = "Starts"
    DEPENDENTS = "Dependents"
    RUNS = "Runs"
    LIMITS = "Limits"
    REFERRERS = "Referrers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """An effect of a planned change that the changed fields do not show."""

    kind: ConsequenceKind
    text: str
    """The effect in one or two sentences."""


def counted(count: int, noun: str, *, most: int) -> str:
    """Return a count with its noun, such as `2 runs` or `more than 100 Tasks`."""
    if count > most:
        return f"more than {most:,} {noun}s"
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
