"""Draws the recent and the abandoned deliveries of a webhook or a receiver."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import htpy as h
from htpy import Element

from polysync_core.application.events.deliveries import is_delivery_to
from polysync_core.application.operations.poison_messages import PoisonMessages
from polysync_core.application.operations.recent_results import ResultRecorder, delivery_key
from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.editing.last_test import last_test
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.run_links import run_link
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import absolute_time, nothing, relative_time
from polysync_core.domain.definitions.kinds import SPECS
from polysync_core.domain.definitions.recent_results import (
    MOST_DELIVERIES,
    DeliveryAttempt,
    DeliveryResult,
)
from polysync_core.domain.poison import PoisonMessage
from polysync_core.domain.runs.identity import RunId, is_run_id

_NEWEST = 100
"""The number of newest abandoned messages that are searched for those of a webhook."""
_BADGES: Mapping[DeliveryResult, str] = {
    DeliveryResult.ACCEPTED: "badge success",
    DeliveryResult.FAILED: "badge warning",
    DeliveryResult.ABANDONED: "badge error",
}


def deliveries(state: EditorPage) -> list[Element | None]:
    """Return the cards below the form of a webhook or a receiver."""
    return [last_test(state), _recent(state), _abandoned(state)]


def _recent(state: EditorPage) -> Element:
    recorder: ResultRecorder = state.request.app.state.use_cases[ResultRecorder]
    found = recorder.store.deliveries(delivery_key(state.editor.kind, state.name or ""))
    columns = ["Result", "When", "Event", "Run", "Attempt", "Reason"]
    content = (
        table("Recent deliveries", columns, [_row(each) for each in found])
        if found
        else h.p(".in")["No event was sent to it yet."]
    )
    return card("Recent deliveries", content, note=f"the last {MOST_DELIVERIES} attempts")


def _row(each: DeliveryAttempt) -> Element:
    run_id = each.run_id
    return h.tr[
        h.td[h.span(class_=_BADGES[each.result])[each.result.value]],
        h.td[relative_time(each.at, now=datetime.now(UTC))],
        h.td[each.kind],
        h.td[run_link(RunId(run_id)) if run_id and is_run_id(run_id) else nothing()],
        h.td(".number")[str(each.attempt)],
        h.td(".break")[each.error or nothing()],
    ]


def _abandoned(state: EditorPage) -> Element:
    messages: PoisonMessages = state.request.app.state.use_cases[PoisonMessages]
    found = [
        each
        for each in messages.page(limit=_NEWEST).items
        if is_delivery_to(SPECS[state.editor.kind].singular, state.name or "", each.payload)
    ]
    content = (
        table("Abandoned deliveries", ["Abandoned", "Reason"], [_message(each) for each in found])
        if found
        else h.p(".in")["None was abandoned recently."]
    )
    return card("Abandoned deliveries", content, note=f"among the last {_NEWEST} of all queues")


def _message(message: PoisonMessage) -> Element:
    return h.tr[h.td[absolute_time(message.at)], h.td[message.reason]]
