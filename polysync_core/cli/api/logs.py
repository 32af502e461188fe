"""Decodes the failure details of a run attempt from the API's `logs` route."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polysync_core.cli.api.reader import Reader
from polysync_core.domain.json_types import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedPart:
    """The failure of one part of a run."""

    name: str
    error: str
    trace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsAnswer:
    """The failure of an attempt."""

    attempt: int
    """0 before the first attempt."""
    cause: str | None
    error: str | None
    monitor_url: str | None
    state: str
    message: str
    parts: Sequence[FailedPart]
    note: str | None

    @property
    def is_unread(self) -> bool:
        """Return whether the platform or a vault could not be asked."""
        return self.state == "Unavailable"

    @classmethod
    def decode(cls, answer: JsonObject) -> LogsAnswer:
        """Decode an answer.

        Raises:
            MalformedAnswer: the answer is malformed.
        """
        reader = Reader("the logs", answer)
        return cls(
            attempt=reader.number("attempt"),
            cause=reader.text("cause"),
            error=reader.text("error"),
            monitor_url=reader.text("monitorUrl"),
            state=reader.text("state") or "?",
            message=reader.text("message") or "",
            parts=[_part(each) for each in reader.objects("parts")],
            note=reader.text("note"),
        )


def _part(answer: JsonObject) -> FailedPart:
    reader = Reader("the failed part", answer)
    name, error, trace = (reader.text(each) or "" for each in ("part", "error", "trace"))
    return FailedPart(name=name, error=error, trace=trace)
