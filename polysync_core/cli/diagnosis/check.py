"""Defines the result of one check in `polysync doctor` and `polysync azure check`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from polysync_core.domain.json_types import JsonObject


class CheckStatus(StrEnum):
    """The outcome of a check."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check."""

    subject: str
    """The part that was checked."""
    outcome: CheckStatus
    detail: str
    """The finding; after a warning or a failure, also the remedy."""

    def as_json(self) -> JsonObject:
        """Return the result for programs."""
        return {"subject": self.subject, "outcome": self.outcome.value, "detail": self.detail}


def any_failed(results: Iterable[CheckResult]) -> bool:
    """Return whether a check failed."""
    return any(each.outcome is CheckStatus.FAILED for each in results)
