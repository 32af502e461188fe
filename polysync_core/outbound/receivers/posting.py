"""Defines the interface of a function that sends an HTTP POST request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Post(Protocol):
    """Posts a body; raises a `PolysyncError` unless the address accepts it."""

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> None: ...
