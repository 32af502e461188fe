"""The routes that try out vaults and platforms."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends

from polysync_core.api.security.records import changes_nothing
from polysync_core.application.platforms.connection_tests import (
    ConnectionTestResult,
    ConnectionTests,
)


def connectivity_routes(connectivity: ConnectionTests) -> APIRouter:
    """Return the test routes."""
    routes = APIRouter(tags=["Connection tests"], dependencies=[Depends(changes_nothing)])

    @routes.post("/vaults/{name}/test")
    def test_vault(name: str) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        """Try out a vault."""
        return _view(connectivity.test_vault(name))

    @routes.post("/platforms/{name}/test")
    def test_platform(name: str) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        """Try out a platform."""
        return _view(connectivity.test_platform(name))

    return routes


def _view(result: ConnectionTestResult) -> dict[str, Any]:
    return {"ok": result.ok, "message": result.message, "latencyMs": result.latency_ms}
