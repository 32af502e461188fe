"""Draws the notice with the result of a connection test."""

from __future__ import annotations

from htpy import Element, p

from polysync_core.application.platforms.connection_tests import ConnectionTestResult
from polysync_core.console.parts.notices import notice


def result_notice(result: ConnectionTestResult) -> Element:
    """Return a notice with the result and the duration of a test."""
    kind = "success" if result.ok else "error"
    return notice(
        kind,
        p[result.message, f" ({result.latency_ms} ms)"],
        result.platform_message and p["The platform says: ", result.platform_message],
    )
