"""The route of messages that were given up."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from polysync_core.api.definitions.routes import Limit, Token
from polysync_core.api.views import time_view
from polysync_core.application.events.poison_messages import PoisonMessages
from polysync_core.domain.poison import PoisonMessage


def poison_routes(poison: PoisonMessages) -> APIRouter:
    """Return the routes of messages that were given up."""
    routes = APIRouter(tags=["Poison messages"])

    @routes.get("/poison-messages")
    def list_poison_messages(limit: Limit = 20, token: Token = None) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        """List messages that were given up, newest first."""
        page = poison.page(limit=limit, token=token)
        items = [_view(message) for message in page.items]
        return {"items": items, "continuationToken": page.continuation_token}

    return routes


def _view(message: PoisonMessage) -> dict[str, Any]:
    return {
        "at": time_view(message.at),
        "queue": message.queue,
        "messageId": message.id,
        "reason": message.reason,
        "payload": message.payload,
    }
