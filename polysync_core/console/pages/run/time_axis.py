"""Draws a run's waits and attempts as bars on a time axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import htpy as h
from htpy import Element, Node

from polysync_core.console.parts.times import duration_text
from polysync_core.domain.runs.run import RunStatus, TaskRun

_WIDTH, _LEFT, _RIGHT = 900, 110, 14
_LINE, _TOP, _BAR = 26, 26, 15
_SHORTEST = timedelta(milliseconds=200)
_MAX_LINES = 40
"""The maximum number of attempts that are drawn; the newest ones."""
_TICKS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200)
_MAX_TICKS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar of the drawing: a wait, or an attempt."""

    label: str
    line: int
    start: datetime
    end: datetime
    kind: str
    """The class of the bar: `waiting`, or a status."""

    @property
    def text(self) -> str:
        """The bar in words."""
        verb = "waited" if self.kind == "waiting" else self.kind
        return f"{self.label}: {verb}, {duration_text(self.end - self.start)}"


def time_axis(run: TaskRun, *, now: datetime) -> Element:
    """Return the drawing, with its bars in words for screen readers."""
    bars = list(bars_of(run, now=now))
    begin = min(bar.start for bar in bars)
    total = max(max(bar.end for bar in bars) - begin, _SHORTEST)
    lines = max(bar.line for bar in bars) + 1
    height = _TOP + lines * _LINE + 4
    scale = _Scale(begin=begin, total=total)
    label = "; ".join(bar.text for bar in bars[:12])
    return h.svg(".time-axis", viewBox=f"0 0 {_WIDTH} {height}", role="img", aria_label=label)[
        [_tick(each, scale, height) for each in _ticks(total)],
        [_drawn(bar, scale) for bar in bars],
        [_name(bar) for bar in bars if bar.kind != "waiting" or bar.label == "next"],
    ]


def bars_of(run: TaskRun, *, now: datetime) -> Iterator[Bar]:
    """Yield the waits and attempts of a run in their order."""
    last = run.finished_at or now
    waits_since = run.queued_at
    shown = run.attempts[-_MAX_LINES:]
    for line, attempt in enumerate(shown):
        name = f"attempt {attempt.number}"
        begun = attempt.begun_at or attempt.submitted_at or attempt.started_at or last
        end = attempt.finished_at or last
        begun, end = max(begun, waits_since), max(end, begun)
        if begun > waits_since:
            yield Bar(label=name, line=line, start=waits_since, end=begun, kind="waiting")
        kind = attempt.status.value.lower()
        yield Bar(label=name, line=line, start=begun, end=end, kind=kind)
        waits_since = end
    if run.status is RunStatus.QUEUED or not run.attempts:
        end = max(last, waits_since)
        yield Bar(label="next", line=len(shown), start=waits_since, end=end, kind="waiting")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    begin: datetime
    total: timedelta

    def x(self, moment: datetime) -> float:
        share = (moment - self.begin) / self.total
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * min(max(share, 0.0), 1.0)


def _ticks(total: timedelta) -> list[float]:
    seconds = total.total_seconds()
    step = next((each for each in _TICKS if seconds / each <= _MAX_TICKS), None)
    if step is None:
        step = 86_400.0 * max(1, round(seconds / 86_400 / _MAX_TICKS))
    return [step * number for number in range(int(seconds / step) + 1)]


def _tick(seconds: float, scale: _Scale, height: int) -> Node:
    x = f"{scale.x(scale.begin + timedelta(seconds=seconds)):.1f}"
    return [
        h.line(".axis", x1=x, x2=x, y1=str(_TOP - 8), y2=str(height - 4)),
        h.text(x=x, y="11", text_anchor="middle")[duration_text(timedelta(seconds=seconds))],
    ]


def _drawn(bar: Bar, scale: _Scale) -> Element:
    left, right = scale.x(bar.start), scale.x(bar.end)
    return h.rect(
        class_=bar.kind,
        x=f"{left:.1f}",
        y=str(_TOP + bar.line * _LINE),
        width=f"{max(right - left, 3):.1f}",
        height=str(_BAR),
        rx="3",
    )[h.title[bar.text]]


def _name(bar: Bar) -> Element:
    text = "waits" if bar.label == "next" else bar.label
    return h.text(x="0", y=str(_TOP + bar.line * _LINE + 12))[text]
