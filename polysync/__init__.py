"""Provides the Python client of Polysync's API, and classes for definitions in Python.

    from polysync import Polysync

    with Polysync() as client:
        run = client.tasks["sales-load-daily"].run({"run_date": "2026-01-01"})
        print(run.wait(timeout=600).status)

The package needs httpx and pydantic only, and imports them on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polysync.aio.client import AsyncPolysync
    from polysync.errors import (
        AnswerLost,
        ApiProblem,
        Busy,
        Conflict,
        Forbidden,
        Invalid,
        MalformedAnswer,
        NotFound,
        PolysyncError,
        PreconditionFailed,
        RunFailed,
        Unauthenticated,
        Unreachable,
        WaitTimeout,
    )
    from polysync.sync.client import Polysync

_MODULES = {
    "polysync.sync.client": ("Polysync",),
    "polysync.aio.client": ("AsyncPolysync",),
    "polysync.errors": (
        "AnswerLost",
        "ApiProblem",
        "Busy",
        "Conflict",
        "Forbidden",
        "Invalid",
        "MalformedAnswer",
        "NotFound",
        "PolysyncError",
        "PreconditionFailed",
        "RunFailed",
        "Unauthenticated",
        "Unreachable",
        "WaitTimeout",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "AnswerLost",
    "ApiProblem",
    "AsyncPolysync",
    "Busy",
    "Conflict",
    "Forbidden",
    "Invalid",
    "MalformedAnswer",
    "NotFound",
    "Polysync",
    "PolysyncError",
    "PreconditionFailed",
    "RunFailed",
    "Unauthenticated",
    "Unreachable",
    "WaitTimeout",
]


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'polysync' has no attribute '{name}'")
    return getattr(import_module(module), name)


def __dir__() -> list[str]:
    return __all__
