"""Draws the attempts and waiting times of a retry policy."""

from __future__ import annotations

from datetime import timedelta

import htpy as h
from htpy import Element

from polysync_core.domain.definitions.tasks import Retry
from polysync_core.domain.runs.failures.retries import planned_delay
from polysync_core.domain.schedules.cron.times import ordinal

_SHOWN = 5
"""The maximum number of attempts in the picture; the others are counted."""
_BOX, _WAIT, _TOP = 56, 84, 24


def retry_plan(retry: Retry) -> Element:
    """Return the picture of the attempts, with the same facts as text for screen readers."""
    attempts = 1 + (retry.max_retry_attempts if retry.enabled else 0)
    delays = [planned_delay(retry, number) for number in range(1, attempts)]
    shown = min(attempts, _SHOWN)
    width = shown * (_BOX + _WAIT) + 130
    return h.svg(
        ".retry-plan",
        viewBox=f"0 0 {width} 60",
        width=str(width),
        height="60",
        role="img",
        aria_label=_in_words(delays),
    )[
        [_box(number) for number in range(shown)],
        [_wait(number, delay, retry) for number, delay in enumerate(delays[: shown - 1])],
        _end(shown, attempts),
    ]


def _box(number: int) -> Element:
    left = number * (_BOX + _WAIT)
    return h.g[
        h.rect(class_="box", x=str(left), y=str(_TOP), width=str(_BOX), height="24", rx="4"),
        h.text(class_="at", x=str(left + _BOX // 2), y=str(_TOP + 16), text_anchor="middle")[
            ordinal(number + 1)
        ],
    ]


def _wait(number: int, delay: timedelta, retry: Retry) -> Element:
    left = number * (_BOX + _WAIT) + _BOX
    text = f"\N{LESS-THAN OR EQUAL TO} {wait_text(delay)}" if retry.jitter else wait_text(delay)
    return h.g[
        h.path(class_="wait", d=f"M{left} {_TOP + 12}h{_WAIT}"),
        h.text(x=str(left + _WAIT // 2), y=str(_TOP + 4), text_anchor="middle")[text],
    ]


def _end(shown: int, attempts: int) -> Element:
    left = (shown - 1) * (_BOX + _WAIT) + _BOX + 10
    more = attempts - shown
    text = f"{more} more, then Failed" if more else "then Failed"
    return h.text(class_="end", x=str(left), y=str(_TOP + 16))[text]


def _in_words(delays: list[timedelta]) -> str:
    if not delays:
        return "One attempt, then Failed"
    waits = ", ".join(wait_text(delay) for delay in delays[: _SHOWN - 1])
    more = f" and {len(delays) - _SHOWN + 1} more" if len(delays) >= _SHOWN else ""
    return f"{len(delays) + 1} attempts with waits of {waits}{more}, then Failed"


def wait_text(delay: timedelta) -> str:
    """Return a delay such as `30 s` or `1 min 30 s`."""
    minutes, seconds = divmod(int(delay.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (seconds, "s")]
    return " ".join(f"{value} {unit}" for value, unit in parts if value) or "0 s"
