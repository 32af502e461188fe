"""When to look at a run next: soon at first, then ever less often.

The plan is counted in looks, not in time, so that an orchestration that replays or starts anew
makes the same plan again.
"""

from __future__ import annotations

FIRST_DELAY = 1.0
GROWTH = 1.25
LONGEST_DELAY = 30.0
LONGEST_WISH = 300.0
"""A platform may ask for more patience than the plan has, up to this."""

CANCELLING_DELAY = 2.0

_TROUBLE_BASE = 5.0
_TROUBLE_LONGEST = 300.0


def delay_before_look(looks: int, *, wish: float | None = None) -> float:
    """Return the seconds to wait before the next look, after `looks` looks at a running run."""
    planned = min(FIRST_DELAY * GROWTH ** min(looks, 64), LONGEST_DELAY)
    return max(planned, min(wish or 0.0, LONGEST_WISH))


def delay_after_trouble(failures: int, *, wish: float | None = None) -> float:
    """Return the seconds to wait after the `failures`-th call in a row that found nothing out."""
    planned = min(_TROUBLE_BASE * 2 ** min(failures - 1, 16), _TROUBLE_LONGEST)
    return max(planned, min(wish or 0.0, _TROUBLE_LONGEST))
