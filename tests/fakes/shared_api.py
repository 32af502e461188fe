"""One API that serves every fake app: its routes take longer to build than most tests take."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from fastapi import FastAPI

from polysync_core.api.security.callers import Identify
from polysync_core.composition import build_api
from polysync_core.services import Services


@dataclass(frozen=True, slots=True)
class ServedApp:
    """The use cases and the identification of callers of one app."""

    services: Callable[[], Services]
    identify: Identify

    @property
    def openapi(self) -> Callable[[], dict[str, Any]]:
        """Return the function that makes the OpenAPI document."""
        return _shared_api().openapi

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request with the use cases of this app."""
        current = _current.set(self)
        try:
            await _shared_api()(scope, receive, send)
        finally:
            _current.reset(current)


_current = ContextVar[ServedApp]("the app that answers the current request")


class _CurrentPart:
    """Forwards to one part of the use cases of the current app."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _part(self) -> Any:
        return getattr(_current.get().services(), self._name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part(), name)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._part()(*arguments, **options)

    def __contains__(self, key: object) -> bool:
        return key in self._part()


class _CurrentServices:
    """Forwards to the use cases of the current app."""

    def __getattr__(self, name: str) -> _CurrentPart:
        return _CurrentPart(name)


@cache
def _shared_api() -> FastAPI:
    return build_api(
        cast("Services", _CurrentServices()), lambda request: _current.get().identify(request)
    )
