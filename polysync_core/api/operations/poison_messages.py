"""Serves the API route that lists poison messages, which repeated attempts could not process."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from polysync_core.api.definitions.routes import Limit, Token
from polysync_core.api.models import Page, Time, View
from polysync_core.api.use_cases import use_case
from polysync_core.application.operations.poison_messages import PoisonMessages
from polysync_core.domain.poison import PoisonMessage


class PoisonMessageView(View):
    """A message that was abandoned after every attempt to process it failed."""

    at: Time
    """The time at which the message was abandoned."""
    queue: str
    """The queue of the message."""
    message_id: str
    """The queue's own id of the message."""
    reason: str
    """The reason why the message was abandoned."""
    payload: str
    """The text of the message."""


CurrentPoisonMessages = Annotated[PoisonMessages, Depends(use_case(PoisonMessages))]


def poison_message_routes() -> APIRouter:
    """Return the route of poison messages."""
    routes = APIRouter(tags=["Poison messages"])

    @routes.get("/poison-messages")
    def list_poison_messages(
        messages: CurrentPoisonMessages, limit: Limit = 20, token: Token = None
    ) -> Page[PoisonMessageView]:
        """List poison messages, newest first."""
        page = messages.page(limit=limit, token=token)
        items = [poison_message_view(message) for message in page.items]
        return Page(items=items, continuation_token=page.continuation_token)

    return routes


def poison_message_view(message: PoisonMessage) -> PoisonMessageView:
    """Return the view of a poison message."""
    return PoisonMessageView(
        at=message.at,
        queue=message.queue,
        message_id=message.id,
        reason=message.reason,
        payload=message.payload,
    )
