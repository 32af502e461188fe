"""Defines durations and outcomes of simulated container programs, and formats times."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The durations of a run."""

    start: float
    """The seconds until a run begins."""
    run: float
    """The seconds that a run takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of a program."""

    code: int
    message: str = ""
    """The text that the program leaves behind."""


def ends(program: str) -> bool:
    """Return whether a program ends by itself."""
    return program != "hang"


def outcome(program: str, variables: Mapping[str, str]) -> Outcome:
    """Return the end of a program, which depends on its environment variables only."""
    if program == "fail":
        return Outcome(code=1, message="ValueError: no sales today")
    if program == "echo":
        return Outcome(code=0, message=json.dumps(dict(variables)))
    return Outcome(code=0)


def now() -> float:
    """Return the seconds since 1970."""
    return time.time()


def iso(seconds: float) -> str:
    """Return a time as the services write it."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


def whole_seconds(seconds: float) -> str:
    """Return a time as Kubernetes writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list; anything else is empty."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
