"""Prints tables of benchmark figures, and computes median and 95th percentile."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def title(text: str) -> None:
    """Print the title of a table."""
    print(f"\n{text}")


def row(name: str, value: str) -> None:
    """Print a row of a table."""
    print(f"  {name:<29} {value}", flush=True)


def spread(seconds: Sequence[float]) -> str:
    """Return the median and the 95th percentile."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, round(len(ordered) * 0.95))]
    return f"p50 {statistics.median(ordered) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms"
