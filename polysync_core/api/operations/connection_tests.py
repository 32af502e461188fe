"""Serves the routes that test the connections to vaults and platforms."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends

from polysync_core.api.security.audit_record import changes_nothing
from polysync_core.application.platforms.connection_tests import (
    ConnectionTestResult,
    ConnectionTests,
)


def connection_test_routes(tests: ConnectionTests) -> APIRouter:
    """Return the test routes."""
    routes = APIRouter(tags=["Connection tests"], dependencies=[Depends(changes_nothing)])

    @routes.post("/vaults/{name}/test")
    def test_vault(name: str) -> dict[str, Any]:
        """Test the connection to a vault."""
        return _view(tests.test_vault(name))

    @routes.post("/platforms/{name}/test")
    def test_platform(name: str) -> dict[str, Any]:
        """Test the connection to a platform."""
        return _view(tests.test_platform(name))

    return routes


def _view(result: ConnectionTestResult) -> dict[str, Any]:
    return {"ok": result.ok, "message": result.message, "latencyMs": result.latency_ms}
