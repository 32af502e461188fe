"""Draws the usage card of a limit: running runs, waiting runs and recent starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import htpy as h
from htpy import Element, Node

from polysync_core.application.dispatch.limit_usage import Usage
from polysync_core.console.icons import icon
from polysync_core.console.parts.broken import broken_mark
from polysync_core.console.parts.times import absolute_time, running_duration
from polysync_core.console.paths import limit_path, run_path
from polysync_core.domain.definitions.contention import ConcurrencyProfile, ContentionProfile, Scope
from polysync_core.domain.dispatch.explain import ProfileUsage
from polysync_core.domain.dispatch.state import Lease, WaitingEntry, moment

_MAX_SLOTS = 40
"""The maximum number of boxes of one limit; holders come first."""
_MAX_QUEUE = 20


def usage_cards(usage: Usage, now: datetime, *, has_link: bool = True) -> Iterator[Element]:
    """Yield a card for each counter of a profile; an unused profile has one card.

    `has_link` is False on the page of the profile itself.
    """
    if not usage.counters:
        yield _idle_card(usage.profile, has_link=has_link)
    for counter in usage.counters:
        yield _card(usage.profile, counter, now, has_link=has_link)


def usage_state(usages: Sequence[Usage]) -> str:
    """Return a text that changes whenever the cards change, except for durations."""
    facts = [
        (
            usage.profile.model_dump_json(),
            counter.scope,
            counter.used,
            [(lease.run_id, lease.attempt) for lease in counter.holders],
            [(entry.run_id, entry.attempt) for entry in counter.queue],
        )
        for usage in usages
        for counter in usage.counters
    ]
    return repr(facts)


def is_in_use(usages: Sequence[Usage]) -> bool:
    """Return whether a run holds a slot, waits, or counts in a rate window."""
    counters = [counter for usage in usages for counter in usage.counters]
    return any(counter.used or counter.queue for counter in counters)


def _card(
    profile: ContentionProfile, counter: ProfileUsage, now: datetime, *, has_link: bool
) -> Element:
    return h.section(".card", aria_label=f"{profile.name} {counter.scope or ''}".strip())[
        h.header[
            _heading(profile, counter.scope, has_link=has_link),
            h.span(".actions")[_amount(profile, counter)],
        ],
        _slots(counter, now)
        if isinstance(profile, ConcurrencyProfile)
        else _window(profile.settings.window_seconds, counter, now),
        _queue(counter.queue, now),
    ]


def _heading(profile: ContentionProfile, scope: str | None, *, has_link: bool) -> Node:
    name = h.a(href=limit_path(profile.name))[profile.name] if has_link else profile.name
    shared = "all platforms" if profile.scope is Scope.GLOBAL else "each platform"
    where = scope or shared
    words = h.small[f"{profile.type.value} · {where}"]
    return [icon("limit"), h.h2[name], words, broken_mark(profile)]


def _idle_card(profile: ContentionProfile, *, has_link: bool) -> Element:
    is_cap = isinstance(profile, ConcurrencyProfile)
    limit = profile.settings.max_concurrent_tasks if is_cap else profile.settings.limit
    unit = "slots" if is_cap else f"starts in {profile.settings.window_seconds} s"
    idle, off = "No run holds or awaits it.", "It is disabled: it limits no run."
    return h.section(".card", aria_label=profile.name)[
        h.header[
            _heading(profile, None, has_link=has_link),
            h.span(".actions")[
                h.b["Disabled"] if not profile.enabled else h.b[f"0 of {limit}"], h.small[unit]
            ],
        ],
        h.p(".in.nothing")[idle if profile.enabled else off],
    ]


def _amount(profile: ContentionProfile, counter: ProfileUsage) -> Node:
    is_cap = isinstance(profile, ConcurrencyProfile)
    unit = "slots taken" if is_cap else f"starts in {profile.settings.window_seconds} s"
    return [h.b[f"{counter.used} of {counter.limit}"], h.small[unit]]


def _slots(counter: ProfileUsage, now: datetime) -> Element:
    shown = counter.holders[:_MAX_SLOTS]
    hidden = len(counter.holders) - len(shown)
    free = max(counter.limit - counter.used, 0)
    boxes = min(free, _MAX_SLOTS - len(shown))
    return h.ul(".slots", aria_label="Slots")[
        [h.li[_holder(lease, counter.limit, now)] for lease in shown],
        hidden > 0 and h.li(".slot")[f"and {hidden} more"],
        [h.li(".slot.free")["free"] for _ in range(boxes)],
        free > boxes and h.li(".slot.free")[f"{free - boxes} more free"],
    ]


def _holder(lease: Lease, limit: int, now: datetime) -> Element:
    slots = min(lease.weight, limit)
    return h.a(".slot", href=run_path(lease.run_id))[
        h.b[_name(lease.task, lease.run_id)],
        h.small[
            "for ",
            running_duration(lease.granted_at, now=now),
            f" · {slots} slots" if slots > 1 else None,
        ],
    ]


def _window(seconds: int, counter: ProfileUsage, now: datetime) -> Element:
    label = f"{counter.used} of {counter.limit} starts in the last {seconds} seconds"
    waits = counter.next_start is not None and counter.next_start > now
    return h.div(".in")[
        h.progress(".wide", value=str(counter.used), max=str(counter.limit), aria_label=label),
        h.p(".nothing")[
            ["The next start is possible at ", absolute_time(counter.next_start), "."]
            if waits
            else "A run may start now."
        ],
    ]


def _queue(queue: Sequence[WaitingEntry], now: datetime) -> Node:
    if not queue:
        return None
    hidden = len(queue) - _MAX_QUEUE
    return [
        h.ol(".queue", aria_label="Waiting runs, the next one first")[
            [
                _waiting(position, entry, now)
                for position, entry in enumerate(queue[:_MAX_QUEUE], start=1)
            ]
        ],
        hidden > 0 and h.p(".in.nothing")[f"{hidden} more wait behind them."],
    ]


def _waiting(position: int, entry: WaitingEntry, now: datetime) -> Element:
    return h.li[
        h.span(".place")[f"{position}."],
        h.a(href=run_path(entry.run_id))[_name(entry.task, entry.run_id)],
        h.span(".nothing")[
            f"priority {entry.priority} · waits ",
            running_duration(moment(entry.waiting_since), now=now),
        ],
    ]


def _name(task: str | None, run_id: str) -> str:
    return task or f"run {run_id[:8]}"
