"""Stores the access keys, roles and accepted submits that all simulated AWS services share."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from simulators.aws.signature import AccessKey
from simulators.quirks import Quirks

ACCOUNT = "123456789012"
KEY_ID = "AKIASIMULATOR00000000"
SECRET = "secret-of-the-simulator"  # noqa: S105 - a key without any rights
WEB_IDENTITY = "token-of-a-simulator"
QUIRKS = {
    "late-lists": "a new run is missing in reads and lists for a short time",
}
SESSION_SECONDS = 3600
LATE_SECONDS = 0.2
"""The time until a new run can be read, with the quirk `late-lists`."""


@dataclass(slots=True)
class Role:
    """A role that may be assumed."""

    external_id: str | None = None
    denied: bool = False


@dataclass(slots=True)
class AwsState:
    """The state of the simulator; each service keeps its own objects in `objects`."""

    data: Path
    page_size: int = 100
    keys: dict[str, AccessKey] = field(default_factory=lambda: {KEY_ID: AccessKey(SECRET)})
    roles: dict[str, Role] = field(default_factory=dict[str, Role])
    quirks: Quirks = field(default_factory=lambda: Quirks(QUIRKS))
    objects: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def __post_init__(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        (self.data / "submissions.jsonl").touch()

    def known(self, kind: str) -> dict[str, Any]:
        """Return the objects of a kind by their names."""
        return self.objects.setdefault(kind, {})

    def record(self, **submission: Any) -> None:
        """Write an accepted submit."""
        with (self.data / "submissions.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"at": time.time(), **submission}) + "\n")

    def find_key(self, key_id: str) -> AccessKey | None:
        """Return an access key; None if it is unknown."""
        return self.keys.get(key_id)

    def temporary_key(self) -> tuple[str, AccessKey, datetime]:
        """Return a new temporary key with its id and its expiry."""
        key_id = f"ASIA{secrets.token_hex(8).upper()}"
        expires = datetime.now(UTC) + timedelta(seconds=SESSION_SECONDS)
        key = AccessKey(secrets.token_urlsafe(30), secrets.token_urlsafe(60), expires)
        self.keys[key_id] = key
        return key_id, key, expires

    def page[T](self, items: Sequence[T], token: str | None, size: int) -> tuple[list[T], str]:
        """Return a page of a list, and the token of the next page; empty after the last one."""
        first = int(token or "0")
        end = first + min(size, self.page_size)
        return list(items[first:end]), str(end) if end < len(items) else ""
