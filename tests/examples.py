"""Scales the number of examples of a property test with the profile of Hypothesis."""

from __future__ import annotations

from hypothesis import settings

SUITE = 60
"""The examples of a test in `make test` that names no number of its own."""


def examples(number: int) -> settings:
    """Return settings with a number of examples in `make test`.

    `make test-unit` tries fewer in proportion, and `make soak` many more.
    """
    return settings(max_examples=max(1, number * settings().max_examples // SUITE))
