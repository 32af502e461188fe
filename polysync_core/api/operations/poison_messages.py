"""Serves the route that lists poison messages."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from polysync_core.api.definitions.routes import Limit, Token
from polysync_core.api.views import time_view
from polysync_core.application.operations.poison_messages import PoisonMessages
from polysync_core.domain.poison import PoisonMessage


def poison_message_routes(messages: PoisonMessages) -> APIRouter:
    """Return the route of poison messages."""
    routes = APIRouter(tags=["Poison messages"])

    @routes.get("/poison-messages")
    def list_poison_messages(limit: Limit = 20, token: Token = None) -> dict[str, Any]:
        """List poison messages, newest first."""
        page = messages.page(limit=limit, token=token)
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
