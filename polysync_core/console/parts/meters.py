"""Draws meters: used slots of a limit, and a run's elapsed against usual duration."""

from __future__ import annotations

from datetime import timedelta

import htpy as h
from htpy import Element

from polysync_core.console.parts.times import duration_text

_MAX_SLOTS = 12
"""The largest limit that is drawn slot by slot."""


def slots_meter(used: int, limit: int, needs: int) -> Element | None:
    """Return the slots of a limit as boxes, and those that a run needs; None for a large limit."""
    if not 0 < limit <= _MAX_SLOTS:
        return None
    taken = min(used, limit)
    return h.span(".meter", aria_hidden="true")[
        [h.i(class_="taken" if slot < taken else None) for slot in range(limit)],
        [h.i(".needed") for _ in range(needs)],
    ]


def usual_meter(passed: timedelta, usual: timedelta) -> Element:
    """Return a bar of the passed time against the usual duration."""
    text = f"usually about {duration_text(usual)}"
    longest = max(usual.total_seconds(), 0.1)
    value = min(max(passed.total_seconds(), 0.0), longest)
    return h.progress(value=f"{value:.1f}", max=f"{longest:.1f}", title=text, aria_label=text)
